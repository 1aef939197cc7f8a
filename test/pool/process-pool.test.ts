/** The pool of child processes: the contract, and what only processes can show. */
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/env/clock.ts";
import { systemTurns } from "../../src/env/turns.ts";
import type { Pool } from "../../src/pool/pool.ts";
import { createProcessPool } from "../../src/pool/process-pool.ts";
import { poolContract } from "../contracts/pool.ts";
import { attemptOf } from "./fixtures/behaviours.ts";
import { Witness } from "./witness.ts";

const ENTRY = new URL("./fixtures/host.ts", import.meta.url);
const MACHINE = { entry: ENTRY, settings: { load: "well" }, clock: systemClock, turns: systemTurns };

poolContract("process", (options) => createProcessPool({ ...MACHINE, ...options }));

describe("child processes", () => {
  let pool: Pool | null = null;

  afterEach(async () => {
    await pool?.close();
  });

  function started(): { readonly attempts: ReturnType<Pool["attach"]>; readonly witness: Witness } {
    pool = createProcessPool({ ...MACHINE, slots: 100, abortGraceMs: 50, report: () => undefined });
    const witness = new Witness();
    return { attempts: pool.attach({ id: "e", name: "e" }, witness), witness };
  }

  test("when a child dies, all that had begun in it is lost by death, and what had not runs", async () => {
    const { attempts, witness } = started();
    attempts.start(attemptOf("until aborted", { node: 1 }));
    await witness.begin(1);
    attempts.start(attemptOf("abort", { node: 2 }));
    attempts.start(attemptOf("noop", { node: 3 }));
    await witness.endsOf(3);
    expect((await witness.end(1)).outcome).toEqual({ type: "lost", death: true });
    expect((await witness.end(2)).outcome).toEqual({ type: "lost", death: true });
    expect((await witness.end(3)).outcome).toEqual({ type: "completed", output: "null" });
  });

  test("what a process that was killed has left behind is removed, and what a living one needs stays", async () => {
    const dead = Bun.spawnSync([process.execPath, "-e", "0"]).pid;
    const [left, kept] = [`troupe-slots-${dead}-test`, `troupe-slots-${process.pid}-test`].map((name) => join(tmpdir(), name));
    for (const folder of [left, kept]) mkdirSync(folder as string, { recursive: true });
    const { attempts, witness } = started();
    attempts.start(attemptOf("noop", { node: 1 }));
    await witness.end(1);
    expect([existsSync(left as string), existsSync(kept as string)]).toEqual([false, true]);
    rmdirSync(kept as string);
  });

  for (const handler of ["abort", "exit"]) {
    test(`what is alone in a child that dies by "${handler}" is poison`, async () => {
      const { attempts, witness } = started();
      attempts.start(attemptOf(handler, { node: 1 }));
      const { outcome } = await witness.end(1);
      expect(outcome).toMatchObject({ type: "failed", failure: { kind: "poison", code: "poison", retryable: false } });
    });
  }

  test("groups halve until the one that kills is found, and everything else completes", async () => {
    const { attempts, witness } = started();
    const KILLER = 11;
    const start = (node: number, attempt: number): void => {
      attempts.start(attemptOf(node === KILLER ? "kill later" : "sleep", { node, attempt, config: "20" }));
    };
    for (let node = 0; node < 20; node += 1) start(node, 1);
    const verdicts = new Map<number, string>();
    for (let seen = 0; verdicts.size < 20; seen += 1) {
      const ends = await witness.endsOf(seen + 1);
      const { node, attempt, outcome } = ends[seen] ?? { node: -1, attempt: 0, outcome: { type: "released" as const } };
      attempts.settle(node, attempt);
      if (outcome.type === "lost") start(node, attempt + 1);
      else verdicts.set(node, outcome.type === "failed" ? outcome.failure.kind : outcome.type);
    }
    expect([...verdicts].filter(([, verdict]) => verdict !== "completed")).toEqual([[KILLER, "poison"]]);
  });

  test("what loops for ever in a child fails by its timeout, and does not starve the other suspects", async () => {
    const { attempts, witness } = started();
    attempts.start(attemptOf("spin for ever", { node: 1, timeoutMs: 2_000 }));
    for (let node = 2; node < 10; node += 1) attempts.start(attemptOf("noop", { node }));
    await witness.endsOf(9);
    expect(witness.ends.map(({ node }) => node).at(-1)).toBe(1);
    expect((await witness.end(1)).outcome).toMatchObject({ type: "failed", failure: { kind: "timeout" } });
  });

  test("a child ends when its parent is gone, even if its main thread is blocked", async () => {
    const parent = Bun.spawn([process.execPath, Bun.fileURLToPath(new URL("./fixtures/parent.ts", import.meta.url))], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const reader = parent.stdout.getReader();
    const { value } = await reader.read();
    const child = Number(new TextDecoder().decode(value));
    expect(isAlive(child)).toBe(true);
    parent.kill("SIGKILL");
    await parent.exited;
    await waitFor(() => !isAlive(child), `the child process ${child} has ended by itself`);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // No such process: that is the answer.
    return false;
  }
}

/** Nobody tells of a process that is not ours: it is looked at again and again. */
async function waitFor(fact: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 20_000;
  while (!fact()) {
    if (performance.now() > endMs) throw new Error(`Not within 20 s: ${what}. End it by hand, and look at src/pool/host/parent-watch.ts.`);
    await Bun.sleep(5);
  }
}
