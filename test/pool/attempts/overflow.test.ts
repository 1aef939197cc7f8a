/** The overflow's measures and ways, in a simulated world where an attempt takes exactly as long as it says. */
import { expect, test } from "bun:test";
import { createInlinePool } from "../../../src/pool/inline-pool.ts";
import type { AttemptKey, ExecutionAttempts, Overflow, Pool, Spilled } from "../../../src/pool/pool.ts";
import { World } from "../../sim/world.ts";
import { attemptOf, FIXTURE_HANDLERS } from "../fixtures/behaviours.ts";
import { OverflowWitness } from "../overflow-witness.ts";
import { Witness } from "../witness.ts";

const AFTER_MS = 100;

test("attempts that fill all slots are a surplus, beyond what begins soon", async () => {
  const { overflow, world, start } = scene({ slots: 2 });
  start(100, { config: "50" });
  await world.pass(90);
  expect(overflow.surplus()).toBe(0);
  await world.pass(110);
  // 200 ms: 8 have begun, 92 wait, and 40 begin in a second.
  expect(overflow.pace()).toBeWithin(35, 55);
  expect(overflow.surplus()).toBeWithin(84, 92);
});

test("attempts that never end are a surplus, all of them", async () => {
  const { overflow, world, start } = scene({ slots: 2 });
  start(12, { config: "1000000" });
  await world.pass(700);
  expect(overflow.surplus()).toBe(10);
});

test("where nothing waits, or not for long, there is no surplus", async () => {
  const { overflow, witness, world, start } = scene({ slots: 100 });
  start(100, { config: "1000" });
  await world.pass(500);
  expect(overflow.surplus()).toBe(0);
  start(100, { config: "10", from: 100 });
  await world.pass(90);
  expect(overflow.surplus()).toBe(0);
  expect(witness.surpluses).toBe(0);
});

test("attempts so short that moving them costs more than running them are no surplus, however many wait", async () => {
  const { overflow, witness, world, start } = scene({ slots: 10 });
  start(20_000, { config: "1" });
  for (let looks = 0; looks < 40; looks += 1) {
    await world.pass(25);
    expect(overflow.surplus()).toBe(0);
  }
  expect(overflow.pace()).toBeGreaterThan(5_000);
  expect(witness.surpluses).toBe(0);
});

test("the listener is told while there is a surplus, and of nothing where nobody waits", async () => {
  const { witness, world, start } = scene({ slots: 1 });
  start(1, { config: "500" });
  await world.pass(300);
  expect(witness.surpluses).toBe(0);
  start(5, { config: "500", from: 1 });
  await world.pass(500);
  expect(witness.surpluses).toBeGreaterThan(5);
});

test("nobody listens: nothing is a surplus, and nothing is looked at for it", async () => {
  const { overflow, world, start, unlisten } = scene({ slots: 1 });
  unlisten();
  start(5, { config: "100000" });
  await world.pass(1_000);
  expect(overflow.surplus()).toBe(0);
  expect(overflow.capacity()).toBe(0);
});

test("there is room for what begins soon: a little at first, more the faster it goes, and never more than there are slots", async () => {
  const { overflow, world, start } = scene({ slots: 40 });
  await world.pass(10);
  expect(overflow.capacity()).toBe(1);
  let from = 0;
  for (let ticks = 0; ticks < 12; ticks += 1) {
    const room = overflow.capacity();
    start(room, { config: "200", from });
    from += room;
    await world.pass(25);
  }
  // It grew until all slots were taken.
  expect(from).toBeGreaterThanOrEqual(40);
  expect(overflow.capacity()).toBeLessThanOrEqual(40);
});

