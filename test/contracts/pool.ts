/** What every pool promises. Each implementation runs this suite from its own test file. */
import { afterEach, describe, expect, test } from "bun:test";
import type { Attempt, ExecutionAttempts, Pool } from "../../src/pool/pool.ts";
import { attemptOf } from "../pool/fixtures/behaviours.ts";
import { Witness } from "../pool/witness.ts";

/** A pool that runs the behaviours of the fixtures. `slots`: how many attempts it has in hand at once, over all its hosts. */
export type MakePool = (options: {
  readonly slots: number;
  readonly abortGraceMs: number;
  readonly report: (sentence: string) => void;
}) => Pool;

export function poolContract(name: string, makePool: MakePool): void {
  describe(`the ${name} pool`, () => {
    const ground = new Ground(makePool);
    afterEach(() => ground.end());

    runPromises(ground);
    tablePromises(ground);
    stopPromises(ground);
    endPromises(ground);
  });
}

function runPromises(ground: Ground): void {
  test("tells the handlers that its hosts have loaded", async () => {
    const pool = ground.pool();
    expect(await pool.ready()).toContainEqual({ name: "echo", names: ["echo"], needs: [] });
    expect(pool.handlers().get("echo")).toMatchObject({ name: "echo" });
    expect(pool.load()).toEqual({ threads: 1, begun: 0, waiting: 0 });
  });

  test("an attempt reaches its handler as it was started, whatever its texts hold", async () => {
    const { attempts, witness } = ground.attached({ id: "e-1", name: 'a "name" 🎭' });
    const parent = { id: "__proto__", status: "COMPLETED", attempt: 3, error: null, output: `"${"é🎭".repeat(10_000)}"` };
    const failed = { id: "1", status: "FAILED", attempt: 1, error: "why\n", output: null };
    const given: readonly Attempt[] = [
      attemptOf("echo", {
        node: 7,
        nodeId: "constructor",
        scope: [parent, failed],
        parents: [failed, parent],
        config: '{"a":"{{ 1.x }}"}',
      }),
      attemptOf("echo", {
        node: 8,
        nodeId: "a-b",
        attempt: 2,
        fromTrigger: ["__proto__", "🎭"],
        params: '{"n":9007199254740993}',
        priority: 0,
      }),
      attemptOf("echo", { node: 9, runtime: "{}", config: "", parents: [parent], timeoutMs: 2_592_000_000, priority: 10, suspect: true }),
    ];
    for (const attempt of given) attempts.start(attempt);
    for (const attempt of given) {
      const { outcome } = await witness.end(attempt.node, attempt.attempt);
      const output = outcome.type === "completed" ? JSON.parse(outcome.output) : outcome;
      expect(output).toEqual({ attempt, executionId: "e-1", executionName: 'a "name" 🎭' });
    }
  });

  test("an outcome is told as it was given, with the time of its begin", async () => {
    const { attempts, witness } = ground.attached();
    const beforeMs = Date.now();
    attempts.start(attemptOf("noop", { node: 1 }));
    attempts.start(attemptOf("fail", { node: 2, config: "card declined 🎭" }));
    const completed = await witness.end(1);
    expect(completed.outcome).toEqual({ type: "completed", output: "null" });
    expect(completed.beganAtMs).toBeGreaterThanOrEqual(beforeMs);
    expect(completed.beganAtMs).toBeLessThanOrEqual(Date.now());
    const { outcome } = await witness.end(2);
    expect(outcome).toEqual({ type: "failed", failure: { kind: "handler", code: "asked", message: "card declined 🎭", retryable: false } });
  });

  test("an attempt that throws or rejects fails, and may be retried", async () => {
    const { attempts, witness } = ground.attached();
    attempts.start(attemptOf("throw", { node: 1 }));
    attempts.start(attemptOf("reject", { node: 2 }));
    const failure = { kind: "handler", code: "handler", retryable: true } as const;
    expect((await witness.end(1)).outcome).toEqual({ type: "failed", failure: { ...failure, message: "thrown by the attempt itself" } });
    expect((await witness.end(2)).outcome).toEqual({ type: "failed", failure: { ...failure, message: "rejected by the attempt itself" } });
  });

  test("large outputs come whole, among small ones", async () => {
    const { attempts, witness } = ground.attached();
    const sizes = [3, 1_000_000, 20, 8_190, 8_192, 5_000_000];
    for (const [node, size] of sizes.entries()) attempts.start(attemptOf("large", { node, config: String(size) }));
    for (const [node, size] of sizes.entries()) {
      const { outcome } = await witness.end(node);
      expect(outcome.type === "completed" && outcome.output === `"${"x".repeat(size)}"`).toBe(true);
    }
  });

  test("10,000 attempts all end, each once", async () => {
    const { attempts, witness } = ground.attached();
    for (let node = 0; node < 10_000; node += 1) attempts.start(attemptOf("noop", { node, nodeId: `n${node}` }));
    await witness.endsOf(10_000);
    expect(new Set(witness.ends.map(({ node }) => node)).size).toBe(10_000);
    expect(witness.ends).toHaveLength(10_000);
    expect(ground.pool().load()).toMatchObject({ begun: 0, waiting: 0 });
  });

  test("many attempts wait for others at once", async () => {
    const { attempts, witness } = ground.attached();
    for (let node = 0; node < 300; node += 1) attempts.start(attemptOf("until aborted", { node }));
    attempts.start(attemptOf("noop", { node: 300 }));
    await witness.end(300);
    for (let node = 0; node < 300; node += 1) await witness.begin(node);
    attempts.abort("enough");
    await witness.endsOf(301);
  });

  test("what has no slot waits, and begins by priority, then by order", async () => {
    const { attempts, witness } = ground.attached(undefined, { slots: 1 });
    attempts.start(attemptOf("until aborted", { node: 0 }));
    await witness.begin(0);
    for (const [index, priority] of [1, 5, 9, 5, 10, 0].entries()) attempts.start(attemptOf("noop", { node: index + 1, priority }));
    expect(ground.pool().load()).toEqual({ threads: 1, begun: 1, waiting: 6 });
    expect(attempts.open).toBe(7);
    attempts.abort("make room");
    await witness.endsOf(7);
    expect(witness.ends.map(({ node }) => node)).toEqual([0, 5, 3, 2, 4, 1, 6]);
  });
}

