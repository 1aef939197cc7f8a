/** The whole engine under simulated faults, a few hundred seeds. A failing seed fails every time: `simulate(seed, faults)`. */
import { describe, expect, test } from "bun:test";
import { type Faults, NO_FAULTS, simulate } from "./simulate.ts";

const SEEDS = 150;

describe("under faults, every execution ends, no result is lost or doubled, nothing begins too early or twice", () => {
  for (const [name, faults] of [
    ["without faults", {}],
    ["with failing handlers", { handlerFails: 0.2 }],
    ["with failing handlers and long waits between attempts", { handlerFails: 0.3, longRetries: true }],
    ["with attempts that are lost with their hosts", { attemptLost: 0.2, handlerFails: 0.05 }],
    ["with a store that loses calls and answers", { storeFails: 0.15, handlerFails: 0.05 }],
    ["with supervisors that crash", { supervisorCrashes: 0.1, handlerFails: 0.05 }],
    ["with room for one at a time", { limit: 1, handlerFails: 0.05, storeFails: 0.05 }],
    ["with room for one, and supervisors that crash", { limit: 1, supervisorCrashes: 0.1 }],
    ["with instances that end cleanly", { instanceEnds: 0.02, storeFails: 0.05, handlerFails: 0.1, longRetries: true, limit: 2 }],
    [
      "with instances that die, or live on as zombies",
      { storeFails: 0.05, supervisorCrashes: 0.02, handlerFails: 0.05, instanceDies: 0.02, longRetries: true },
    ],
    [
      "with everything at once",
      { storeFails: 0.05, supervisorCrashes: 0.02, handlerFails: 0.1, attemptLost: 0.1, instanceDies: 0.01, instanceEnds: 0.01, limit: 2 },
    ],
    ["with clients that pause and resume", { pauses: 0.7, handlerFails: 0.05 }],
    ["with clients that pause and resume, room for one, and long waits", { pauses: 0.7, limit: 1, longRetries: true, handlerFails: 0.2 }],
    ["with clients that cancel, before and after executions fail", { cancels: 0.5, handlerFails: 0.5 }],
    ["with clients that cancel, and room for one", { cancels: 0.5, limit: 1, longRetries: true, handlerFails: 0.1 }],
    [
      "with clients that pause, resume and cancel, and everything at once",
      {
        ...{ pauses: 0.5, cancels: 0.3, storeFails: 0.05, supervisorCrashes: 0.05, handlerFails: 0.1, attemptLost: 0.1, longRetries: true },
        ...{ instanceDies: 0.02, instanceEnds: 0.01, limit: 2 },
      },
    ],
  ] as const satisfies readonly (readonly [string, Partial<Faults>])[]) {
    test(name, async () => {
      const given: Faults = { ...NO_FAULTS, ...faults };
      const statuses = new Map<string, number>();
      let instances = 0;
      for (let seed = 1; seed <= SEEDS; seed++) {
        const played = await simulate(seed, given);
        instances += played.instances;
        for (const status of played.statuses) statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      const mayBe = given.cancels > 0 ? ["COMPLETED", "FAILED", "CANCELLED"] : ["COMPLETED", "FAILED"];
      expect([...statuses.keys()].filter((status) => !mayBe.includes(status))).toEqual([]);
      if (given.cancels > 0) expect(statuses.get("CANCELLED") ?? 0).toBeGreaterThan(SEEDS / 4);
      if (given.cancels > 0 && given.handlerFails > 0.2) expect(statuses.get("FAILED") ?? 0).toBeGreaterThan(SEEDS / 10);
      if (given.handlerFails === 0) expect(statuses.get("FAILED")).toBeUndefined();
      else if (given.handlerFails < 0.5) expect(statuses.get("COMPLETED") ?? 0).toBeGreaterThan(SEEDS);
      if (given.instanceDies + given.instanceEnds > 0) expect(instances).toBeGreaterThan(2 * SEEDS);
    }, 120_000);
  }

  test("the same seed plays the same way", async () => {
    const faults = {
      ...NO_FAULTS,
      storeFails: 0.1,
      supervisorCrashes: 0.05,
      handlerFails: 0.1,
      attemptLost: 0.1,
      instanceDies: 0.02,
      limit: 2,
    };
    for (const seed of [1, 17, 99]) expect((await simulate(seed, faults)).trace).toBe((await simulate(seed, faults)).trace);
  });
});
