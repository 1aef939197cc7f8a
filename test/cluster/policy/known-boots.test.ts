/** Who of the instances lives, as looks at the members tell it. */
import { describe, expect, test } from "bun:test";
import { KnownBoots } from "../../../src/cluster/policy/known-boots.ts";
import type { MemberView } from "../../../src/store/shared-store.ts";

const TTL_MS = 3_000;

function member(bootId: string, remainingMs = 2_500, ttlMs = TTL_MS): MemberView {
  return { bootId, name: bootId, threads: 1, leaving: false, outboxBytes: 0, beats: 10, remainingMs, ttlMs, level: 1 };
}

/** A look at these members, which is sent and answered at once. */
function look(boots: KnownBoots, members: readonly MemberView[], mayJudge: (ttlMs: number) => boolean = () => true): readonly string[] {
  return boots.saw({ members, asked: boots.believed(), ttlMs: TTL_MS, mayJudge });
}

describe("a boot", () => {
  test("that is seen dead after it was seen alive has died, which is told once", () => {
    const boots = new KnownBoots("me");
    look(boots, [member("me"), member("other")]);
    expect(boots.isAlive("other")).toBe(true);
    const dead = [member("me"), member("other", -1)];
    expect([look(boots, dead), look(boots, dead), boots.isAlive("other")]).toEqual([["other"], [], false]);
  });

  test("that nobody has heard of counts as alive until a look does not name it", () => {
    const boots = new KnownBoots("me");
    expect(boots.isAlive("other")).toBe(true);
    expect([look(boots, [member("me")]), boots.isAlive("other")]).toEqual([["other"], false]);
  });

  test("that came after a look was sent is not judged by it", () => {
    const boots = new KnownBoots("me");
    const asked = boots.believed();
    boots.isAlive("other");
    expect(boots.saw({ members: [member("me")], asked, ttlMs: TTL_MS, mayJudge: () => true })).toEqual([]);
    expect(boots.isAlive("other")).toBe(true);
  });

  test("is not judged where its lease may last for longer than this instance can tell", () => {
    const boots = new KnownBoots("me");
    look(boots, [member("slow", 2_500, 2 * TTL_MS), member("quick")]);
    const silent = [member("slow", -1, 2 * TTL_MS), member("quick", -1)];
    expect(look(boots, silent, (ttlMs) => ttlMs <= TTL_MS)).toEqual(["quick"]);
    expect([boots.isAlive("slow"), boots.isAlive("quick")]).toEqual([true, false]);
  });

  test("that was taken for dead is alive again once it is seen so", () => {
    const boots = new KnownBoots("me");
    look(boots, [member("me"), member("other", -1)]);
    look(boots, [member("me"), member("other")]);
    expect(boots.isAlive("other")).toBe(true);
  });

  test("of this instance itself is alive, whatever a look tells", () => {
    const boots = new KnownBoots("me");
    look(boots, [member("me", -1)]);
    expect(boots.isAlive("me")).toBe(true);
  });
});