function tablePromises(ground: Ground): void {
  test("what is in the table already is not started again, until it is settled", async () => {
    const { attempts, witness } = ground.attached();
    attempts.start(attemptOf("where", { node: 1 }));
    attempts.start(attemptOf("where", { node: 1 }));
    await witness.end(1);
    attempts.start(attemptOf("where", { node: 1 }));
    attempts.start(attemptOf("noop", { node: 2 }));
    await witness.end(2);
    expect(witness.ends.map(({ node }) => node)).toEqual([1, 2]);
    expect([attempts.size, attempts.open]).toEqual([2, 0]);
    attempts.settle(1, 1);
    expect([attempts.size, attempts.open]).toEqual([1, 0]);
    attempts.start(attemptOf("noop", { node: 1, attempt: 1 }));
    await witness.endsOf(3);
  });

  test("the next attempt of a node may start before the last one is settled", async () => {
    const { attempts, witness } = ground.attached();
    attempts.start(attemptOf("fail", { node: 1, attempt: 1 }));
    await witness.end(1, 1);
    attempts.start(attemptOf("noop", { node: 1, attempt: 2 }));
    attempts.start(attemptOf("noop", { node: 1, attempt: 3 }));
    expect([1, 2, 3, 4].map((attempt) => attempts.holds(1, attempt))).toEqual([true, true, true, false]);
    attempts.settle(1, 1);
    await witness.end(1, 3);
    expect([1, 2, 3].map((attempt) => attempts.holds(1, attempt))).toEqual([false, true, true]);
    attempts.settle(1, 2);
    attempts.settle(1, 3);
    expect(attempts.size).toBe(0);
  });

  test("what has not ended cannot be settled", async () => {
    const { attempts, witness } = ground.attached();
    attempts.start(attemptOf("until aborted", { node: 1 }));
    attempts.settle(1, 1);
    attempts.settle(2, 1);
    expect(attempts.size).toBe(1);
    await witness.begin(1);
    attempts.abort("enough");
    await witness.end(1);
  });

  test("who attaches next is told of unsettled outcomes and of what runs, in a later turn", async () => {
    const first = ground.attached({ id: "e", name: "e" });
    first.attempts.start(attemptOf("until aborted", { node: 1 }));
    first.attempts.start(attemptOf("noop", { node: 2 }));
    first.attempts.start(attemptOf("noop", { node: 3 }));
    const begin = await first.witness.begin(1);
    await first.witness.endsOf(2);
    first.attempts.settle(3, 1);
    first.attempts.detach();

    const second = ground.attached({ id: "e", name: "e" });
    expect(second.witness.ends).toEqual([]);
    second.attempts.start(attemptOf("until aborted", { node: 1 }));
    second.attempts.start(attemptOf("noop", { node: 2 }));
    expect(second.attempts.size).toBe(2);
    expect(await second.witness.begin(1)).toEqual(begin);
    expect(await second.witness.end(2)).toEqual(await first.witness.end(2));
    second.attempts.abort("enough");
    await second.witness.end(1);
    expect(second.witness.ends).toHaveLength(2);
    expect(first.witness.ends).toHaveLength(2);
  });

  test("who has detached is told nothing more; what ends meanwhile is told to the next", async () => {
    const first = ground.attached({ id: "e", name: "e" });
    first.attempts.start(attemptOf("noop", { node: 1 }));
    first.attempts.detach();
    first.attempts.detach();
    const other = ground.attached({ id: "other", name: "other" });
    other.attempts.start(attemptOf("noop", { node: 1 }));
    await other.witness.end(1);
    const second = ground.attached({ id: "e", name: "e" });
    await second.witness.end(1);
    expect(first.witness.ends).toEqual([]);
  });

  test("a table that is empty when its listener detaches is forgotten", async () => {
    const { attempts, witness } = ground.attached({ id: "e", name: "e" });
    attempts.start(attemptOf("noop", { node: 1 }));
    await witness.end(1);
    attempts.settle(1, 1);
    attempts.detach();
    const next = ground.attached({ id: "e", name: "renamed" });
    next.attempts.start(attemptOf("echo", { node: 1 }));
    const { outcome } = await next.witness.end(1);
    expect(outcome.type === "completed" && JSON.parse(outcome.output)).toMatchObject({ executionName: "renamed" });
  });

  test("one attachment an execution, and no start without one", () => {
    const { attempts } = ground.attached({ id: "e", name: "e" });
    expect(() => ground.attached({ id: "e", name: "e" })).toThrow("attached already");
    attempts.detach();
    expect(() => attempts.start(attemptOf("noop"))).toThrow("detached");
  });

  test("a listener that throws keeps nobody else from hearing", async () => {
    const pool = ground.pool();
    const broken = pool.attach(
      { id: "broken", name: "broken" },
      {
        began: () => undefined,
        ended: () => {
          throw new Error("the listener's own fault");
        },
        returned: () => undefined,
      },
    );
    const { attempts, witness } = ground.attached();
    broken.start(attemptOf("noop", { node: 1 }));
    attempts.start(attemptOf("noop", { node: 1 }));
    await witness.end(1);
    expect(ground.reports.join("\n")).toContain("The listener of execution broken threw");
  });
}

