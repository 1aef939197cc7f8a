/** The whole engine under simulated faults, a few hundred seeds. A failing seed fails every time: `simulate(seed, faults)`. */
import { describe, expect, test } from "bun:test";
import { type Faults, simulate } from "./simulate.ts";

const SEEDS = 150;
const NO_FAULTS: Faults = { storeFails: 0, supervisorCrashes: 0, handlerFails: 0, instanceDies: 0 };

describe("under faults, every execution ends, no result is lost or doubled, nothing begins too early", () => {
  for (const [name, faults] of [
    ["without faults", NO_FAULTS],
    ["with failing handlers", { ...NO_FAULTS, handlerFails: 0.2 }],
    ["with a store that loses calls and answers", { ...NO_FAULTS, storeFails: 0.15, handlerFails: 0.05 }],
    ["with supervisors that crash", { ...NO_FAULTS, supervisorCrashes: 0.1, handlerFails: 0.05 }],
    [
      "with instances that die, or live on as zombies",
      { storeFails: 0.05, supervisorCrashes: 0.02, handlerFails: 0.05, instanceDies: 0.02 },
    ],
  ] as const satisfies readonly (readonly [string, Faults])[]) {
    test(name, async () => {
      const statuses = new Map<string, number>();
      let instances = 0;
      for (let seed = 1; seed <= SEEDS; seed++) {
        const played = await simulate(seed, faults);
        instances += played.instances;
        for (const status of played.statuses) statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      expect([...statuses.keys()].filter((status) => status !== "COMPLETED" && status !== "FAILED")).toEqual([]);
      if (faults.handlerFails === 0) expect(statuses.get("FAILED")).toBeUndefined();
      else expect(statuses.get("COMPLETED") ?? 0).toBeGreaterThan(SEEDS);
      if (faults.instanceDies > 0) expect(instances).toBeGreaterThan(2 * SEEDS);
    }, 120_000);
  }

  test("the same seed plays the same way", async () => {
    const faults = { storeFails: 0.1, supervisorCrashes: 0.05, handlerFails: 0.1, instanceDies: 0.02 };
    for (const seed of [1, 17, 99]) expect((await simulate(seed, faults)).trace).toBe((await simulate(seed, faults)).trace);
  });
});
