/** How long to wait before something is tried again. */
import { expect, test } from "bun:test";
import { Backoff, pauseBefore } from "../../src/env/backoff.ts";
import { World } from "../sim/world.ts";

const PAUSES = { firstMs: 50, longestMs: 1_000 };

test("a pause is twice the one before it, up to the longest, however often it is tried", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 10_000].map((retry) => pauseBefore(retry, PAUSES))).toEqual([50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
});

test("the first pause after a success is short again", async () => {
  const world = new World();
  const startMs = world.nowMs();
  const backoff = new Backoff(world, PAUSES);
  const waited: number[] = [];
  const wait = () => void backoff.wait().then(() => waited.push(world.nowMs() - startMs));
  wait();
  await world.pass(50);
  wait();
  await world.pass(100);
  backoff.reset();
  wait();
  await world.pass(50);
  expect(waited).toEqual([50, 150, 200]);
});
