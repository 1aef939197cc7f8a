/** Levels as rules: what needs one waits until every instance that lives knows it, and has shown so for a TTL. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { mayUse, risesTo, type Shown, shownBy, waitsFor } from "../../../src/cluster/policy/levels.ts";

const TTL_MS = 3_000;
const member = (name: string, level: number) => ({ name, level });

describe("a level", () => {
  test("may be used where everybody who lives knows it", () => {
    expect(mayUse(2, [member("a", 2), member("b", 3)])).toBe(true);
    expect(mayUse(2, [member("a", 2), member("b", 1)])).toBe(false);
  });

  test("comes into use when all have shown it for a TTL, and not before", () => {
    const shown = shownBy([member("a", 2), member("b", 3)], null, 1_000);
    expect(shown).toEqual({ level: 2, sinceMs: 1_000 });
    const at = (nowMs: number, inUse = 1) => risesTo(shown, inUse, { nowMs, ttlMs: TTL_MS });
    expect([at(1_000), at(3_999), at(4_000)]).toEqual([null, null, 2]);
    expect([at(9_000, 2), at(9_000, 3)]).toEqual([null, null]);
    expect(risesTo(null, 1, { nowMs: 9_000, ttlMs: TTL_MS })).toBeNull();
  });

  test("is shown anew by whoever comes: an older instance takes the time back", () => {
    const all = [member("a", 2), member("b", 2)];
    const before = shownBy(all, null, 0);
    expect(shownBy(all, before, 2_000)).toBe(before);
    const older = shownBy([...all, member("c", 1)], before, 2_500);
    expect(older).toEqual({ level: 1, sinceMs: 2_500 });
    expect(shownBy(all, older, 2_600)).toEqual({ level: 2, sinceMs: 2_600 });
    expect(shownBy([], before, 3_000)).toBeNull();
  });

  test("never comes into use within a TTL after a look at which somebody did not know it", () => {
    const looks = fc.array(fc.record({ levels: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }), afterMs: fc.nat(2_000) }));
    fc.assert(
      fc.property(looks, (given) => {
        let [shown, nowMs, inUse]: [Shown | null, number, number] = [null, 0, 1];
        const lacked = new Map<number, number>();
        for (const { levels, afterMs } of given) {
          nowMs += afterMs;
          const living = levels.map((level, at) => member(String(at), level));
          for (let level = 1; level <= 4; level++) if (!mayUse(level, living)) lacked.set(level, nowMs);
          shown = shownBy(living, shown, nowMs);
          const next = risesTo(shown, inUse, { nowMs, ttlMs: TTL_MS });
          if (next === null) continue;
          expect(next).toBeGreaterThan(inUse);
          expect(nowMs - (lacked.get(next) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(TTL_MS);
          inUse = next;
        }
      }),
    );
  });

  test("that is not in use yet is told in a sentence, with who does not know it", () => {
    expect(waitsFor(2, 1, [member("a", 2), member("b", 1)])).toBe(
      "This needs level 2, and level 1 is in use: it is taken when every instance is of a version that knows it, and b is not.",
    );
    expect(waitsFor(2, 1, [member("a", 1), member("b", 1)])).toContain("and a, b are not.");
    expect(waitsFor(2, 1, [member("a", 2)])).toBe(
      "This needs level 2, and level 1 is in use: in some seconds it is 2, since all instances are of a version that knows it.",
    );
  });
});
