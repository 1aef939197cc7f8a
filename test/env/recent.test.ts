/** What is kept of what was noted a short while ago. */
import { expect, test } from "bun:test";
import { Recent } from "../../src/env/recent.ts";
import { World } from "../sim/world.ts";

test("what was noted in the last moments is kept, and taken once, where it is meant", async () => {
  const world = new World();
  const recent = new Recent<number>(world, { keptMs: 30_000 });
  recent.note("one", 1);
  await world.pass(20_000);
  recent.note("two", 2);
  recent.note("three", 3);
  expect(recent.values()).toEqual([1, 2, 3]);
  await world.pass(20_000);
  expect(recent.take((each) => each !== 3)).toEqual([2]);
  expect(recent.take(() => true)).toEqual([3]);
  expect(recent.take(() => true)).toEqual([]);
});

test("what is noted again counts once, and as noted now", async () => {
  const world = new World();
  const recent = new Recent<string>(world, { keptMs: 30_000, costMax: 10 });
  recent.note("one", "one", 4);
  recent.note("two", "two", 4);
  await world.pass(20_000);
  recent.note("one", "one", 4);
  expect(recent.values()).toEqual(["two", "one"]);
  await world.pass(20_000);
  expect(recent.values()).toEqual(["one"]);
});

test("the oldest go where all together cost too much", () => {
  const recent = new Recent<string>(new World(), { keptMs: 30_000, costMax: 10 });
  for (const each of ["one", "two", "three"]) recent.note(each, each, 4);
  expect(recent.values()).toEqual(["two", "three"]);
  recent.note("four", "four", 11);
  expect(recent.values()).toEqual([]);
  recent.note("five", "five", 10);
  expect(recent.values()).toEqual(["five"]);
});
