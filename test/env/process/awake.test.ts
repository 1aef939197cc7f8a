/** A thread stays awake for an answer only where that has paid lately. */
import { describe, expect, test } from "bun:test";
import { type Awake, createAwake } from "../../../src/env/process/awake.ts";

const SOON_MS = 0.05;
const LATE_MS = 5;

function scene(): {
  awake: Awake;
  pass(ms: number): void;
  round(): boolean;
  isAwake(): boolean;
  answered(ms: number, times: number): void;
} {
  let nowMs = 1_000;
  let looks: (() => void)[] = [];
  const awake = createAwake({ nowMs: () => nowMs, later: (look) => void looks.push(look) });
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return {
    awake,
    pass,
    round() {
      const due = looks;
      looks = [];
      for (const look of due) look();
      return due.length > 0;
    },
    isAwake: () => looks.length > 0,
    answered(ms, times) {
      for (let time = 0; time < times; time++) {
        awake.asked();
        pass(ms);
        awake.heard();
      }
    },
  };
}

describe("a thread", () => {
  test("falls asleep at first", () => {
    const { awake, isAwake } = scene();
    awake.asked();
    expect(isAwake()).toBe(false);
  });

  test("whose answers come soon stays awake for the next, and no longer", () => {
    const { awake, answered, isAwake, round } = scene();
    answered(SOON_MS, 8);
    awake.asked();
    expect(isAwake()).toBe(true);
    round();
    expect(isAwake()).toBe(true);
    awake.heard();
    round();
    expect(isAwake()).toBe(false);
  });

  test("that was awake for nothing sleeps until it would have paid again", () => {
    const { awake, answered, isAwake, pass, round } = scene();
    answered(SOON_MS, 8);
    awake.asked();
    pass(LATE_MS);
    round();
    expect(isAwake()).toBe(false);
    awake.heard();
    answered(SOON_MS, 7);
    awake.asked();
    expect(isAwake()).toBe(false);
    awake.heard();
    awake.asked();
    expect(isAwake()).toBe(true);
  });

  test("whose answers take long always sleeps", () => {
    const { awake, answered, isAwake } = scene();
    answered(LATE_MS, 100);
    awake.asked();
    expect(isAwake()).toBe(false);
  });

  test("looks once a round, however often it asks", () => {
    const { awake, answered, isAwake, round } = scene();
    answered(SOON_MS, 8);
    for (let time = 0; time < 5; time++) awake.asked();
    round();
    awake.heard();
    round();
    expect(isAwake()).toBe(false);
  });
});