function stopPromises(ground: Ground): void {
  test("what has not begun is taken back and never runs; what has begun stays", async () => {
    const { attempts, witness } = ground.attached(undefined, { slots: 2 });
    attempts.start(attemptOf("until aborted", { node: 0 }));
    attempts.start(attemptOf("until aborted", { node: 1 }));
    await witness.begin(0);
    await witness.begin(1);
    for (let node = 2; node < 3_000; node += 1) attempts.start(attemptOf("noop", { node }));
    expect(attempts.size).toBe(3_000);
    expect(attempts.takeBack()).toBe(2);
    expect(attempts.size).toBe(2);
    attempts.start(attemptOf("noop", { node: 2, attempt: 2 }));
    attempts.abort("enough");
    await witness.endsOf(3);
    expect(witness.ends.map(({ node, attempt }) => `${node}:${attempt}`).sort()).toEqual(["0:1", "1:1", "2:2"]);
  });

  test("what is taken back at once, before anything could begin, leaves nothing behind", async () => {
    const { attempts, witness } = ground.attached();
    for (let round = 0; round < 20; round += 1) {
      for (let node = 0; node < 50; node += 1) attempts.start(attemptOf("noop", { node, attempt: round }));
      attempts.takeBack();
    }
    attempts.start(attemptOf("where", { node: 50 }));
    await witness.end(50);
    for (const { node, attempt } of witness.ends) attempts.settle(node, attempt);
    expect(attempts.size).toBe(0);
    expect(ground.pool().load()).toMatchObject({ begun: 0, waiting: 0 });
  });

  test("abort gives its reason to what has begun, and changes nothing else", async () => {
    // On a busy machine a thread may get its signal late.
    const { attempts, witness } = ground.attached(undefined, { slots: 1, abortGraceMs: 60_000 });
    attempts.start(attemptOf("until aborted", { node: 1 }));
    await witness.begin(1);
    attempts.start(attemptOf("noop", { node: 2 }));
    attempts.abort("The client cancelled it.");
    const { outcome } = await witness.end(1);
    expect(outcome).toEqual({ type: "completed", output: '["AbortError","The client cancelled it."]' });
    expect((await witness.end(2)).outcome).toEqual({ type: "completed", output: "null" });
  });

  test("an attempt that runs into its timeout fails by it, however it ends then", async () => {
    const { attempts, witness } = ground.attached();
    attempts.start(attemptOf("until aborted", { node: 1, timeoutMs: 60 }));
    const { outcome, beganAtMs } = await witness.end(1);
    const failure = {
      kind: "timeout",
      code: "timeout",
      message: "The attempt did not end within its timeout of 60 ms.",
      retryable: true,
    } as const;
    expect(outcome).toEqual({ type: "failed", failure });
    expect(Date.now()).toBeGreaterThanOrEqual(beganAtMs + 60);
  });

  test("the timeout of what waits for a slot does not run", async () => {
    const { attempts, witness } = ground.attached(undefined, { slots: 1 });
    attempts.start(attemptOf("until aborted", { node: 1 }));
    attempts.start(attemptOf("noop", { node: 2, timeoutMs: 1 }));
    // Told only when it has run for much longer than the other's timeout.
    await witness.begin(1);
    expect(witness.ends).toEqual([]);
    attempts.abort("make room");
    expect((await witness.end(2)).outcome).toEqual({ type: "completed", output: "null" });
  });

  test("what ignores its timeout ends with its host: it fails, others are lost without blame and can start again", async () => {
    const { attempts, witness } = ground.attached();
    attempts.start(attemptOf("until aborted", { node: 1 }));
    await witness.begin(1);
    attempts.start(attemptOf("deaf", { node: 2, timeoutMs: 100 }));
    expect((await witness.end(2)).outcome).toMatchObject({ type: "failed", failure: { kind: "timeout" } });
    expect((await witness.end(1)).outcome).toEqual({ type: "lost", death: false });
    attempts.settle(1, 1);
    attempts.start(attemptOf("noop", { node: 1, attempt: 2 }));
    expect((await witness.end(1, 2)).outcome).toEqual({ type: "completed", output: "null" });
  });

  test("what ignores an abort is lost with its host", async () => {
    const { attempts, witness } = ground.attached();
    attempts.start(attemptOf("deaf", { node: 1 }));
    await witness.begin(1);
    attempts.abort("enough");
    expect((await witness.end(1)).outcome).toEqual({ type: "lost", death: false });
  });
}

