/** Lists of SQLite: they may be slow, so they have a thread of their own, and a connection for each. */
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SqliteThread } from "../../../src/store/sqlite/client.ts";
import type { Request } from "../../../src/store/sqlite/thread/protocol.ts";
import { openSqliteStore, type SqliteStoreOptions } from "../../../src/store/sqlite/sqlite-store.ts";
import { type Store, StoreUnavailable } from "../../../src/store/store.ts";
import { rejectionOf } from "../../contracts/rejection.ts";
import { inlineThread } from "./inline-thread.ts";
import { commitId, entryAfter, newExecution } from "../made.ts";

let dataDir: string;
let store: Store;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "troupe-lists-"));
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true });
});

async function open(over: Partial<SqliteStoreOptions> = {}): Promise<void> {
  store = await openSqliteStore({ dataDir, recentCharactersMax: 0, ...over });
}

const listedIds = async (): Promise<readonly string[]> => (await store.list({ limit: 100 })).map(({ id }) => id);

/** Threads that do one thing after the other, of which a list never ends before `release`. */
function slowLists() {
  const sent: string[][] = [];
  const pumps: (() => void)[] = [];
  let isReleased = false;
  const spawn = (): SqliteThread => {
    const thread = inlineThread();
    const [post, waiting, names] = [thread.postMessage.bind(thread), [] as Request[], [] as string[]];
    const pump = (): void => {
      while (waiting.length > 0 && (isReleased || waiting[0]?.[1] !== "list")) post(waiting.shift());
    };
    sent.push(names);
    pumps.push(pump);
    return Object.assign(thread, {
      postMessage(request: Request) {
        names.push(request[1]);
        waiting.push(request);
        pump();
      },
    });
  };
  const release = (): void => {
    isReleased = true;
    for (const pump of pumps) pump();
  };
  return { spawn, sent, release };
}

describe("a slow list", () => {
  test("stands in the way of no commit and of no create", async () => {
    const threads = slowLists();
    await open({ spawn: threads.spawn });
    await store.create([newExecution("e1")]);
    const lease = await store.acquire(0, "boot-1");
    const order: string[] = [];
    const listed = store.list({ name: "rare", status: "FAILED", limit: 100 }).then(() => order.push("list"));
    const commit = { id: commitId(lease, 1), entries: [entryAfter(1, "e1")], cleanEnd: false };
    const written = [
      store.commit(0, commit).then(() => order.push("commit")),
      store.create([newExecution("e2")]).then(() => order.push("create")),
    ];
    // More than a thread needs for its answers.
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    threads.release();
    await Promise.all([listed, ...written]);
    expect(order).toEqual(["commit", "create", "list"]);
  });

  test("is asked of a thread that starts with the first of them, and that gets nothing else", async () => {
    const threads = slowLists();
    threads.release();
    await open({ spawn: threads.spawn });
    await store.create([newExecution("e1")]);
    await store.load("e1");
    await store.active(0);
    expect(threads.sent).toEqual([["open", "create", "load", "active"]]);
    expect([await listedIds(), await listedIds()]).toEqual([["e1"], ["e1"]]);
    await store.summary("e1");
    expect(threads.sent).toEqual([
      ["open", "create", "load", "active", "summary"],
      ["open", "list", "list"],
    ]);
  });
});

test("a journal that lists have kept from beginning anew is copied into the main file between two of them", async () => {
  const threads = slowLists();
  threads.release();
  await open({ spawn: threads.spawn });
  const other = new Database(join(dataDir, "troupe.db"), { readonly: true });
  other.run("BEGIN");
  other.query("SELECT count(*) FROM summary").values();
  const large = [{ key: "params", text: `"${"x".repeat(2 ** 20)}"` }];
  for (let at = 0; at < 60; at++) await store.create([newExecution(`e${at}`, {}, { large })]);
  other.close();
  const journalBytes = (): number => statSync(join(dataDir, "troupe.db-wal")).size;
  expect(journalBytes()).toBeGreaterThan(48 * 2 ** 20);
  expect(await listedIds()).toHaveLength(60);
  expect(threads.sent[0]?.at(-1)).toBe("checkpoint");
  await store.create([newExecution("new")]);
  expect(journalBytes()).toBeLessThanOrEqual(32 * 2 ** 20);
  expect(await listedIds()).toHaveLength(61);
  expect(threads.sent[0]?.at(-1)).toBe("create");
});

