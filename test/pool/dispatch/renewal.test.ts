/** Other code for a pool that runs: in all of its hosts at once, or in none. */
import { afterEach, expect, test } from "bun:test";
import { systemClock } from "../../../src/env/clock.ts";
import { systemTurns } from "../../../src/env/turns.ts";
import { createInlinePool } from "../../../src/pool/inline-pool.ts";
import type { ExecutionAttempts, Outcome, Pool } from "../../../src/pool/pool.ts";
import { createThreadPool } from "../../../src/pool/thread-pool.ts";
import { attemptOf, type FixtureSettings, loadFixture } from "../fixtures/behaviours.ts";
import { Witness } from "../witness.ts";

const ENTRY = new URL("../fixtures/host.ts", import.meta.url);
const MACHINE = { clock: systemClock, turns: systemTurns };

let open: Pool | null = null;
let reports: string[] = [];
afterEach(async () => {
  await open?.close();
  open = null;
  reports = [];
});

function started(threads: number, settings: FixtureSettings, slotsPerThread = 100): Pool {
  const report = (sentence: string): void => void reports.push(sentence);
  open = createThreadPool({ ...MACHINE, entry: ENTRY, settings, threads, slotsPerThread, abortGraceMs: 50, report });
  return open;
}

function attached(pool: Pool): { readonly attempts: ExecutionAttempts; readonly witness: Witness } {
  const witness = new Witness();
  return { attempts: pool.attach({ id: "e", name: "e" }, witness), witness };
}

const said = (word: string): Outcome => ({ type: "completed", output: JSON.stringify(word) });
const newGate = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));

/** What each of so many attempts answers, together on all threads. */
async function words({ attempts, witness }: ReturnType<typeof attached>, from: number, count: number): Promise<readonly Outcome[]> {
  for (let node = from; node < from + count; node += 1) attempts.start(attemptOf("word", { node }));
  const ends: Outcome[] = [];
  for (let node = from; node < from + count; node += 1) ends.push((await witness.end(node)).outcome);
  return ends;
}

test("what begins after it runs the new code in every thread, what had begun ends with the old, what waited gets the new", async () => {
  const gate = newGate();
  const pool = started(2, { load: "well", word: "old", gate }, 2);
  const told: string[] = [];
  await pool.ready();
  pool.onHandlers(() => told.push(pool.handlers().get("word")?.name ?? "none"));
  const both = attached(pool);
  // Four fill the slots, two wait behind them.
  for (let node = 0; node < 6; node += 1) both.attempts.start(attemptOf("word at the gate", { node }));
  for (let node = 0; node < 4; node += 1) await both.witness.begin(node);
  expect(await pool.renew({ load: "well", word: "new", gate } satisfies FixtureSettings)).toMatchObject({ ok: true });
  expect(told).toEqual(["new"]);
  expect(pool.load().threads).toBe(2);
  expect(await words(both, 10, 20)).toEqual(new Array(20).fill(said("new")));
  Atomics.store(gate, 0, 1);
  for (let node = 0; node < 6; node += 1) expect((await both.witness.end(node)).outcome).toEqual(said(node < 4 ? "old" : "new"));
  expect(reports).toEqual([]);
});

test("where one thread of several cannot load it, none runs it, and a thread that ends is replaced with the old code", async () => {
  const pool = started(2, { load: "well", word: "old" });
  await pool.ready();
  const both = attached(pool);
  const loads = newGate();
  expect(await pool.renew({ load: "well", word: "new", loads } satisfies FixtureSettings)).toEqual({
    ok: false,
    faults: ["The disk is full."],
  });
  expect(loads[0]).toBe(2);
  both.attempts.start(attemptOf("exit", { node: 1 }));
  both.attempts.start(attemptOf("exit", { node: 2 }));
  await both.witness.endsOf(2);
  expect(await words(both, 10, 20)).toEqual(new Array(20).fill(said("old")));
  expect(await pool.renew({ load: "with faults" } satisfies FixtureSettings)).toEqual({
    ok: false,
    faults: ["handlers/a.ts has no name.", "handlers/b.ts has no name."],
  });
  expect(await words(both, 40, 2)).toEqual([said("old"), said("old")]);
});

test("the child process of suspects gets it too, and a thread that is replaced later", async () => {
  const pool = started(1, { load: "well", word: "old" });
  await pool.ready();
  const { attempts, witness } = attached(pool);
  attempts.start(attemptOf("word", { node: 1, suspect: true }));
  expect((await witness.end(1)).outcome).toEqual(said("old"));
  await pool.renew({ load: "well", word: "new" } satisfies FixtureSettings);
  attempts.start(attemptOf("word", { node: 2, suspect: true }));
  expect((await witness.end(2)).outcome).toEqual(said("new"));
  attempts.start(attemptOf("exit", { node: 3 }));
  await witness.end(3);
  attempts.start(attemptOf("word", { node: 4 }));
  expect((await witness.end(4)).outcome).toEqual(said("new"));
});

test("a renewal under load loses nothing and runs nothing twice", async () => {
  const pool = started(2, { load: "well", word: "0" }, 50);
  await pool.ready();
  const { attempts, witness } = attached(pool);
  const count = 2_000;
  for (let node = 0; node < count; node += 1) attempts.start(attemptOf("word", { node }));
  for (let round = 1; round <= 3; round += 1) await pool.renew({ load: "well", word: `${round}` } satisfies FixtureSettings);
  await witness.endsOf(count);
  const nodes = witness.ends.filter(({ outcome }) => outcome.type === "completed").map(({ node }) => node);
  expect(nodes.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, node) => node));
  expect(pool.load()).toEqual({ threads: 2, begun: 0, waiting: 0 });
});

test("an inline pool can be given other code too", async () => {
  const first = await loadFixture({ load: "well", word: "old" } satisfies FixtureSettings);
  const second = await loadFixture({ load: "well", word: "new" } satisfies FixtureSettings);
  if (!first.ok || !second.ok) throw new Error("The fixtures load.");
  const pool = createInlinePool({ ...MACHINE, ...first, slots: 10, abortGraceMs: 50, report: (sentence) => void reports.push(sentence) });
  open = pool;
  await pool.ready();
  const both = attached(pool);
  expect(await words(both, 0, 1)).toEqual([said("old")]);
  expect(await pool.renew(second)).toMatchObject({ ok: true });
  expect(await words(both, 1, 1)).toEqual([said("new")]);
});
