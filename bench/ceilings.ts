/** What the machine gives without an engine: batched round trips to threads, and packed commits to SQLite. The engine's figures are fractions of these. */
import { Database } from "bun:sqlite";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { benchFolder } from "./engine.ts";

/** As in the engine: so many attempts are a message, of so many numbers and a short text each; three numbers and a text come back. */
const BATCH = 512;
const NUMBERS = 15;
const COMMIT_EVENTS = 4_000;
/** About what the event of a noop node takes in the log. */
const EVENT = '["completed","n1234",1,1763700000000,1763700000450,0,null],\n';

/** `run` resolves when `items` attempts, in batches, have been to the threads and back. */
export async function threadRoundTrips(threads: number): Promise<{ run(items: number): Promise<void>; stop(): void }> {
  const workers = Array.from({ length: threads }, () => new Worker(new URL("./echo-thread.ts", import.meta.url)));
  let open = 0;
  let finished: (() => void) | null = null;
  for (const worker of workers) {
    worker.onmessage = ({ data }: MessageEvent<Int32Array | string>) => {
      if (typeof data === "string") return;
      open -= data.length / 3;
      if (open === 0) finished?.();
    };
  }
  return {
    run(items) {
      open = items;
      const { promise, resolve } = Promise.withResolvers<void>();
      finished = resolve;
      for (let from = 0, turn = 0; from < items; from += BATCH, turn += 1) {
        const size = Math.min(BATCH, items - from);
        workers[turn % threads]?.postMessage("n1234".repeat(size));
        workers[turn % threads]?.postMessage(new Float64Array(NUMBERS * size));
      }
      return promise;
    },
    stop() {
      for (const worker of workers) worker.terminate();
    },
  };
}

/** The log of `events` events as a few large rows, a transaction each, on this thread; WAL and synchronous=FULL as in the engine. */
export function packedCommits(): { run(events: number): void; stop(): void } {
  const folder = benchFolder();
  const db = new Database(join(folder, "raw.db"), { create: true });
  db.run("PRAGMA journal_mode = WAL");
  db.run("PRAGMA synchronous = FULL");
  db.run("PRAGMA wal_autocheckpoint = 4000");
  db.run("CREATE TABLE log (execution TEXT, last INTEGER, events TEXT, PRIMARY KEY (execution, last))");
  const append = db.query("INSERT INTO log VALUES (?, ?, ?)");
  let execution = 0;
  return {
    run(events) {
      execution += 1;
      for (let from = 0; from < events; from += COMMIT_EVENTS)
        append.run(String(execution), from, EVENT.repeat(Math.min(COMMIT_EVENTS, events - from)));
    },
    stop() {
      db.close();
      rmSync(folder, { recursive: true });
    },
  };
}