function endPromises(ground: Ground): void {
  test("a clean end forgets what waits, lets finish what can, and gives back the rest", async () => {
    const { attempts, witness } = ground.attached(undefined, { slots: 2 });
    attempts.start(attemptOf("sleep", { node: 1, config: "200" }));
    attempts.start(attemptOf("until aborted", { node: 2 }));
    attempts.start(attemptOf("noop", { node: 3 }));
    await witness.begin(1);
    await witness.begin(2);
    const drained = ground.pool().drain(1_000);
    expect(attempts.size).toBe(2);
    attempts.start(attemptOf("noop", { node: 4 }));
    await drained;
    expect((await witness.end(1)).outcome).toEqual({ type: "completed", output: '"slept"' });
    expect((await witness.end(2)).outcome).toEqual({ type: "released" });
    expect(witness.ends).toHaveLength(2);
    expect(attempts.size).toBe(2);
    attempts.settle(1, 1);
    attempts.settle(2, 1);
    expect(attempts.size).toBe(0);
  });

  test("a clean end with nothing running is over at once", async () => {
    const pool = ground.pool();
    await pool.ready();
    await pool.drain(60_000);
    await pool.close();
    await pool.close();
  });

  test("nothing is told after the close", async () => {
    const { attempts, witness } = ground.attached();
    attempts.start(attemptOf("sleep", { node: 1, config: "10" }));
    await ground.pool().ready();
    await ground.pool().close();
    attempts.start(attemptOf("noop", { node: 2 }));
    expect(witness.ends).toEqual([]);
  });
}

type PoolLimits = { readonly slots?: number; readonly abortGraceMs?: number };

/** The pool under test, made when it is first asked for and closed after each test. */
class Ground {
  readonly reports: string[] = [];
  readonly #makePool: MakePool;
  #pool: Pool | null = null;

  constructor(makePool: MakePool) {
    this.#makePool = makePool;
  }

  pool({ slots = 1_000, abortGraceMs = 100 }: PoolLimits = {}): Pool {
    this.#pool ??= this.#makePool({ slots, abortGraceMs, report: (sentence) => void this.reports.push(sentence) });
    return this.#pool;
  }

  attached(
    execution = { id: "e", name: "e" },
    options: PoolLimits = {},
  ): { readonly attempts: ExecutionAttempts; readonly witness: Witness } {
    const witness = new Witness();
    return { attempts: this.pool(options).attach(execution, witness), witness };
  }

  async end(): Promise<void> {
    await this.#pool?.close();
    this.#pool = null;
    this.reports.length = 0;
  }
}
