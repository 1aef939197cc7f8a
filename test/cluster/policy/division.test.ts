/** What an instance does about the lanes, from one look at them. */
import { describe, expect, test } from "bun:test";
import { divide, type Look } from "../../../src/cluster/policy/division.ts";
import type { LaneView, MemberView } from "../../../src/store/shared-store.ts";

const TTL_MS = 3_000;

function member(bootId: string, remainingMs = 2_500): MemberView {
  return { bootId, name: bootId, threads: 1, leaving: false, outboxBytes: 0, beats: 10, remainingMs, ttlMs: TTL_MS, level: 1 };
}

/** Lanes by their owners: null is free; a number after the name is what remains of the lease. */
function look(owners: readonly (string | null | readonly [string, number])[], over: Partial<Look> = {}): Look {
  const lanes = owners.map((owner, lane): LaneView => {
    const [bootId, remainingMs] = typeof owner === "string" ? [owner, 2_500] : (owner ?? [null, -100]);
    return { lane, bootId, epoch: 1, remainingMs, ttlMs: TTL_MS };
  });
  const own = (lane: number) => (lanes[lane]?.bootId === "me" ? "held" : null);
  const members = [member("me"), member("other")];
  return { bootId: "me", members, lanes, mayJudge: () => true, own, freeSinceMs: new Map(), nowMs: 10_000, ttlMs: TTL_MS, ...over };
}

describe("an instance", () => {
  test("takes its share of what is free, and leaves the rest to the others", () => {
    const owners = [null, null, null, null, null, null];
    const mine = divide(look(owners)).take;
    const others = divide(look(owners, { bootId: "other" })).take;
    expect([...mine, ...others].toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(mine).toHaveLength(3);
  });

  test("gives what is more than its share to whoever has less", () => {
    expect(divide(look(["me", "me", "me", "me"]))).toMatchObject({ take: [], share: 2 });
    expect(divide(look(["me", "me", "me", "me"])).give).toHaveLength(2);
    expect(divide(look(["me", "me", "other", "other"])).give).toEqual([]);
  });

  test("keeps all where nobody else is there, or nobody else counts yet", () => {
    const joiner = { ...member("other"), beats: 1 };
    for (const members of [[member("me")], [member("me"), joiner]]) {
      expect(divide(look(["me", "me", null], { members }))).toMatchObject({ give: [], take: [2], share: 3 });
    }
  });

  test("takes the lanes of the dead, and only where it may judge", () => {
    const dead = { members: [member("me"), member("other", -10)] };
    const owners = [
      ["other", -10],
      ["other", -10],
    ] as const;
    expect(divide(look(owners, dead)).take).toEqual([0, 1]);
    expect(divide(look(owners, { ...dead, mayJudge: () => false })).take).toEqual([]);
  });

  test("spares a lane whose lease has lapsed while its owner lives, for a TTL", () => {
    const owners = ["me", ["other", -10]] as const;
    const first = divide(look(owners));
    expect(first.take).toEqual([]);
    const { freeSinceMs } = first;
    expect(divide(look(owners, { freeSinceMs, nowMs: 10_000 + TTL_MS - 1 })).take).toEqual([]);
    expect(divide(look(owners, { freeSinceMs, nowMs: 10_000 + TTL_MS })).take).toEqual([1]);
  });

  test("takes what another should have had, once it has been free for a TTL", () => {
    const owners = ["me", null];
    const { take, freeSinceMs } = divide(look(owners));
    expect(take).toEqual([]);
    expect(divide(look(owners, { freeSinceMs, nowMs: 10_000 + TTL_MS })).take).toEqual([1]);
    // It was somebody's between.
    const again = divide(look(["me", "other"], { freeSinceMs, nowMs: 12_000 }));
    expect(divide(look(owners, { freeSinceMs: again.freeSinceMs, nowMs: 13_000 })).take).toEqual([]);
  });

  test("takes what is its own by the store and not by its memory: an answer was lost", () => {
    expect(divide(look(["me", "other"], { own: () => null })).take).toEqual([0]);
  });

  test("leaves alone what it is about to take or to give away", () => {
    const { take, give } = divide(look(["me", null, "me", "other"], { own: (lane) => (lane < 3 ? "moving" : null) }));
    expect([take, give]).toEqual([[], []]);
  });

  test("judges each holder by how long its own leases last, and not by how long its own do", () => {
    const members = [member("me"), { ...member("other", -10), ttlMs: 30_000 }];
    const owners = ["me", ["other", -10]] as const;
    const slow = look(owners, { members });
    const lanes = slow.lanes.map((view) => ({ ...view, ttlMs: view.bootId === "other" ? 30_000 : TTL_MS }));
    const mayJudge = (ttlMs: number) => ttlMs < 30_000;
    expect(divide({ ...slow, lanes, mayJudge }).take).toEqual([]);
    expect(divide({ ...slow, lanes }).take).toEqual([1]);
    // While it lives it is spared for as long as it needs to notice.
    const spared = { ...slow, lanes, members: [member("me"), { ...member("other"), ttlMs: 30_000 }], freeSinceMs: new Map([[1, 10_000]]) };
    expect(divide({ ...spared, nowMs: 10_000 + 29_999 }).take).toEqual([]);
    expect(divide({ ...spared, nowMs: 10_000 + 30_000 }).take).toEqual([1]);
  });

  test("looks as often as those do whose leases last least: it could not judge them otherwise", () => {
    const quick = [member("me"), { ...member("other"), ttlMs: 300, remainingMs: 200 }];
    expect(divide(look(["me", "other"], { members: quick })).lookAgainInMs).toBe(100);
    const slow = [member("me"), { ...member("other"), ttlMs: 30_000, remainingMs: 20_000 }];
    expect(divide(look(["me", "other"], { members: slow })).lookAgainInMs).toBeNull();
  });

  test("looks again as soon as a lease that should have been renewed is over", () => {
    expect(divide(look(["me", "other"])).lookAgainInMs).toBeNull();
    expect(divide(look([["me", 100], "other"])).lookAgainInMs).toBeNull();
    const soon = divide(look(["me", ["other", 900]])).lookAgainInMs ?? 0;
    expect(soon).toBeWithin(900, 1_000);
    // What is another's to take, and still free.
    expect(divide(look(["me", null])).lookAgainInMs).toBeWithin(1, 500);
    const members = [member("me"), member("other", 400)];
    expect(divide(look(["me", ["other", 900]], { members })).lookAgainInMs).toBeLessThan(500);
  });
});
