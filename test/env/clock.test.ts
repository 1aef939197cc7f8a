import { describe, expect, test } from "bun:test";
import { systemClock } from "../../src/env/clock.ts";
import { derivedId, hashOf, systemIds } from "../../src/env/ids.ts";
import { systemRandom } from "../../src/env/random.ts";
import { systemTurns } from "../../src/env/turns.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("the machine's clock", () => {
  test("calls once, not before the time, and tells the time in milliseconds since 1970", async () => {
    const beganMs = systemClock.nowMs();
    expect(beganMs).toBeGreaterThan(1_700_000_000_000);
    await new Promise<void>((fire) => systemClock.after(5, fire));
    expect(systemClock.nowMs() - beganMs).toBeGreaterThanOrEqual(4);
  });

  test("measures by a clock that never falls", async () => {
    const beganMs = systemClock.monotonicMs();
    await new Promise<void>((fire) => systemClock.after(5, fire));
    expect(systemClock.monotonicMs() - beganMs).toBeGreaterThanOrEqual(4);
    const readings = Array.from({ length: 1_000 }, () => systemClock.monotonicMs());
    expect(readings.toSorted((a, b) => a - b)).toEqual(readings);
  });

  test("calls nothing that was cancelled, and fires no timer of months at once", async () => {
    const fired: string[] = [];
    const cancelEarly = systemClock.after(1, () => fired.push("cancelled"));
    const cancelMonths = systemClock.after(2 ** 40, () => fired.push("months"));
    cancelEarly();
    await new Promise<void>((fire) => systemClock.after(20, fire));
    cancelMonths();
    expect(fired).toEqual([]);
  });
});

test("a turn runs later, never within the call that asked for it", async () => {
  const order: string[] = [];
  await new Promise<void>((done) => {
    systemTurns.run(() => {
      order.push("turn");
      done();
    });
    order.push("asked");
  });
  expect(order).toEqual(["asked", "turn"]);
});

test("turns come in the order in which they were asked for, and what a turn asks for comes after those that wait", async () => {
  const order: string[] = [];
  await new Promise<void>((done) => {
    systemTurns.run(() => {
      order.push("first");
      systemTurns.run(() => {
        order.push("last");
        done();
      });
    });
    systemTurns.run(() => order.push("second"));
  });
  expect(order).toEqual(["first", "second", "last"]);
});

test("chance lies between 0 and 1", () => {
  const values = Array.from({ length: 100 }, () => systemRandom.next());
  expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(new Set(values).size).toBeGreaterThan(50);
});

describe("ids", () => {
  test("that are new are UUIDs which sort in the order of their making", () => {
    const ids = Array.from({ length: 1000 }, () => systemIds.next());
    expect(new Set(ids).size).toBe(1000);
    expect([...ids].sort()).toEqual(ids);
    expect(ids.every((id) => UUID.test(id))).toBe(true);
  });

  test("that are derived are the same for the same words, and differ with each of them", () => {
    expect(derivedId("route", "key")).toBe(derivedId("route", "key"));
    expect(derivedId("route", "key")).toMatch(UUID);
    expect(new Set([derivedId("a", "b"), derivedId("ab"), derivedId("a", "b", ""), derivedId("b", "a")]).size).toBe(4);
  });

  test("hashes are SHA-256 in hexadecimal", () => {
    expect(hashOf("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
