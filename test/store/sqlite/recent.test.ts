/** What was written last is read without the SQLite thread, and is what the file has. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { createSqliteServer } from "../../../src/store/sqlite/thread/server.ts";
import type { SqliteThread } from "../../../src/store/sqlite/client.ts";
import type { Reply, Request } from "../../../src/store/sqlite/thread/protocol.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { type Store, StoreUnavailable } from "../../../src/store/store.ts";
import { rejectionOf } from "../../contracts/rejection.ts";
import { commitId, entryAfter, newExecution } from "../made.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "troupe-recent-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

/** The thread's inside without a thread, that tells what it was asked; `loses` says whose answers are lost with the thread. */
function watchedThread() {
  const asked: string[] = [];
  let loses: string | null = null;
  const spawn = (): SqliteThread => {
    const answer = createSqliteServer();
    let died: ((event: Event) => void) | null = null;
    const thread: SqliteThread = {
      onmessage: null,
      terminate: () => void answer([0, "close"]),
      addEventListener: (_type, listener) => {
        died = listener;
      },
      postMessage(request: Request) {
        const [, name] = request;
        asked.push(name);
        const reply: Reply = answer(request);
        const isLost = loses === name;
        if (isLost) loses = null;
        queueMicrotask(() =>
          isLost ? died?.(new Event("close")) : thread.onmessage?.call(null as never, new MessageEvent("message", { data: reply })),
        );
      },
    };
    return thread;
  };
  return { asked, spawn, loseNext: (name: string) => void (loses = name) };
}

const readsOf = (asked: readonly string[]) => asked.filter((name) => ["load", "summary", "chunksAfter"].includes(name));

async function everythingOf(store: Store, id: string, sequence: number) {
  return [await store.summary(id), await store.load(id), await store.chunksAfter(id, sequence)] as const;
}

describe("an execution that was written last", () => {
  test("is read without the thread, from its creation on, and is what the file has", async () => {
    const thread = watchedThread();
    const store = await openSqliteStore({ dataDir, spawn: thread.spawn });
    const lease = await store.acquire(0, "boot-1");
    await store.create([newExecution("e1")]);
    await store.commit(0, { id: commitId(lease, 1), entries: [entryAfter(1, "e1")], cleanEnd: false });
    const read = await everythingOf(store, "e1", 1);
    expect(readsOf(thread.asked)).toEqual([]);
    await store.close();
    const file = await openSqliteStore({ dataDir, recentCharactersMax: 0 });
    expect(await everythingOf(file, "e1", 1)).toEqual(read);
    await file.close();
  });

  test("is read from the file where the answer to a commit was lost, and is what was committed", async () => {
    const thread = watchedThread();
    const store = await openSqliteStore({ dataDir, spawn: thread.spawn });
    const lease = await store.acquire(0, "boot-1");
    await store.create([newExecution("e1")]);
    thread.loseNext("commit");
    const commit = { id: commitId(lease, 1), entries: [entryAfter(1, "e1")], cleanEnd: false };
    expect(await rejectionOf(store.commit(0, commit))).toBeInstanceOf(StoreUnavailable);
    expect((await store.load("e1"))?.chunks).toHaveLength(2);
    expect(readsOf(thread.asked)).toEqual(["load"]);
    expect(await store.commit(0, commit)).toEqual({ type: "done", entries: [{ type: "applied" }] });
    expect((await store.load("e1"))?.chunks).toHaveLength(2);
    await store.close();
  });

  test("is gone when retention has deleted it", async () => {
    const store = await openSqliteStore({ dataDir });
    await store.create([newExecution("e1")]);
    expect(await store.summary("e1")).not.toBeNull();
    expect(await store.sweep({ nowMs: Number.MAX_SAFE_INTEGER, finishedMs: 0, untriggeredMs: 0, limit: 10 })).toBe(1);
    expect(await everythingOf(store, "e1", 0)).toEqual([null, null, []]);
    await store.close();
  });

  test("is not read from a store that is closed", async () => {
    const store = await openSqliteStore({ dataDir });
    await store.create([newExecution("e1")]);
    await store.close();
    expect(await rejectionOf(store.summary("e1"))).toBeInstanceOf(StoreUnavailable);
  });

  test("is read from the file once it is large", async () => {
    const thread = watchedThread();
    const store = await openSqliteStore({ dataDir, spawn: thread.spawn });
    await store.create([{ ...newExecution("e1"), definitionText: "x".repeat(100_000) }]);
    expect(await store.summary("e1")).not.toBeNull();
    expect(readsOf(thread.asked)).toEqual(["summary"]);
    await store.close();
  });
});

test("whatever is written, lost and deleted, every read is what the file has", async () => {
  const ids = ["e1", "e2", "e3"];
  const step = fc.record({
    act: fc.constantFrom("create", "commit", "commit", "commit", "stale commit", "lose commit", "lose create", "sweep"),
    id: fc.constantFrom(...ids),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const folder = mkdtempSync(join(dataDir, "run-"));
      const thread = watchedThread();
      const store = await openSqliteStore({ dataDir: folder, spawn: thread.spawn });
      const lease = await store.acquire(0, "boot-1");
      let number = 0;
      for (const { act, id } of steps) {
        const sequence = (await store.summary(id))?.sequence ?? 0;
        if (act === "create" || act === "lose create") {
          if (act === "lose create") thread.loseNext("create");
          await store.create([newExecution(id)]).catch(() => null);
        } else if (act === "sweep") await store.sweep({ nowMs: Number.MAX_SAFE_INTEGER, finishedMs: 0, untriggeredMs: 0, limit: 10 });
        else {
          const after = act === "stale commit" ? sequence - 1 : sequence;
          const commit = { id: commitId(lease, ++number), entries: [entryAfter(after, id)], cleanEnd: false };
          if (act === "lose commit") thread.loseNext("commit");
          await store.commit(0, commit).catch(() => store.commit(0, commit));
        }
      }
      const seen = await Promise.all(ids.map((id) => everythingOf(store, id, 1)));
      await store.close();
      const file = await openSqliteStore({ dataDir: folder, recentCharactersMax: 0 });
      expect(await Promise.all(ids.map((id) => everythingOf(file, id, 1)))).toEqual(seen);
      await file.close();
    }),
    { numRuns: 12 },
  );
});
