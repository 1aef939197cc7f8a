/** What goes to the SQLite thread to be written: a commit and a create in one message and one transaction, each answered for itself. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SqliteThread } from "../../../src/store/sqlite/client.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import type { CommitAnswer, Lease, Store } from "../../../src/store/store.ts";
import { rejectionOf } from "../../contracts/rejection.ts";
import { inlineThread } from "./inline-thread.ts";
import { commitId, entryAfter, newExecution } from "../made.ts";

const APPLIED: CommitAnswer = { type: "done", entries: [{ type: "applied" }] };

describe("a commit and a create in the same breath", () => {
  let dataDir: string;
  let store: Store;
  let lease: Lease;
  let sent: string[];

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), "troupe-line-"));
    sent = [];
    store = await openSqliteStore({ dataDir, textBytesMax: 2_000, spawn: () => noting(inlineThread(), sent) });
    await store.create([newExecution("e1")]);
    lease = await store.acquire(0, "boot-1");
    sent.length = 0;
  });
  afterEach(async () => {
    await store.close();
    rmSync(dataDir, { recursive: true });
  });

  const commit = (number: number, sequence: number) =>
    store.commit(0, { id: commitId(lease, number), entries: [entryAfter(sequence, "e1")], cleanEnd: false });

  test("are one message, and so one transaction", async () => {
    const answers = await Promise.all([commit(1, 1), store.create([newExecution("e2")])]);
    expect(answers).toEqual([APPLIED, ["created"]]);
    expect(sent).toEqual(["write"]);
    expect((await store.load("e2"))?.chunks).toHaveLength(1);
    expect((await store.load("e1"))?.chunks).toHaveLength(2);
  });

  test("that come while another is under way go together after it", async () => {
    const first = commit(1, 1);
    await Promise.resolve();
    const answers = await Promise.all([first, commit(2, 2), store.create([newExecution("e2")])]);
    expect(answers).toEqual([APPLIED, APPLIED, ["created"]]);
    expect(sent).toEqual(["commit", "write"]);
  });

  test("do each other no harm: what can never be stored is refused, and the other is written", async () => {
    const tooLong = newExecution("e2", {}, { definitionText: "x".repeat(3_000) });
    const [committed, refused] = await Promise.all([commit(1, 1), rejectionOf(store.create([tooLong]))]);
    expect(committed).toEqual(APPLIED);
    expect(refused).toBeInstanceOf(RangeError);
    expect(await store.summary("e2")).toBeNull();
  });

  test("are answered as by themselves: a fenced commit, a create that was there", async () => {
    await store.acquire(0, "boot-2");
    const answers = await Promise.all([commit(1, 1), store.create([newExecution("e1"), newExecution("e3")])]);
    expect(answers).toEqual([{ type: "fenced" }, ["exists", "created"]]);
  });
});

describe("what retention deletes", () => {
  let dataDir: string;
  let store: Store;
  let sent: string[];

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), "troupe-line-"));
    sent = [];
    store = await openSqliteStore({ dataDir, spawn: () => noting(inlineThread(), sent) });
  });
  afterEach(async () => {
    await store.close();
    rmSync(dataDir, { recursive: true });
  });

  const create = (id: string) => store.create([newExecution(id)]);
  const sweep = () => store.sweep({ nowMs: 10_000, finishedMs: 1_000, untriggeredMs: 1_000, limit: 1_000 });

  test("goes behind every write that waits", async () => {
    const first = create("e1");
    await Promise.resolve();
    await Promise.all([first, sweep(), create("e2"), create("e3")]);
    expect(sent).toEqual(["create", "create", "create", "sweep"]);
    expect(await store.list({ limit: 10 })).toEqual([]);
  });

  test("has its turn where writes never end", async () => {
    let isSwept = false;
    const swept = sweep().then(() => {
      isSwept = true;
    });
    const writes: Promise<unknown>[] = [];
    // Two wait at any time.
    for (let at = 0; !isSwept && at < 1_000; at++) {
      writes.push(create(`e${at}`));
      if (writes.length > 2) await writes.shift();
    }
    await swept;
    expect(sent.indexOf("sweep")).toBeGreaterThan(0);
    expect(sent.indexOf("sweep")).toBeLessThan(20);
    await Promise.all(writes);
  });

  test("goes in transactions of a hundred", async () => {
    await store.create(Array.from({ length: 250 }, (_, at) => newExecution(`e${at}`)));
    sent.length = 0;
    expect(await sweep()).toBe(250);
    expect(sent).toEqual(["sweep", "sweep", "sweep"]);
  });
});

function noting(thread: SqliteThread, sent: string[]): SqliteThread {
  const post = thread.postMessage.bind(thread);
  return Object.assign(thread, {
    postMessage(request: readonly unknown[]) {
      const name = String(request[1]);
      if (["commit", "create", "write", "sweep"].includes(name)) sent.push(name);
      post(request);
    },
  });
}
