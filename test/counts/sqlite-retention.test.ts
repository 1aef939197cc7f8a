/** What the file is written for each execution that retention deletes: pages of its journal, counted. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { commitId, entryAfter, newExecution } from "../store/made.ts";
import { expectAtMost } from "./counted-engine.ts";

const EXECUTIONS = 1_000;
/** As they come in a busy moment. */
const AT_ONCE = 10;
const EVENTS = `[${Array(5).fill(`["completed","node",1,1763700000000,1763700000450,0,null]`).join(",\n")}]`;

describe(`${EXECUTIONS} executions of 5 nodes that have ended`, () => {
  let dataDir: string;

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), "troupe-counts-"));
    const store = await openSqliteStore({ dataDir });
    const lease = await store.acquire(0, "boot-1");
    const hash = "0123456789abcdef".repeat(4);
    for (let number = 1; number <= EXECUTIONS / AT_ONCE; number++) {
      const ids = Array.from({ length: AT_ONCE }, () => Bun.randomUUIDv7());
      const ended = { definition: hash, status: "COMPLETED", finishedAtMs: 1_000 + number, closed: true } as const;
      await store.create(ids.map((id) => newExecution(id, { definition: hash }, { bodyHash: hash })));
      const entries = ids.map((id) => entryAfter(1, id, ended, { text: EVENTS, events: 8 }));
      await store.commit(0, { id: commitId(lease, number), entries, cleanEnd: false });
    }
    // Its journal goes.
    await store.close();
  });
  afterAll(() => rmSync(dataDir, { recursive: true }));

  test("are deleted for at most 5 KB of the journal each", async () => {
    const store = await openSqliteStore({ dataDir });
    const journal = (): number => statSync(join(dataDir, "troupe.db-wal"), { throwIfNoEntry: false })?.size ?? 0;
    const before = journal();
    expect(await store.sweep({ nowMs: 1_000_000, finishedMs: 1, untriggeredMs: 1, limit: EXECUTIONS })).toBe(EXECUTIONS);
    const bytes = journal() - before;
    await store.close();
    // Seen: 1.9 KB. It was 7.6, ten in a transaction.
    expectAtMost("bytes of the journal for each that is deleted", bytes / EXECUTIONS, 5_000);
  });
});
