/** The loop inside a thread, run directly. */
import { expect, test } from "bun:test";
import { SlotState, slotsBytes, viewSlots } from "../../../src/pool/wire/slots.ts";
import { createHost, type Host } from "../../../src/pool/host/host.ts";
import type { RunAttempt } from "../../../src/pool/pool.ts";
import { OutcomeKind, type Outcomes, type Work } from "../../../src/pool/wire/work.ts";
import { World } from "../../sim/world.ts";
import { attemptOf } from "../fixtures/behaviours.ts";

const SLOTS = 2_000;

function made(run: RunAttempt, beatMs: number | null = null, nowMs?: () => number) {
  const world = new World();
  const clock = { nowMs: nowMs ?? (() => world.nowMs()), monotonicMs: () => world.monotonicMs(), after: world.after.bind(world) };
  const slots = viewSlots(new SharedArrayBuffer(slotsBytes(SLOTS)), SLOTS);
  const posted: Outcomes[] = [];
  const host: Host = createHost({ run, slots, post: (outcomes) => void posted.push(outcomes), clock, turns: world, beatMs });
  return { world, slots, posted, host };
}

function works(count: number, slots: { readonly states: Int32Array }, handler = "noop"): readonly Work[] {
  return Array.from({ length: count }, (_, slot) => {
    slots.states[slot] = SlotState.QUEUED;
    return { slot, attempt: attemptOf(handler, { node: slot }), execution: { id: "e", name: "e" } };
  });
}

test("outcomes are given back in batches, the first ones before the last attempts begin", () => {
  const { host, slots, posted } = made(() => ({ type: "completed", output: "1" }));
  host.take(works(1_500, slots));
  expect(posted.map((outcomes) => outcomes.slots.length)).toEqual([512, 512, 476]);
  expect(slots.states.subarray(0, 1_500).every((state) => state === SlotState.ENDED)).toBe(true);
});

test("attempts that hold the thread for long let the event loop have its turn in between", async () => {
  let begun = 0;
  const run: RunAttempt = () => {
    begun += 1;
    return { type: "completed", output: "1" };
  };
  // Each attempt takes 4 ms.
  const { host, slots, posted, world } = made(run, null, () => begun * 4);
  host.take(works(6, slots));
  expect(begun).toBe(2);
  await world.step();
  expect(begun).toBe(4);
  await world.step();
  expect(begun).toBe(6);
  // Nothing that has ended is kept waiting behind a handler that is not known to be quick.
  expect(posted.map((outcomes) => outcomes.slots.length)).toEqual([1, 1, 1, 1, 1, 1]);
});

test("what was taken back does not begin, and its slot is given back", () => {
  const ran: number[] = [];
  const { host, slots, posted } = made((attempt) => {
    ran.push(attempt.node);
    return { type: "completed", output: "1" };
  });
  const given = works(3, slots);
  slots.states[1] = SlotState.TAKEN;
  host.take(given);
  expect(ran).toEqual([0, 2]);
  expect(posted.flatMap(({ kinds }) => kinds)).toEqual([OutcomeKind.completed, OutcomeKind.returned, OutcomeKind.completed]);
});

test("a host with something in hand raises its heartbeat; with nothing it rests", async () => {
  const ends: (() => void)[] = [];
  const { host, slots, world } = made(() => new Promise((resolve) => ends.push(() => resolve({ type: "completed", output: "1" }))), 25);
  host.take(works(1, slots));
  const atFirst = slots.beat[0] ?? 0;
  await world.pass(1_000);
  expect((slots.beat[0] ?? 0) - atFirst).toBe(40);
  for (const end of ends) end();
  await world.pass(1_000);
  expect(await world.step()).toBe(false);
});

test("a signal that is first asked for after the abort is aborted already, by the first reason", () => {
  let signalOf: () => AbortSignal = () => AbortSignal.abort();
  const { host, slots } = made((_attempt, context) => {
    signalOf = () => context.signal;
    return new Promise(() => undefined);
  });
  host.take(works(1, slots));
  host.abort([0], { name: "TimeoutError", message: "first" });
  host.abort([0, 1], { name: "AbortError", message: "second" });
  expect(signalOf().aborted).toBe(true);
  expect(signalOf().reason).toMatchObject({ name: "TimeoutError", message: "first" });
});
