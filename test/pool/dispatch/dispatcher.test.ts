/** A dispatcher and hosts that say just what a test lets them say. */
import { expect, test } from "bun:test";
import { type Slots, SlotState, slotsBytes, viewSlots } from "../../../src/pool/wire/slots.ts";
import { Dispatcher } from "../../../src/pool/dispatch/dispatcher.ts";
import type { Entry, EntryOwner } from "../../../src/pool/dispatch/entry.ts";
import type { LinkEvents } from "../../../src/pool/wire/link.ts";
import { OutcomeKind, type Work } from "../../../src/pool/wire/work.ts";
import { World } from "../../sim/world.ts";
import { attemptOf } from "../fixtures/behaviours.ts";

type FakeHost = { readonly slots: Slots; readonly events: LinkEvents; readonly given: Work[] };

function dispatcherOf(hosts: number): {
  readonly world: World;
  readonly dispatcher: Dispatcher;
  readonly hosts: readonly FakeHost[];
  readonly ended: number[];
} {
  const world = new World();
  const made: FakeHost[] = [];
  const dispatcher = new Dispatcher({
    startLink: (slots, events) => {
      const host: FakeHost = { slots: viewSlots(new ArrayBuffer(slotsBytes(slots)), slots), events, given: [] };
      made.push(host);
      return { slots: host.slots, send: (works) => void host.given.push(...works), abort: () => undefined, end: () => undefined };
    },
    ...{ slots: 10, hosts, hostsMost: hosts, hostsIdle: hosts, idleMs: 2_000 },
    ...{ silentMs: 100, abortGraceMs: 100, suspects: false, unknownHandler: () => undefined },
    ...{ clock: world, turns: world, report: () => undefined },
  });
  for (const { events } of made) events.ready([]);
  return { world, dispatcher, hosts: made, ended: [] };
}

function entryOf(line: Dispatcher, node: number, ended: (node: number) => void): Entry {
  const table: EntryOwner = { execution: { id: "e", name: "e" }, began: () => undefined, ended: () => ended(node) };
  return {
    ...{ attempt: attemptOf("noop", { node }), table, order: node, line, place: null, slot: 0, beganAtMs: 0 },
    ...{ ranLong: false, stop: null, outcome: null, outside: false, executor: null, forgotten: false },
  };
}

test("a host whose blocking call has returned is given what waits at once", async () => {
  const { world, dispatcher, hosts, ended } = dispatcherOf(1);
  const [host] = hosts;
  if (host === undefined) throw new Error("The dispatcher starts the hosts that stay when there is nothing to do.");
  for (const node of [0, 1]) dispatcher.add(entryOf(dispatcher, node, (each) => void ended.push(each)));
  await world.pass(1);
  // It begins the first, which holds it: no heartbeat. What is behind it is taken back, and there is no other host.
  host.slots.beganAtMs[0] = world.nowMs();
  host.slots.states[0] = SlotState.BEGUN;
  await world.pass(200);
  expect(host.slots.states[1]).toBe(SlotState.TAKEN);
  expect(dispatcher.waiting).toBe(1);

  host.slots.beat[0] = 1;
  host.events.outcomes({ slots: [0, 1], kinds: [OutcomeKind.completed, OutcomeKind.returned], texts: ["null", ""] });
  await world.pass(1);
  expect(ended).toEqual([0]);
  expect(host.given.map(({ attempt }) => attempt.node)).toEqual([0, 1, 1]);
  await dispatcher.close();
});

test("a host that has begun all that it had is given half of what waits at a slower one", async () => {
  const { world, dispatcher, hosts, ended } = dispatcherOf(2);
  const [quick, slow] = hosts as [FakeHost, FakeHost];
  for (let node = 0; node < 10; node += 1) dispatcher.add(entryOf(dispatcher, node, (each) => void ended.push(each)));
  await world.pass(1);
  expect(slow.given.map(({ attempt }) => attempt.node)).toEqual([1, 3, 5, 7, 9]);
  begin(slow, 1, world.nowMs());
  await world.pass(10);
  begin(quick, 5, world.nowMs());
  const slots = quick.given.map(({ slot }) => slot);
  quick.events.outcomes({ slots, kinds: slots.map(() => OutcomeKind.completed), texts: slots.map(() => "null") });
  expect(quick.given.slice(5).map(({ attempt }) => attempt.node)).toEqual([5, 9]);
  expect(slow.given.map(({ slot }) => slow.slots.states[slot])).toEqual([
    SlotState.BEGUN,
    SlotState.QUEUED,
    SlotState.TAKEN,
    SlotState.QUEUED,
    SlotState.TAKEN,
  ]);
  await dispatcher.close();
});

test("a host takes nothing from another that begins the rest as soon", async () => {
  const { world, dispatcher, hosts } = dispatcherOf(2);
  const [quick, slow] = hosts as [FakeHost, FakeHost];
  for (let node = 0; node < 10; node += 1) dispatcher.add(entryOf(dispatcher, node, () => undefined));
  await world.pass(1);
  await world.pass(3);
  begin(quick, 5, world.nowMs());
  begin(slow, 3, world.nowMs());
  const slots = quick.given.map(({ slot }) => slot);
  quick.events.outcomes({ slots, kinds: slots.map(() => OutcomeKind.completed), texts: slots.map(() => "null") });
  expect(quick.given.length).toBe(5);
  await dispatcher.close();
});

/** The host begins the first `count` of what it was given. */
function begin({ slots, given }: FakeHost, count: number, nowMs: number): void {
  for (const { slot } of given.slice(0, count)) {
    slots.beganAtMs[slot] = nowMs;
    slots.states[slot] = SlotState.BEGUN;
  }
  slots.begun[0] = count;
}

test("what was asked to stop, and does not, ends one host a second at the most, however many were asked", async () => {
  const { world, dispatcher, hosts, ended } = dispatcherOf(3);
  const entries = [0, 1, 2].map((node) => entryOf(dispatcher, node, (each) => void ended.push(each)));
  for (const entry of entries) dispatcher.add(entry);
  await world.pass(1);
  const first = hosts.slice(0, 3);
  for (const { slots } of first) {
    slots.beganAtMs[0] = world.nowMs();
    slots.states[0] = SlotState.BEGUN;
  }
  dispatcher.stop(entries, "Nobody waits for it.");
  await world.pass(200);
  expect(ended).toHaveLength(1);
  await world.pass(900);
  expect(ended).toHaveLength(1);
  await world.pass(200);
  expect(ended).toHaveLength(2);
  await world.pass(1_000);
  expect(ended.toSorted()).toEqual([0, 1, 2]);
});
