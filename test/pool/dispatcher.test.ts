/** A crew and hosts that say just what a test lets them say. */
import { expect, test } from "bun:test";
import { type Cells, CellState, cellsBytes, viewCells } from "../../src/pool/wire/slots.ts";
import { Crew } from "../../src/pool/dispatch/dispatcher.ts";
import type { Entry, EntryOwner } from "../../src/pool/dispatch/entry.ts";
import type { LinkEvents } from "../../src/pool/wire/link.ts";
import { OutcomeKind, type Work } from "../../src/pool/wire/work.ts";
import { World } from "../sim/world.ts";
import { attemptOf } from "./fixtures/behaviours.ts";

type FakeHost = { readonly cells: Cells; readonly events: LinkEvents; readonly given: Work[] };

function crewOf(hosts: number): {
  readonly world: World;
  readonly crew: Crew;
  readonly hosts: readonly FakeHost[];
  readonly ended: number[];
} {
  const world = new World();
  const made: FakeHost[] = [];
  const crew = new Crew({
    startLink: (slots, events) => {
      const host: FakeHost = { cells: viewCells(new ArrayBuffer(cellsBytes(slots)), slots), events, given: [] };
      made.push(host);
      return { cells: host.cells, send: (works) => void host.given.push(...works), abort: () => undefined, end: () => undefined };
    },
    ...{ slots: 10, hosts, hostsMost: hosts, hostsIdle: hosts, idleMs: 2_000 },
    ...{ silentMs: 100, abortGraceMs: 100, suspects: false, unknownHandler: () => undefined },
    ...{ clock: world, turns: world, report: () => undefined },
  });
  for (const { events } of made) events.ready([]);
  return { world, crew, hosts: made, ended: [] };
}

function entryOf(line: Crew, node: number, ended: (node: number) => void): Entry {
  const table: EntryOwner = { execution: { id: "e", name: "e" }, began: () => undefined, ended: () => ended(node) };
  return {
    ...{ attempt: attemptOf("noop", { node }), table, order: node, line, place: null, cell: 0, beganAtMs: 0 },
    ...{ ranLong: false, stop: null, outcome: null, outside: false, executor: null, forgotten: false },
  };
}

test("a host whose blocking call has returned is given what waits at once", async () => {
  const { world, crew, hosts, ended } = crewOf(1);
  const [host] = hosts;
  if (host === undefined) throw new Error("The crew starts the hosts that stay when there is nothing to do.");
  for (const node of [0, 1]) crew.add(entryOf(crew, node, (each) => void ended.push(each)));
  await world.pass(1);
  // It begins the first, which holds it: no heartbeat. What is behind it is taken back, and there is no other host.
  host.cells.beganAtMs[0] = world.nowMs();
  host.cells.states[0] = CellState.BEGUN;
  await world.pass(200);
  expect(host.cells.states[1]).toBe(CellState.TAKEN);
  expect(crew.waiting).toBe(1);

  host.cells.beat[0] = 1;
  host.events.outcomes({ cells: [0, 1], kinds: [OutcomeKind.completed, OutcomeKind.returned], texts: ["null", ""] });
  await world.pass(1);
  expect(ended).toEqual([0]);
  expect(host.given.map(({ attempt }) => attempt.node)).toEqual([0, 1, 1]);
  await crew.close();
});

test("a host that has begun all that it had is given half of what waits at a slower one", async () => {
  const { world, crew, hosts, ended } = crewOf(2);
  const [quick, slow] = hosts as [FakeHost, FakeHost];
  for (let node = 0; node < 10; node += 1) crew.add(entryOf(crew, node, (each) => void ended.push(each)));
  await world.pass(1);
  expect(slow.given.map(({ attempt }) => attempt.node)).toEqual([1, 3, 5, 7, 9]);
  begin(slow, 1, world.nowMs());
  await world.pass(10);
  begin(quick, 5, world.nowMs());
  const cells = quick.given.map(({ cell }) => cell);
  quick.events.outcomes({ cells, kinds: cells.map(() => OutcomeKind.completed), texts: cells.map(() => "null") });
  expect(quick.given.slice(5).map(({ attempt }) => attempt.node)).toEqual([5, 9]);
  expect(slow.given.map(({ cell }) => slow.cells.states[cell])).toEqual([
    CellState.BEGUN,
    CellState.QUEUED,
    CellState.TAKEN,
    CellState.QUEUED,
    CellState.TAKEN,
  ]);
  await crew.close();
});

test("a host takes nothing from another that begins the rest as soon", async () => {
  const { world, crew, hosts } = crewOf(2);
  const [quick, slow] = hosts as [FakeHost, FakeHost];
  for (let node = 0; node < 10; node += 1) crew.add(entryOf(crew, node, () => undefined));
  await world.pass(1);
  await world.pass(3);
  begin(quick, 5, world.nowMs());
  begin(slow, 3, world.nowMs());
  const cells = quick.given.map(({ cell }) => cell);
  quick.events.outcomes({ cells, kinds: cells.map(() => OutcomeKind.completed), texts: cells.map(() => "null") });
  expect(quick.given.length).toBe(5);
  await crew.close();
});

/** The host begins the first `count` of what it was given. */
function begin({ cells, given }: FakeHost, count: number, nowMs: number): void {
  for (const { cell } of given.slice(0, count)) {
    cells.beganAtMs[cell] = nowMs;
    cells.states[cell] = CellState.BEGUN;
  }
  cells.begun[0] = count;
}
