/** A SQLite file that somebody harms while it is in use: it is told, and what was accepted is never said not to exist. */
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { type Store, StoreUnavailable } from "../../../src/store/store.ts";
import { rejectionOf } from "../../contracts/rejection.ts";
import { commitId, entryAfter, newExecution } from "../made.ts";

let place: string;
let dataDir: string;
let store: Store;

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), "troupe-damage-"));
  dataDir = join(place, "data");
  store = await open();
});
afterEach(async () => {
  await store.close();
  rmSync(place, { recursive: true });
});

const open = (dir = dataDir) => openSqliteStore({ dataDir: dir, recentCharactersMax: 0 });

describe("a journal that is removed", () => {
  beforeEach(async () => {
    await store.create([newExecution("before")]);
    rmSync(journal());
  });

  const journal = () => join(dataDir, "troupe.db-wal");

  /** What a start after kill -9 would find. */
  const foundAfterKill = async (id: string): Promise<unknown> => {
    const copy = mkdtempSync(join(place, "copy-"));
    for (const name of ["troupe.db", "troupe.db-wal"]) cpSync(join(dataDir, name), join(copy, name), { force: true });
    const other = await open(copy);
    const found = await other.summary(id);
    await other.close();
    return found;
  };

  test("is told by whoever asks, saved by that, and then all is well again", async () => {
    expect(store.trouble?.()).toContain("troupe.db-wal was removed while it was in use");
    expect(await store.summary("before")).toMatchObject({ id: "before" });
    expect(store.trouble?.()).toBeNull();
    expect(await foundAfterKill("before")).toMatchObject({ id: "before" });
  });

  test("costs nothing of what was accepted before and is accepted after", async () => {
    expect(await store.create([newExecution("after")])).toEqual(["created"]);
    expect(await foundAfterKill("before")).toMatchObject({ id: "before" });
    expect(await foundAfterKill("after")).toMatchObject({ id: "after" });
  });

  test("and has another file in its place is told and saved likewise", async () => {
    writeFileSync(journal(), "");
    expect(store.trouble?.()).toContain("troupe.db-wal was removed while it was in use");
    expect(await store.summary("before")).toMatchObject({ id: "before" });
    expect(store.trouble?.()).toBeNull();
    expect(await store.create([newExecution("after")])).toEqual(["created"]);
    for (const id of ["before", "after"]) expect(await foundAfterKill(id)).toMatchObject({ id });
  });
});

test("a journal that was removed after a crash is missed at the start, until its index is removed too", async () => {
  await store.create([newExecution("before")]);
  const left = join(place, "left");
  for (const end of ["", "-shm"]) cpSync(join(dataDir, `troupe.db${end}`), join(left, `troupe.db${end}`));
  expect(await rejectionOf(open(left))).toMatchObject({
    name: "DataFolderFault",
    message: expect.stringContaining("troupe.db-wal is gone"),
  });
  expect(existsSync(join(left, "troupe.db-wal"))).toBe(false);
  rmSync(join(left, "troupe.db-shm"));
  const other = await open(left);
  expect(await other.summary("before")).toBeNull();
  await other.close();
});

describe("flipped bytes", () => {
  const ids = Array.from({ length: 200 }, (_, at) => `execution-${String(at).padStart(3, "0")}`);

  beforeEach(async () => {
    await store.create(ids.map((id) => newExecution(id)));
    await store.close();
  });

  /** Every page of the summaries, changed and written back. */
  function changeSummaries(change: (page: Buffer) => void): void {
    const path = join(dataDir, "troupe.db");
    const db = new Database(path);
    const pages = db.query("SELECT pageno, pgsize FROM dbstat WHERE name = 'summary' AND pagetype = 'leaf'").values() as [number, number][];
    db.close();
    const file = readFileSync(path);
    for (const [number, size] of pages) change(file.subarray((number - 1) * size, number * size));
    writeFileSync(path, file);
    for (const end of ["-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
  }

  const answers = async (): Promise<readonly unknown[]> => {
    store = await open();
    const found: unknown[] = [];
    for (const id of ids) found.push(await store.summary(id).catch((error: unknown) => error));
    return found;
  };

  test("in ids are found out: an execution that has a log is not said to be unknown", async () => {
    changeSummaries((page) => {
      for (let at = page.indexOf("execution-1"); at !== -1; at = page.indexOf("execution-1", at + 1)) page[at] = 0x7a;
    });
    const found = await answers();
    expect(found.filter((each) => each === null)).toEqual([]);
    expect(found.filter((each) => each instanceof StoreUnavailable).length).toBeGreaterThan(0);
    expect(store.trouble?.()).toMatch(/^The SQLite file is damaged \(.*\): nothing more is written to it\./);
  });

  test("in the tables' own structure are told, what is still found is answered, and nothing more is written", async () => {
    changeSummaries((page) => page.fill(0xa5, 0, 64));
    const found = await answers();
    expect(found.filter((each) => each === null)).toEqual([]);
    expect(found.some((each) => each instanceof StoreUnavailable)).toBe(true);
    expect(store.trouble?.()).toContain("damaged");
    expect(await rejectionOf(store.create([newExecution("new")]))).toMatchObject({ message: expect.stringContaining("damaged") });
    // Also of what it never had, it cannot be said any more.
    expect(await rejectionOf(store.load("unheard of"))).toBeInstanceOf(StoreUnavailable);
  });

  test("in a log are told when it is read", async () => {
    const path = join(dataDir, "troupe.db");
    const db = new Database(path);
    db.run("DELETE FROM log WHERE execution = 'execution-007'");
    db.close();
    store = await open();
    expect(await rejectionOf(store.load("execution-007"))).toMatchObject({ message: expect.stringContaining("is not whole") });
    const lease = await store.acquire(0, "boot-1").catch(() => null);
    const commit = {
      id: commitId(lease ?? { lane: 0, bootId: "boot-1", epoch: 1, diedBootId: null }, 1),
      entries: [entryAfter(1, "execution-008")],
      cleanEnd: false,
    };
    expect(await rejectionOf(store.commit(0, commit))).toBeInstanceOf(StoreUnavailable);
  });
});
