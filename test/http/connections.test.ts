/** How the port is closed and opened by the number of handles, on handles and a clock of the test. */
import { expect, test } from "bun:test";
import type { Handles } from "../../src/env/process/handles.ts";
import { watchConnections } from "../../src/http/connections.ts";

function scene(max: number | null, limit: number) {
  const did: string[] = [];
  const said: string[] = [];
  const system = { open: 20, kept: 0, isAnswering: true, isTaken: false };
  const used = (): number => Math.min(limit, system.open + system.kept);
  const handles: Handles = {
    limit,
    atLeast: used,
    count: used,
    keep(count) {
      const kept = Math.min(count, limit - used());
      system.kept += kept;
      return () => void (system.kept -= kept);
    },
  };
  let nowMs = 0;
  let due: (() => void) | null = null;
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(_: number, fire: () => void) {
      due = fire;
      return () => void (due = null);
    },
  };
  const port = {
    close: () => void did.push("close"),
    cut() {
      did.push("cut");
      if (!system.isAnswering) system.open = 20;
      return !system.isAnswering;
    },
    open() {
      did.push("open");
      return !system.isTaken;
    },
  };
  const stop = watchConnections({ handles, max, clock, port, report: (sentence) => said.push(sentence) });
  const pass = (ms: number): void => {
    for (const end = nowMs + ms; nowMs < end; ) {
      nowMs += 100;
      due?.();
    }
  };
  return { did, said, system, pass, stop };
}

test("the port is closed at the limit and opened below it; the handles that were kept are free meanwhile", () => {
  const { did, said, system, pass } = scene(100, 1_000);
  expect(system.kept).toBeGreaterThan(8);
  system.open = 119;
  pass(1_000);
  expect(did).toEqual([]);
  system.open = 120;
  pass(300);
  expect([did, system.kept, said.length]).toEqual([["close"], 0, 1]);
  expect(said[0]).toContain("100 connections");
  system.open = 119;
  pass(100);
  expect(did).toEqual(["close", "open"]);
  expect(system.kept).toBeGreaterThan(8);
});

test("what has not even sent a request is cut after a second, unless something is being answered", () => {
  const { did, said, system, pass } = scene(null, 120);
  system.open = 120;
  pass(900);
  expect(did).toEqual(["close"]);
  pass(500);
  expect(did.filter((each) => each === "open")).toEqual([]);
  system.isAnswering = false;
  pass(100);
  expect(did.slice(-2)).toEqual(["cut", "open"]);
  system.open = 120;
  pass(100);
  expect([did.at(-1), said.length]).toEqual(["close", 2]);
});

test("a limit of open files that leaves few connections is told of at the start, unless that was asked for", () => {
  expect(scene(null, 64).said).toEqual([
    "The limit of open files is 64, so the server accepts at most 1 connections at once: raise it (ulimit -n).",
  ]);
  expect(scene(1, 64).said).toEqual([]);
  expect(scene(null, 1_024).said).toEqual([]);
});

test("a port that cannot be opened again is tried until it can", () => {
  const { did, system, pass } = scene(10, 1_000);
  system.open = 100;
  pass(100);
  Object.assign(system, { open: 20, isTaken: true });
  pass(200);
  expect([did, system.kept]).toEqual([["close", "open", "open"], 0]);
  system.isTaken = false;
  pass(200);
  expect(did).toEqual(["close", "open", "open", "open"]);
});
