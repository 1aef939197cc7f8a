/** What "soon" means, measured. */
import { expect, test } from "bun:test";
import { Pace } from "../../../src/pool/dispatch/pace.ts";

/** One look, at which so many had begun, and half of them ended. */
function note(pace: Pace, atMs: number, waiting: number, begun: number): void {
  pace.note(atMs, waiting, { begun, ended: Math.trunc(begun / 2) });
}

test("begins are counted per millisecond of the last half second", () => {
  const pace = new Pace();
  for (let atMs = 0; atMs <= 1_000; atMs += 25) note(pace, atMs, 1, atMs <= 500 ? 0 : (atMs - 500) * 3);
  expect(pace.perMs()).toBeCloseTo(3, 5);
  expect(pace.endsPerMs()).toBeCloseTo(1.5, 2);
});

test("nothing is known before there are two looks", () => {
  const pace = new Pace();
  expect(pace.perMs()).toBe(0);
  note(pace, 5_000, 10, 100);
  expect(pace.perMs()).toBe(0);
  expect(pace.waitedMs()).toBe(0);
});

test("a line has waited since it was last seen empty", () => {
  const pace = new Pace();
  note(pace, 0, 5, 0);
  note(pace, 25, 0, 5);
  note(pace, 50, 3, 6);
  note(pace, 75, 1, 8);
  expect(pace.waitedMs()).toBe(25);
  note(pace, 100, 0, 9);
  expect(pace.waitedMs()).toBe(0);
});

test("how fast it goes when there is enough to do says nothing of the time before", () => {
  const pace = new Pace();
  for (let atMs = 0; atMs < 200; atMs += 25) note(pace, atMs, 0, atMs / 25);
  for (let atMs = 200; atMs <= 400; atMs += 25) note(pace, atMs, 5, 8 + (atMs - 200) * 4);
  expect(pace.perMsWaiting()).toBe(4);
  expect(pace.perMs()).toBeCloseTo(2.02, 2);
  note(pace, 425, 0, 2_000);
  expect(pace.perMsWaiting()).toBe(0);
});

test("after a pause it is measured anew: the burst before says nothing of the next", () => {
  const pace = new Pace();
  for (let atMs = 0; atMs <= 100; atMs += 25) note(pace, atMs, 10, atMs * 500);
  note(pace, 10_000, 10, 50_000);
  expect(pace.waitedMs()).toBe(0);
  expect(pace.perMs()).toBe(0);
  note(pace, 10_025, 10, 50_050);
  expect(pace.perMs()).toBe(2);
  expect(pace.waitedMs()).toBe(25);
});

test("looks that come one upon the other are one", () => {
  const pace = new Pace();
  for (let look = 0; look < 1_000; look += 1) note(pace, look / 100, 1, look);
  note(pace, 20, 1, 2_000);
  expect(pace.perMs()).toBe(100);
});

test("the count may start again at the end of its 32 bits", () => {
  const pace = new Pace();
  note(pace, 0, 1, 2 ** 31 - 10);
  note(pace, 100, 1, (2 ** 31 + 90) | 0);
  expect(pace.perMs()).toBe(1);
});
