/** Which handlers are known here and elsewhere, and what is said of those that are missing. */
import { describe, expect, test } from "bun:test";
import { createKnownHandlers } from "../../src/cluster/known-handlers.ts";
import type { Catalog } from "../../src/workflow/definition/catalog.ts";
import { recordingLog } from "../env/log/recording-log.ts";
import { World } from "../sim/world.ts";

const catalogOf = (...names: readonly string[]): Catalog =>
  new Map(names.map((name) => [name, { name, names: [name], needs: ["params"] }]));

function scene() {
  let here = catalogOf("mine");
  let peers: { name: string; leaving: boolean; handlers: readonly string[] | null }[] = [];
  const changed: (() => void)[] = [];
  const world = new World();
  const { log, entries } = recordingLog();
  const known = createKnownHandlers({
    here: () => here,
    onHere: (listener) => void changed.push(listener),
    peers: () => peers,
    onPeers: (listener) => void changed.push(listener),
    clock: world,
    log,
  });
  return {
    known,
    world,
    entries,
    become(names: readonly string[], others: typeof peers) {
      [here, peers] = [catalogOf(...names), others];
      for (const tell of changed) tell();
    },
  };
}

describe("handlers", () => {
  test("are those of the threads here and of all that live; only who takes work counts as having them", () => {
    const { known, become } = scene();
    become(
      ["mine"],
      [
        { name: "b", leaving: false, handlers: ["mine", "theirs"] },
        { name: "c", leaving: true, handlers: ["leaving"] },
      ],
    );
    expect([...known.all().keys()].toSorted()).toEqual(["leaving", "mine", "theirs"]);
    expect(known.all().get("mine")?.needs).toEqual(["params"]);
    expect(["mine", "theirs", "leaving", "none"].map((name) => known.isElsewhere(name))).toEqual([true, true, false, false]);
    expect(known.othersTell()).toBe(true);
  });

  test("of an instance that does not tell are not guessed, and it is known that there is one", () => {
    const { known, become } = scene();
    become(["mine"], [{ name: "older", leaving: false, handlers: null }]);
    expect([known.othersTell(), known.isElsewhere("mine"), known.all().has("theirs")]).toEqual([false, false, false]);
  });

  test("that nobody has are told of once in a while, whatever waits for them", async () => {
    const { known, become, world, entries } = scene();
    become(["mine"], [{ name: "b", leaving: false, handlers: ["theirs"] }]);
    const wait = (): void => {
      for (let node = 0; node < 1_000; node++) for (const name of ["gone", "lost", "theirs"]) known.waitsFor(name, "e1", `n${node}`);
    };
    wait();
    expect(entries.map(({ level, fields }) => [level, fields])).toEqual([
      ["warn", { handler: "gone", execution: "e1", node: "n0" }],
      ["warn", { handler: "lost", execution: "e1", node: "n0" }],
    ]);
    become(["mine", "gone"], []);
    become(["mine"], []);
    await world.pass(599_000);
    wait();
    expect(entries.map(({ fields }) => fields.handler)).toEqual(["gone", "lost", "theirs"]);
    await world.pass(1_000);
    wait();
    expect(entries.map(({ fields }) => fields.handler)).toEqual(["gone", "lost", "theirs", "gone", "lost"]);
  });

  test("that are missing are the reason, until somebody has them", () => {
    const { known, become } = scene();
    const before = known.reasons();
    expect(before("gone", true)).toBe('No instance has the handler "gone": the node waits for an instance that has it.');
    expect(before("mine", false)).toBeNull();
    let heard = 0;
    const end = known.onChange(() => (heard += 1));
    become([], [{ name: "b", leaving: false, handlers: ["gone", "mine"] }]);
    expect(heard).toBe(2);
    expect(known.reasons()).not.toBe(before);
    expect(known.reasons()("gone", true)).toContain("the node waits for room at b, which has it.");
    expect(known.reasons()("gone", false)).toBeNull();
    end();
    become(["gone"], []);
    expect(heard).toBe(2);
    expect(known.reasons()("gone", true)).toBeNull();
  });
});
