/** What is done with lanes: an end is clean only where everything that is in hand is recorded. */
import { expect, test } from "bun:test";
import type { Supervisors } from "../../src/actors/supervisors.ts";
import type { RemoteAttempts } from "../../src/cluster/overflow/remote-attempts.ts";
import { createEngineLanes } from "../../src/engine/lane-work.ts";
import { emptyMemory, openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { World } from "../sim/world.ts";

/** One lane, and an execution whose supervisor hands over at once. */
function scene() {
  const ids = new Set(["e-1"]);
  const kept: string[] = [];
  const system = {
    ids: () => [...ids],
    has: (id: string) => ids.has(id),
    ensure: async (id: string) => void ids.add(id),
    drop(those: readonly string[]) {
      for (const id of those) ids.delete(id);
    },
    tell: (_id: string, message: { done: (clean: boolean) => void }) => {
      message.done(true);
      return true;
    },
  };
  const lanes = createEngineLanes({
    store: openMemoryStore(emptyMemory()),
    supervisors: { system, admission: { leave: () => undefined } } as unknown as Supervisors,
    remoteAttempts: { keep: ({ id }: { id: string }) => void kept.push(id) } as unknown as RemoteAttempts,
    inbox: null,
    clock: new World(),
    ownedLaneOf: () => null,
    takeClaims: () => undefined,
    dropOffers: () => undefined,
  });
  return { lanes, ids, kept };
}

test("a hand-over is clean where each supervisor has recorded what runs", async () => {
  const { lanes, kept } = scene();
  expect(await lanes.handOver(0)).toBe(true);
  expect(kept).toEqual(["e-1"]);
});

test("a hand-over in the middle of taking the lane anew is not: what runs of who is not adopted again is recorded nowhere", async () => {
  const { lanes, ids, kept } = scene();
  lanes.drop(0, "again");
  expect([lanes.awaits?.(0), [...ids]]).toEqual([true, []]);
  expect(await lanes.handOver(0)).toBe(false);
  expect(kept).toEqual(["e-1"]);
});

test("one after that is again: all that had left was adopted", async () => {
  const { lanes, ids } = scene();
  lanes.drop(0, "again");
  ids.add("e-1");
  lanes.takenOver?.(0);
  expect(lanes.awaits?.(0)).toBe(false);
  expect(await lanes.handOver(0)).toBe(true);
});
