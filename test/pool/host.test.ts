/** The loop inside a thread, run directly. */
import { expect, test } from "bun:test";
import { CellState, cellsBytes, viewCells } from "../../src/pool/wire/slots.ts";
import { createHost, type Host } from "../../src/pool/host/host.ts";
import type { RunAttempt } from "../../src/pool/pool.ts";
import { OutcomeKind, type Outcomes, type Work } from "../../src/pool/wire/work.ts";
import { World } from "../sim/world.ts";
import { attemptOf } from "./fixtures/behaviours.ts";

const SLOTS = 2_000;

function made(run: RunAttempt, beatMs: number | null = null, nowMs?: () => number) {
  const world = new World();
  const clock = { nowMs: nowMs ?? (() => world.nowMs()), monotonicMs: () => world.monotonicMs(), after: world.after.bind(world) };
  const cells = viewCells(new SharedArrayBuffer(cellsBytes(SLOTS)), SLOTS);
  const posted: Outcomes[] = [];
  const host: Host = createHost({ run, cells, post: (outcomes) => void posted.push(outcomes), clock, turns: world, beatMs });
  return { world, cells, posted, host };
}

function works(count: number, cells: { readonly states: Int32Array }, handler = "noop"): readonly Work[] {
  return Array.from({ length: count }, (_, cell) => {
    cells.states[cell] = CellState.QUEUED;
    return { cell, attempt: attemptOf(handler, { node: cell }), execution: { id: "e", name: "e" } };
  });
}

test("outcomes are given back in batches, the first ones before the last attempts begin", () => {
  const { host, cells, posted } = made(() => ({ type: "completed", output: "1" }));
  host.take(works(1_500, cells));
  expect(posted.map((outcomes) => outcomes.cells.length)).toEqual([512, 512, 476]);
  expect(cells.states.subarray(0, 1_500).every((state) => state === CellState.ENDED)).toBe(true);
});

test("attempts that hold the thread for long let the event loop have its turn in between", async () => {
  let begun = 0;
  const run: RunAttempt = () => {
    begun += 1;
    return { type: "completed", output: "1" };
  };
  // Each attempt takes 4 ms.
  const { host, cells, posted, world } = made(run, null, () => begun * 4);
  host.take(works(6, cells));
  expect(begun).toBe(2);
  await world.step();
  expect(begun).toBe(4);
  await world.step();
  expect(begun).toBe(6);
  // Nothing that has ended is kept waiting behind a handler that is not known to be quick.
  expect(posted.map((outcomes) => outcomes.cells.length)).toEqual([1, 1, 1, 1, 1, 1]);
});

test("what was taken back does not begin, and its cell is given back", () => {
  const ran: number[] = [];
  const { host, cells, posted } = made((attempt) => {
    ran.push(attempt.node);
    return { type: "completed", output: "1" };
  });
  const given = works(3, cells);
  cells.states[1] = CellState.TAKEN;
  host.take(given);
  expect(ran).toEqual([0, 2]);
  expect(posted.flatMap(({ kinds }) => kinds)).toEqual([OutcomeKind.completed, OutcomeKind.returned, OutcomeKind.completed]);
});

test("a host with something in hand raises its heartbeat; with nothing it rests", async () => {
  const ends: (() => void)[] = [];
  const { host, cells, world } = made(() => new Promise((resolve) => ends.push(() => resolve({ type: "completed", output: "1" }))), 25);
  host.take(works(1, cells));
  const atFirst = cells.beat[0] ?? 0;
  await world.pass(1_000);
  expect((cells.beat[0] ?? 0) - atFirst).toBe(40);
  for (const end of ends) end();
  await world.pass(1_000);
  expect(await world.step()).toBe(false);
});

test("a signal that is first asked for after the abort is aborted already, by the first reason", () => {
  let signalOf: () => AbortSignal = () => AbortSignal.abort();
  const { host, cells } = made((_attempt, context) => {
    signalOf = () => context.signal;
    return new Promise(() => undefined);
  });
  host.take(works(1, cells));
  host.abort([0], { name: "TimeoutError", message: "first" });
  host.abort([0, 1], { name: "AbortError", message: "second" });
  expect(signalOf().aborted).toBe(true);
  expect(signalOf().reason).toMatchObject({ name: "TimeoutError", message: "first" });
});
