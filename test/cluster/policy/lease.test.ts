/** When an instance trusts its own leases, and when it may judge those of others. */
import { describe, expect, test } from "bun:test";
import { answered, type Contact, faultOf, mayJudge, trustedUntilMs } from "../../../src/cluster/policy/lease.ts";

const times = { ttlMs: 3_000, renewMs: 1_000 };

/** Contact after answers at these times. */
function after(...atMs: readonly number[]): Contact | null {
  return atMs.reduce<Contact | null>((contact, nowMs) => answered(contact, nowMs, times), null);
}

describe("an owner trusts its lease", () => {
  test("from when the renewal was sent, and not for as long as the store keeps it", () => {
    expect(trustedUntilMs(10_000, times)).toBe(12_700);
  });
});

describe("an instance judges others", () => {
  test("only when its own calls have been answered for a full TTL", () => {
    expect(mayJudge(null, times)).toBe(false);
    expect(mayJudge(after(0, 1_000, 2_000, 2_999), times)).toBe(false);
    expect(mayJudge(after(0, 1_000, 2_000, 3_000), times)).toBe(true);
  });

  test("not after a gap in which leases may have lapsed: it begins anew", () => {
    expect(mayJudge(after(0, 1_000, 2_000, 3_000, 6_000), times)).toBe(false);
    expect(mayJudge(after(0, 1_000, 2_000, 3_000, 6_000, 7_000, 8_000), times)).toBe(false);
    expect(mayJudge(after(0, 1_000, 2_000, 3_000, 6_000, 7_000, 8_000, 9_000), times)).toBe(true);
  });

  test("also after a hiccup that harmed nobody", () => {
    expect(mayJudge(after(0, 1_000, 2_500, 3_500), times)).toBe(true);
  });
});

test("a lease outlasts two renewals that are lost, or the times are refused with a sentence", () => {
  expect(faultOf(times)).toBeNull();
  for (const wrong of [
    { ttlMs: 2_000, renewMs: 1_000 },
    { ttlMs: 1_000, renewMs: 0 },
  ])
    expect(faultOf(wrong)).toMatch(/three times as long\.$/);
});
