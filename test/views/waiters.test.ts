/** What waiting for the end of an execution promises. */
import { describe, expect, test } from "bun:test";
import { createWaiters } from "../../src/views/waiters.ts";
import { World } from "../sim/world.ts";

/** What a promise was settled with, or null. */
function outcomeOf(promise: Promise<boolean> | undefined): { readonly value: boolean | null } {
  const outcome: { value: boolean | null } = { value: null };
  void promise?.then((value) => {
    outcome.value = value;
  });
  return outcome;
}

describe("waiting for the end of an execution", () => {
  test("is bounded: beyond the limit nobody waits", async () => {
    const world = new World();
    const waiters = createWaiters({ clock: world, limit: 1 });
    const first = waiters.wait("x", 1_000);
    expect(waiters.wait("x", 1_000)).toBeNull();
    first?.cancel();
    const second = waiters.wait("x", 1_000);
    waiters.stop();
    expect([await first?.ended, await second?.ended]).toEqual([false, false]);
  });

  test("ends with the execution's own end, for everybody who waits for it", async () => {
    const world = new World();
    const waiters = createWaiters({ clock: world, limit: 10 });
    const outcomes = [outcomeOf(waiters.wait("x", 1_000)?.ended), outcomeOf(waiters.wait("x", 1_000)?.ended)];
    waiters.ended("other");
    await world.pass(10);
    expect(outcomes).toEqual([{ value: null }, { value: null }]);
    waiters.ended("x");
    waiters.ended("x");
    await world.pass(10);
    expect(outcomes).toEqual([{ value: true }, { value: true }]);
  });

  test("ends with its time, and then nothing waits any more", async () => {
    const world = new World();
    const waiters = createWaiters({ clock: world, limit: 1 });
    const outcome = outcomeOf(waiters.wait("x", 1_000)?.ended);
    await world.pass(1_000);
    expect(outcome.value).toBe(false);
    expect(waiters.wait("x", 1_000)).not.toBeNull();
  });

  test("an end whose ring was lost is found by a look", async () => {
    const world = new World();
    const asked: string[] = [];
    const look = async (id: string) => asked.push(id) > 0 && id === "ended";
    const waiters = createWaiters({ clock: world, limit: 10, look });
    const ended = outcomeOf(waiters.wait("ended", 60_000)?.ended);
    const running = outcomeOf(waiters.wait("running", 60_000)?.ended);
    await world.pass(1_500);
    expect([ended.value, running.value]).toEqual([true, null]);
    await world.pass(2_000);
    expect(asked).toEqual(["ended", "running", "running", "running"]);
    waiters.stop();
    await world.pass(5_000);
    expect(asked).toHaveLength(4);
  });

  test("a store that is away is asked again a second later, and not meanwhile", async () => {
    const world = new World();
    let asked = 0;
    const look = (): Promise<boolean> => {
      asked += 1;
      if (asked === 1) return new Promise((_, reject) => void world.after(5_000, () => reject(new Error("away"))));
      return Promise.resolve(true);
    };
    const outcome = outcomeOf(createWaiters({ clock: world, limit: 10, look }).wait("x", 60_000)?.ended);
    await world.pass(5_500);
    expect(asked).toBe(1);
    await world.pass(2_000);
    expect(outcome.value).toBe(true);
  });

  test("so many waiting executions are looked at some at a time", async () => {
    const world = new World();
    let [open, most] = [0, 0];
    const look = async (): Promise<boolean> => {
      most = Math.max(most, ++open);
      await new Promise<void>((resolve) => void world.after(5, resolve));
      open -= 1;
      return true;
    };
    const waiters = createWaiters({ clock: world, limit: 1_000, look });
    const outcomes = Array.from({ length: 200 }, (_, at) => outcomeOf(waiters.wait(`x${at}`, 60_000)?.ended));
    await world.pass(1_500);
    expect(outcomes.every(({ value }) => value === true)).toBe(true);
    expect(most).toBeLessThanOrEqual(32);
  });
});
