/** Many due times on one timer of the clock. */
import { describe, expect, test } from "bun:test";
import { createTimers, sharingOneTimer } from "../../src/env/timers.ts";
import { World } from "../sim/world.ts";

describe("timers", () => {
  test("fire in the order of their due times, equal ones in the order of setting", async () => {
    const world = new World();
    const timers = createTimers(world);
    const fired: string[] = [];
    const startMs = world.nowMs();
    for (const [name, inMs] of [
      ["c", 30],
      ["a", 10],
      ["b1", 20],
      ["b2", 20],
      ["d", 500],
    ] as const) {
      timers.at(startMs + inMs, () => fired.push(`${name}@${world.nowMs() - startMs}`));
    }
    await world.pass(100);
    expect(fired).toEqual(["a@10", "b1@20", "b2@20", "c@30"]);
  });

  test("that are due already fire in a later turn", async () => {
    const world = new World();
    let fired = 0;
    createTimers(world).at(world.nowMs() - 1000, () => fired++);
    expect(fired).toBe(0);
    await world.pass(0);
    expect(fired).toBe(1);
  });

  test("that are cancelled do not fire", async () => {
    const world = new World();
    const timers = createTimers(world);
    let fired = 0;
    const cancel = timers.at(world.nowMs() + 5, () => fired++);
    timers.at(world.nowMs() + 6, () => fired++);
    cancel();
    await world.pass(10);
    expect(fired).toBe(1);
    timers.at(world.nowMs() + 5, () => fired++);
    timers.stop();
    timers.at(world.nowMs() + 5, () => fired++);
    await world.pass(10);
    expect(fired).toBe(1);
  });

  test("keep their order for any number of them", async () => {
    const world = new World(7);
    const timers = createTimers(world);
    const fired: number[] = [];
    for (let count = 0; count < 500; count++) {
      const dueAtMs = world.nowMs() + world.random.below(1000);
      timers.at(dueAtMs, () => fired.push(dueAtMs));
    }
    await world.pass(1000);
    expect(fired).toEqual([...fired].sort((a, b) => a - b));
    expect(fired.length).toBe(500);
  });

  test("that are cancelled in great number leave nothing behind, and the others fire in order", async () => {
    const world = new World();
    const timers = createTimers(world);
    const fired: number[] = [];
    const cancels = Array.from({ length: 5_000 }, (_, number) => timers.at(world.nowMs() + 5_000 - number, () => fired.push(number)));
    cancels.forEach((cancel, number) => {
      if (number % 10 !== 0) cancel();
    });
    await world.pass(10_000);
    for (const cancel of cancels) cancel();
    expect(fired).toEqual(Array.from({ length: 500 }, (_, count) => 4_990 - count * 10));
  });

  test("of which all are cancelled leave the clock alone", async () => {
    const world = new World();
    const timers = createTimers(world);
    const cancels = [5, 10, 15].map((inMs) => timers.at(world.nowMs() + inMs, () => undefined));
    for (const cancel of cancels) cancel();
    expect(await world.step()).toBe(false);
  });

  test("fire although one that was due before them throws", async () => {
    const world = new World();
    const timers = createTimers(world);
    let fired = 0;
    timers.at(world.nowMs() + 5, () => {
      throw new Error("Only this one.");
    });
    timers.at(world.nowMs() + 5, () => fired++);
    await expect(world.step()).rejects.toThrow("Only this one.");
    await world.pass(10);
    expect(fired).toBe(1);
  });
});

test("a clock that shares one timer calls each once, when its own time is over, and not what was cancelled", async () => {
  const world = new World();
  let set = 0;
  const clock = sharingOneTimer({
    nowMs: () => world.nowMs(),
    monotonicMs: () => world.monotonicMs(),
    after(delayMs, fire) {
      set += 1;
      return world.after(delayMs, fire);
    },
  });
  const fired: string[] = [];
  for (let count = 0; count < 100; count++) clock.after(10 + count / 1_000, () => fired.push("cancelled"))();
  clock.after(20, () => fired.push("late"));
  clock.after(-5, () => fired.push("at once"));
  for (let count = 0; count < 100; count++) clock.after(30, () => fired.push("cancelled"))();
  await world.pass(100);
  expect(fired).toEqual(["at once", "late"]);
  expect(set).toBeLessThan(110);
});