test("what would begin last goes first: the lowest priority, and of that the latest", async () => {
  const { overflow, world, start, attempts } = scene({ slots: 1 });
  start(1, { config: "1000000" });
  await world.pass(1);
  for (const [at, priority] of [5, 9, 5, 0, 5].entries()) {
    attempts.start(attemptOf("sleep", { node: at + 1, priority, config: "1000000" }));
  }
  await world.pass(200);
  expect(nodesOf(overflow.spill(1, () => true))).toEqual([4]);
  expect(nodesOf(overflow.spill(2, () => true))).toEqual([5, 3]);
  expect(nodesOf(overflow.spill(9, () => true))).toEqual([1, 2]);
  expect(nodesOf(overflow.spill(9, () => true))).toEqual([]);
});

test("what may not go stays in its place", async () => {
  const { overflow, world, start, attempts, witnessed, pool } = scene({ slots: 1 });
  start(1, { config: "150" });
  start(4, { config: "1", from: 1 });
  attempts.start(attemptOf("sleep", { node: 9, config: "1", suspect: true }));
  await world.pass(120);
  expect(nodesOf(overflow.spill(9, ({ attempt }) => attempt.node !== 2 && attempt.node !== 4))).toEqual([3, 1]);
  expect(pool.load().waiting).toBe(3);
  await world.pass(300);
  expect(witnessed.ends.map(({ node }) => node)).toEqual([0, 2, 4, 9]);
});

test("what a host was given and has not begun can go too, and then never begins there", async () => {
  // A handler that holds the only thread: in a simulated world, one that lets time pass within its turn.
  const world = new World();
  const ran: number[] = [];
  const pool = poolIn(world, 100, (node) => void ran.push(node));
  const witness = new OverflowWitness();
  pool.overflow.listen(AFTER_MS, witness);
  const attempts = pool.attach({ id: "e", name: "e" }, new Witness());
  await world.pass(1);
  for (let node = 0; node < 10; node += 1) attempts.start(attemptOf("sleep", { node, config: "5" }));
  // One turn: they are in the host's slots, and it has not begun them.
  await world.step();
  expect(pool.load()).toMatchObject({ begun: 10, waiting: 0 });
  expect(nodesOf(pool.overflow.spill(4, () => true))).toEqual([9, 8, 7, 6]);
  await world.pass(100);
  expect(ran.toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
});

test("whoever has offers out is told at once when the line here is empty", async () => {
  const { overflow, witness, world, start } = scene({ slots: 1 });
  start(3, { config: "200" });
  await world.pass(150);
  overflow.spill(2, () => true);
  expect(witness.hungers).toBe(0);
  await world.pass(60);
  expect(witness.hungers).toBe(1);
  expect(overflow.capacity()).toBe(1);
});

function scene({ slots }: { readonly slots: number }): {
  readonly world: World;
  readonly pool: Pool;
  readonly overflow: Overflow;
  readonly witness: OverflowWitness;
  readonly witnessed: Witness;
  readonly attempts: ExecutionAttempts;
  readonly unlisten: () => void;
  start(count: number, of: { readonly config: string; readonly from?: number }): void;
} {
  const world = new World();
  const pool = poolIn(world, slots, () => undefined);
  const witness = new OverflowWitness();
  const unlisten = pool.overflow.listen(AFTER_MS, witness);
  const witnessed = new Witness();
  const attempts = pool.attach({ id: "e", name: "e" }, witnessed);
  return {
    world,
    pool,
    overflow: pool.overflow,
    witness,
    witnessed,
    attempts,
    unlisten,
    start(count, { config, from = 0 }) {
      for (let node = from; node < from + count; node += 1) attempts.start(attemptOf("sleep", { node, config }));
    },
  };
}

/** Attempts take the milliseconds of their config. */
function poolIn(world: World, slots: number, ran: (node: number) => void): Pool {
  return createInlinePool({
    handlers: FIXTURE_HANDLERS,
    slots,
    abortGraceMs: 100,
    clock: world,
    turns: world,
    report: () => undefined,
    run: (attempt) => {
      ran(attempt.node);
      return new Promise((resolve) => {
        world.after(Number(attempt.config), () => resolve({ type: "completed", output: "null" }));
      });
    },
  });
}

function nodesOf(spilled: readonly Spilled[]): readonly AttemptKey["node"][] {
  return spilled.map(({ attempt }) => attempt.node);
}
