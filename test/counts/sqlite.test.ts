/** What a small execution costs the file: pages of its journal, counted, where executions arrive one by one. */
import { afterAll, beforeAll, describe, test } from "bun:test";
import type { Database } from "bun:sqlite";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packCommit, packNew, unpackCommit, unpackNew } from "../../src/store/sqlite/thread/pack.ts";
import { openDatabase } from "../../src/store/sqlite/thread/schema.ts";
import { SqliteWrites } from "../../src/store/sqlite/thread/writes.ts";
import type { CommitEntry, Lease, NewExecution, Summary } from "../../src/store/store.ts";
import { newExecution } from "../store/made.ts";
import { expectAtMost } from "./counted-engine.ts";

const NOW_MS = 1_763_700_000_000;
const HASH = "0123456789abcdef".repeat(4);
const COMPLETED = `["completed","node",1,${NOW_MS},${NOW_MS},0,null]`;

describe("executions of 5 nodes at 1,000 a second, of which two share a transaction of two milliseconds", () => {
  let folder: string;
  let file: string;
  let db: Database;
  let writes: SqliteWrites;
  let lease: Lease;
  let number = 0;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "troupe-counts-"));
    file = join(folder, "troupe.db");
    db = openDatabase(file, { busyTimeoutMs: 100, fileBytesMax: null });
    writes = new SqliteWrites(db, 1_000_000, () => undefined);
    lease = writes.acquire(0, Bun.randomUUIDv7());
    // Its tables are as deep as they are for long.
    steadily(1_000);
  });
  afterAll(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });

  test("write at most 33 KB each to the journal", () => {
    const executions = 1_000;
    let bytes = 0;
    for (let part = 0; part < 10; part++) {
      db.query("PRAGMA wal_checkpoint(TRUNCATE)").values();
      steadily(executions / 10);
      bytes += statSync(`${file}-wal`).size;
    }
    // Seen: 31.4. It was 46 with an index over all states and one over all creations, and creates in transactions of their own.
    expectAtMost("bytes of the journal an execution", bytes / executions, 33_000);
  });

  /** In each transaction two are created, two triggered, and of two each the root, the middle and the join have ended. */
  function steadily(executions: number): void {
    let underWay: Summary[] = [];
    for (let begun = 0; begun < executions || underWay.length > 0; begun += 2) {
      const born = begun < executions ? [born1(), born1()] : [];
      const entries = underWay.map(next);
      const commit = { id: { bootId: lease.bootId, epoch: lease.epoch, number: ++number }, entries, cleanEnd: false };
      writes.together(unpackCommit(packCommit(0, commit)), unpackNew(packNew(born)));
      underWay = [...entries.map(({ summary }) => summary).filter(({ closed }) => !closed), ...born.map(({ summary }) => summary)];
    }
  }
});

function born1(): NewExecution {
  const id = Bun.randomUUIDv7();
  const made = newExecution(
    id,
    { name: "fan-out", definition: HASH, total: 5, createdAtMs: NOW_MS, updatedAtMs: NOW_MS },
    { bodyHash: HASH },
  );
  return { ...made, chunk: { ...made.chunk, text: `[["created",${NOW_MS},"fan-out","${HASH}"]]` } };
}

function next(before: Summary): CommitEntry {
  const step = STEPS[before.status === "PENDING" ? 0 : before.completed === 0 ? 1 : before.completed === 1 ? 2 : 3];
  if (step === undefined) throw new Error("There are four steps.");
  const summary = { ...before, ...step.summary, sequence: before.sequence + step.events.length };
  const chunk = { from: before.sequence + 1, to: summary.sequence, text: `[${step.events.join(",\n")}]` };
  return { summary, chunk, large: [] };
}

const STEPS: readonly { readonly summary: Partial<Summary>; readonly events: readonly string[] }[] = [
  {
    summary: { status: "RUNNING", triggeredAtMs: NOW_MS, startedAtMs: NOW_MS },
    events: [`["triggered",${NOW_MS},0]`, `["started",${NOW_MS}]`],
  },
  { summary: { completed: 1 }, events: [COMPLETED] },
  { summary: { completed: 4 }, events: [COMPLETED, COMPLETED, COMPLETED] },
  {
    summary: { completed: 5, status: "COMPLETED", finishedAtMs: NOW_MS, closed: true },
    events: [COMPLETED, `["finished",${NOW_MS},"COMPLETED",null,null]`, `["closed",${NOW_MS}]`],
  },
];
