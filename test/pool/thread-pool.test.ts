/** The pool of threads: the contract, and what only threads can show. */
import { afterEach, describe, expect, test } from "bun:test";
import { systemClock } from "../../src/env/clock.ts";
import { systemTurns } from "../../src/env/turns.ts";
import type { ExecutionAttempts, Outcome, Pool } from "../../src/pool/pool.ts";
import { createThreadPool } from "../../src/pool/thread-pool.ts";
import { overflowContract } from "../contracts/overflow.ts";
import { type MakePool, poolContract } from "../contracts/pool.ts";
import { attemptOf, type FixtureSettings } from "./fixtures/behaviours.ts";
import { OverflowWitness } from "./overflow-witness.ts";
import { Witness } from "./witness.ts";

const ENTRY = new URL("./fixtures/host.ts", import.meta.url);
const MACHINE = { entry: ENTRY, clock: systemClock, turns: systemTurns };

const makePool: MakePool = ({ slots, abortGraceMs, report }) =>
  createThreadPool({ ...MACHINE, settings: { load: "well" }, threads: 1, slotsPerThread: slots, abortGraceMs, report });

poolContract("thread", makePool);
overflowContract("thread", makePool);

describe("threads", () => {
  let open: Pool | null = null;
  let reports: string[] = [];

  afterEach(async () => {
    await open?.close();
    open = null;
    reports = [];
  });

  function started(threads: number, settings: FixtureSettings = { load: "well" }, entry = ENTRY): Pool {
    const report = (sentence: string): void => void reports.push(sentence);
    open = createThreadPool({ ...MACHINE, entry, settings, threads, slotsPerThread: 100, abortGraceMs: 50, report });
    return open;
  }

  function attached(pool: Pool, id = "e"): { readonly attempts: ExecutionAttempts; readonly witness: Witness } {
    const witness = new Witness();
    return { attempts: pool.attach({ id, name: id }, witness), witness };
  }

  test("as many as asked for work at once", async () => {
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const pool = started(3, { load: "well", word: "held", gate });
    const { attempts, witness } = attached(pool);
    // Each blocks a thread until all three are there to be told of.
    for (let node = 0; node < 3; node += 1) attempts.start(attemptOf("thread at the gate", { node }));
    for (let node = 0; node < 3; node += 1) await witness.begin(node);
    expect(witness.ends).toEqual([]);
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    await witness.endsOf(3);
  });

  test("what waits behind attempts that hold their threads is a surplus, and what leaves begins on none of them", async () => {
    const pool = started(2);
    const listener = new OverflowWitness();
    pool.overflow.listen(50, listener);
    const { attempts, witness } = attached(pool);
    for (let node = 0; node < 60; node += 1) attempts.start(attemptOf("spin", { node, config: "20" }));
    await listener.nextSurplus();
    const gone = pool.overflow.spill(60, () => true).map(({ attempt }) => attempt.node);
    expect(gone.length).toBeGreaterThan(0);
    await witness.endsOf(60 - gone.length);
    expect([...gone, ...witness.ends.map(({ node }) => node)].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, at) => at));
    pool.overflow.takeIn(gone.map((node) => ({ execution: "e", node, attempt: 1 })));
    await witness.endsOf(60);
  });

  test("a blocked thread starves nobody: what is behind it runs on another, what comes later too", async () => {
    const { attempts, witness } = attached(started(1));
    attempts.start(attemptOf("spin for ever", { node: 0 }));
    for (let node = 1; node <= 20; node += 1) attempts.start(attemptOf("noop", { node }));
    await witness.endsOf(20);
    expect(witness.ends.every(({ node, outcome }) => node > 0 && outcome.type === "completed")).toBe(true);
    attempts.start(attemptOf("noop", { node: 21 }));
    await witness.end(21);
    attempts.abort("The test is over.");
    expect((await witness.end(0)).outcome).toEqual({ type: "lost", death: false });
  });

  test("an attempt that loops for ever fails by its timeout, and its thread is replaced", async () => {
    const pool = started(1);
    const { attempts, witness } = attached(pool);
    attempts.start(attemptOf("spin for ever", { node: 1, timeoutMs: 30 }));
    expect((await witness.end(1)).outcome).toMatchObject({ type: "failed", failure: { kind: "timeout" } });
    attempts.start(attemptOf("noop", { node: 2 }));
    await witness.end(2);
  });

  test("a thread that is ended in the middle of a blocking call is not waited for", async () => {
    const { attempts, witness } = attached(started(1));
    attempts.start(attemptOf("sleepSync", { node: 1, config: "2000", timeoutMs: 30 }));
    const { outcome, beganAtMs } = await witness.end(1);
    expect(outcome).toMatchObject({ type: "failed", failure: { kind: "timeout" } });
    attempts.start(attemptOf("noop", { node: 2 }));
    // That it came before the call was over is the promise; both times are from the same clock.
    expect((await witness.end(2)).beganAtMs).toBeLessThan(beganAtMs + 2_000);
  });

  test("an attempt that exits is lost and may be to blame, and so is what had begun beside it; what waited runs", async () => {
    const { attempts, witness } = attached(started(1));
    attempts.start(attemptOf("until aborted", { node: 1 }));
    await witness.begin(1);
    attempts.start(attemptOf("exit", { node: 2 }));
    for (let node = 3; node < 10; node += 1) attempts.start(attemptOf("noop", { node }));
    await witness.endsOf(9);
    const lost: Outcome = { type: "lost", death: true };
    expect(witness.ends.filter(({ node }) => node <= 2).map(({ outcome }) => outcome)).toEqual([lost, lost]);
    expect(witness.ends.filter(({ node }) => node > 2).map(({ outcome }) => outcome.type)).toEqual(new Array(7).fill("completed"));
    expect(reports.join("\n")).toContain("died");
  });

  test("what had ended before its thread died keeps its outcome", async () => {
    const { attempts, witness } = attached(started(1));
    for (let node = 0; node < 50; node += 1) attempts.start(attemptOf("noop", { node }));
    attempts.start(attemptOf("exit", { node: 50 }));
    await witness.endsOf(51);
    const completed = witness.ends.filter(({ outcome }) => outcome.type === "completed");
    expect(completed.map(({ node }) => node)).toEqual(Array.from({ length: 50 }, (_, node) => node));
  });

  test("what is thrown or rejected after an attempt's end is reported, and the thread lives", async () => {
    const entry = Bun.fileURLToPath(new URL("./fixtures/late.ts", import.meta.url));
    const apart = Bun.spawn([process.execPath, entry], { stdout: "pipe", stderr: "inherit" });
    const { before, after, reports: heard } = JSON.parse(await apart.stdout.text());
    expect(after.outcome).toEqual(before.outcome);
    expect(heard.map((sentence: string) => sentence.split("\n")[0])).toEqual([
      "A handler threw outside its attempt: Error: thrown after its end",
      "A handler threw outside its attempt: Error: rejected after its end",
    ]);
  });

  test("a suspect runs in a process of its own, where its death harms nobody here", async () => {
    const { attempts, witness } = attached(started(1));
    attempts.start(attemptOf("until aborted", { node: 1 }));
    await witness.begin(1);
    attempts.start(attemptOf("where", { node: 2, suspect: true }));
    attempts.start(attemptOf("where", { node: 3 }));
    const inChild = (await witness.end(2)).outcome;
    expect(JSON.stringify(inChild)).not.toContain(`${process.pid}/`);
    expect(JSON.stringify((await witness.end(3)).outcome)).toContain(`${process.pid}/`);
    attempts.start(attemptOf("abort", { node: 4, suspect: true }));
    expect((await witness.end(4)).outcome).toMatchObject({ type: "failed", failure: { kind: "poison", retryable: false } });
    expect(witness.ends).toHaveLength(3);
    attempts.abort("The test is over.");
    await witness.end(1);
  });

  test("code in a thread and in a child process sees the environment that it is given, and no other", async () => {
    const environment = { OWN: "of the user", PATH: process.env.PATH ?? "" };
    const report = (sentence: string): void => void reports.push(sentence);
    const limits = { threads: 1, slotsPerThread: 10, abortGraceMs: 50 };
    open = createThreadPool({ ...MACHINE, ...limits, environment, settings: { load: "well" }, report });
    const { attempts, witness } = attached(open);
    for (const suspect of [false, true]) {
      attempts.start(attemptOf("environment", { node: Number(suspect), suspect }));
      const { outcome } = await witness.end(Number(suspect));
      const {
        NODE_CHANNEL_FD: _,
        NODE_CHANNEL_SERIALIZATION_MODE: __,
        ...seen
      } = outcome.type === "completed" ? JSON.parse(outcome.output) : {};
      expect(seen).toEqual(environment);
    }
  });

  test("every fault of the handlers rejects ready, by its own sentence", async () => {
    const ready = started(2, { load: "with faults" }).ready();
    await expect(ready).rejects.toThrow("handlers/a.ts has no name.\nhandlers/b.ts has no name.");
  });

  test("what a handler's module throws while it loads rejects ready", async () => {
    await expect(started(1, { load: "and throw" }).ready()).rejects.toThrow("handlers/c.ts cannot be read.");
  });

  test("an entry that cannot be loaded rejects ready", async () => {
    const nowhere = new URL("./fixtures/nowhere.ts", import.meta.url);
    await expect(started(1, { load: "well" }, nowhere).ready()).rejects.toThrow("The thread or process ended while it loaded the handlers");
  });

  test("a replacement that cannot be loaded is tried again, with growing pauses, and what waits runs in the end", async () => {
    const loads = new Int32Array(new SharedArrayBuffer(4));
    const pool = started(1, { load: "well", loads });
    await pool.ready();
    const { attempts, witness } = attached(pool);
    attempts.start(attemptOf("exit", { node: 1 }));
    await witness.end(1);
    attempts.start(attemptOf("noop", { node: 2 }));
    expect((await witness.end(2)).outcome).toEqual({ type: "completed", output: "null" });
    const pauses = reports.flatMap((sentence) => sentence.match(/next try is in (\d+) ms.*The disk is full\./)?.slice(1) ?? []);
    expect(pauses).toEqual(["100", "200", "400"]);
    expect(loads[0]).toBe(5);
  });
});
