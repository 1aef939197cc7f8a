/** Who should own which lane: even, the same for all who look, and nothing moves that need not. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { countedMembers, placeLanes } from "../../../src/cluster/policy/placement.ts";
import type { MemberView } from "../../../src/store/shared-store.ts";

type Owners = readonly (string | null)[];

const boots = (min: number, max: number) => fc.uniqueArray(fc.uuid(), { minLength: min, maxLength: max });
const laneCount = fc.integer({ min: 1, max: 128 });
const nobody = (lanes: number): Owners => Array.from({ length: lanes }, () => null);
/** Lanes that were placed among some, of whom some are gone and to whom others have come. */
const scene = fc.record({ lanes: laneCount, before: boots(1, 10), gone: fc.nat(), joined: boots(0, 3) });

function sizes(owners: Owners, members: readonly string[]): readonly number[] {
  return members.map((member) => owners.filter((owner) => owner === member).length);
}

function moved(before: Owners, after: Owners): readonly number[] {
  return before.flatMap((owner, lane) => (owner === after[lane] ? [] : [lane]));
}

describe("placement", () => {
  test("gives every lane to a member, and nobody two more than another", () => {
    fc.assert(
      fc.property(scene, ({ lanes, before, gone, joined }) => {
        const owners = placeLanes(nobody(lanes), before);
        const now = [...before.slice(gone % before.length), ...joined];
        for (const [placed, members] of [
          [owners, before],
          [placeLanes(owners, now), now],
        ] as const) {
          const counts = sizes(placed, members);
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(lanes);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test("is the same for all who see the same members, in whatever order", () => {
    fc.assert(
      fc.property(laneCount, boots(1, 10), fc.func(fc.nat()), (lanes, members, chance) => {
        const owners = nobody(lanes).map((_, lane) => [...members, null][chance(lane) % (members.length + 1)] ?? null);
        const shuffled = members.toSorted((a, b) => chance(a, b) - chance(b, a));
        expect(placeLanes(owners, shuffled)).toEqual([...placeLanes(owners, members)]);
      }),
    );
  });

  test("moves only what a joiner must get, and all of it to the joiner", () => {
    fc.assert(
      fc.property(laneCount, boots(2, 10), (lanes, [joiner = "", ...members]) => {
        const before = placeLanes(nobody(lanes), members);
        const after = placeLanes(before, [...members, joiner]);
        const lanesMoved = moved(before, after);
        expect(lanesMoved.every((lane) => after[lane] === joiner)).toBe(true);
        expect(lanesMoved.length).toBe(Math.floor(lanes / (members.length + 1)));
      }),
    );
  });

  test("moves only what a leaver had", () => {
    fc.assert(
      fc.property(laneCount, boots(2, 10), (lanes, members) => {
        const [leaver, ...rest] = members;
        const before = placeLanes(nobody(lanes), members);
        const after = placeLanes(before, rest);
        expect(moved(before, after).every((lane) => before[lane] === leaver)).toBe(true);
      }),
    );
  });

  test("of whatever is there moves no more than evenness asks for, and then nothing more", () => {
    fc.assert(
      fc.property(laneCount, boots(1, 10), fc.func(fc.nat()), (lanes, members, chance) => {
        const owners = nobody(lanes).map((_, lane) => [...members, null, "gone"][chance(lane) % (members.length + 2)] ?? null);
        const after = placeLanes(owners, members);
        const held = sizes(owners, members).toSorted((a, b) => b - a);
        const kept = held.reduce(
          (sum, count, rank) => sum + Math.min(count, Math.floor(lanes / members.length) + (rank < lanes % members.length ? 1 : 0)),
          0,
        );
        expect(moved(owners, after).length).toBe(lanes - kept);
        expect(placeLanes(after, members)).toEqual([...after]);
      }),
    );
  });

  test("does not change its mind about the rest while lanes move one by one", () => {
    fc.assert(
      fc.property(laneCount, boots(2, 6), boots(1, 3), (lanes, members, joined) => {
        const all = [...members, ...joined];
        let owners = placeLanes(nobody(lanes), members);
        let moves = 0;
        const must = moved(owners, placeLanes(owners, all)).length;
        for (;;) {
          const [lane] = moved(owners, placeLanes(owners, all));
          if (lane === undefined) break;
          // Released, then taken by whoever should have it in the eyes of those who see it free.
          const free = owners.with(lane, null);
          owners = free.with(lane, placeLanes(free, all)[lane] ?? null);
          moves += 1;
        }
        expect(moves).toBe(must);
      }),
    );
  });

  test("gives nobody anything where nobody is", () => {
    expect(placeLanes(["a", null], [])).toEqual([null, null]);
  });
});

describe("a member counts", () => {
  const member = (bootId: string, over: Partial<MemberView> = {}): MemberView => {
    return {
      bootId,
      name: bootId,
      threads: 1,
      leaving: false,
      outboxBytes: 0,
      beats: 10,
      remainingMs: 1_000,
      ttlMs: 3_000,
      level: 1,
      ...over,
    };
  };

  test("while it is alive and wants to stay, and when it has been there for a while", () => {
    const members = [member("a"), member("new", { beats: 2 }), member("b", { beats: 3 }), member("ending", { leaving: true })];
    expect(countedMembers([...members, member("dead", { remainingMs: 0 })])).toEqual(["a", "b"]);
  });

  test("from the start where nobody has been there for a while", () => {
    expect(countedMembers([member("a", { beats: 1 }), member("b", { beats: 2 }), member("old", { leaving: true })])).toEqual(["a", "b"]);
  });
});