test("a list shows whatever was answered before it", async () => {
  await open();
  for (let at = 0; at < 50; at++) {
    await store.create([newExecution(`e${at}`, { createdAtMs: at })]);
    expect((await listedIds())[0]).toBe(`e${at}`);
  }
});

describe("the lists' thread that dies", () => {
  const workers: Worker[] = [];
  beforeEach(async () => {
    workers.length = 0;
    await open({
      spawn() {
        const worker = new Worker(new URL("../../../src/store/sqlite/thread/thread.ts", import.meta.url).href);
        workers.push(worker);
        return worker;
      },
    });
    await store.create([newExecution("e1")]);
    expect(await listedIds()).toEqual(["e1"]);
  });

  test("harms no write, and the next list has a new one", async () => {
    workers[1]?.terminate();
    const [error, created] = await Promise.all([rejectionOf(listedIds()), store.create([newExecution("e2")])]);
    expect([error, created]).toEqual([expect.any(StoreUnavailable), ["created"]]);
    expect((await listedIds()).toSorted()).toEqual(["e1", "e2"]);
    expect(workers).toHaveLength(3);
  });

  test("at the end leaves the other one open no longer", async () => {
    const ended = new Promise((resolve) => workers[0]?.addEventListener("close", resolve));
    workers[1]?.terminate();
    await store.close();
    await ended;
  });
});

test("a file that a list finds damaged is written to no more", async () => {
  await open();
  await store.create(Array.from({ length: 200 }, (_, at) => newExecution(`execution-${at}`)));
  await store.close();
  fillPagesOf("summary");
  await open();
  expect(await rejectionOf(listedIds())).toMatchObject({ name: "StoreUnavailable", message: expect.stringContaining("damaged") });
  expect(store.trouble?.()).toContain("damaged");
  expect(await rejectionOf(store.create([newExecution("new")]))).toMatchObject({ message: expect.stringContaining("damaged") });
});

describe("a journal that is removed", () => {
  beforeEach(async () => {
    await open();
    await store.create([newExecution("e1")]);
    expect(await listedIds()).toEqual(["e1"]);
    rmSync(join(dataDir, "troupe.db-wal"));
  });

  test("costs a list nothing of what it held, and no list holds it up", async () => {
    expect(await listedIds()).toEqual(["e1"]);
    rmSync(join(dataDir, "troupe.db-wal"));
    expect(await store.create([newExecution("e2")])).toEqual(["created"]);
    expect((await listedIds()).toSorted()).toEqual(["e1", "e2"]);
  });

  test("is not begun anew while somebody else reads the old one: the store is away until then, and loses nothing", async () => {
    // Opened before the file is gone for good: it has the journal that is there.
    await store.summary("e1");
    const other = new Database(join(dataDir, "troupe.db"), { readonly: true });
    expect(other.query("SELECT id FROM summary").values()).toEqual([["e1"]]);
    rmSync(join(dataDir, "troupe.db-wal"), { force: true });
    expect(await rejectionOf(store.create([newExecution("e2")]))).toBeInstanceOf(StoreUnavailable);
    expect(await rejectionOf(listedIds())).toBeInstanceOf(StoreUnavailable);
    expect(other.query("SELECT id FROM summary").values()).toEqual([["e1"]]);
    other.close(true);
    expect(await store.create([newExecution("e2")])).toEqual(["created"]);
    expect((await listedIds()).toSorted()).toEqual(["e1", "e2"]);
    await store.close();
    await open();
    expect((await listedIds()).toSorted()).toEqual(["e1", "e2"]);
  });
});

/** Every page of the table that holds rows, made unreadable. */
function fillPagesOf(table: string): void {
  const path = join(dataDir, "troupe.db");
  const db = new Database(path);
  const pages = db.query("SELECT pageno, pgsize FROM dbstat WHERE name = ? AND pagetype = 'leaf'").values(table) as [number, number][];
  db.close();
  const file = readFileSync(path);
  for (const [number, size] of pages) file.fill(0xa5, (number - 1) * size, (number - 1) * size + 64);
  writeFileSync(path, file);
  for (const end of ["-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
}
