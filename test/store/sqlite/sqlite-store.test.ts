/** The store on SQLite: the contract, and what only files, threads and processes can show. */
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataFolderFault } from "../../../src/store/sqlite/lock.ts";
import { openSqliteStore, type SqliteStoreOptions } from "../../../src/store/sqlite/sqlite-store.ts";
import { type Store, StoreUnavailable } from "../../../src/store/store.ts";
import { LEVEL } from "../../../src/workflow/execution/level.ts";
import { rejectionOf } from "../../contracts/rejection.ts";
import { storeContract } from "../../contracts/store.ts";
import { inlineThread } from "./inline-thread.ts";
import { commitId, entryAfter, newExecution } from "../made.ts";

const makeFolder = () => mkdtempSync(join(tmpdir(), "troupe-store-"));
const removeFolder = (folder: string) => rmSync(folder, { recursive: true, force: true });

for (const [name, over] of [
  ["sqlite", {}],
  ["sqlite, reading the file only,", { recentCharactersMax: 0 }],
  ["sqlite, without its thread,", { spawn: inlineThread, recentCharactersMax: 0 }],
] as const) {
  storeContract(name, () => {
    const dataDir = makeFolder();
    return {
      open: (options) => openSqliteStore({ dataDir, ...over, ...options }),
      clear: async () => removeFolder(dataDir),
    };
  });
}

describe("the sqlite store's folder", () => {
  let place: string;
  let dataDir: string;
  let opened: Store[];
  let children: Bun.Subprocess<"pipe", "pipe", "inherit">[];

  beforeEach(() => {
    place = makeFolder();
    dataDir = place;
    opened = [];
    children = [];
  });
  afterEach(async () => {
    for (const child of children) await end(child);
    for (const store of opened) await store.close();
    removeFolder(place);
  });

  const open = async (over: Partial<SqliteStoreOptions> = {}): Promise<Store> => {
    const store = await openSqliteStore({ dataDir, ...over });
    opened.push(store);
    return store;
  };
  const start = (fixture: string) => {
    const child = Bun.spawn([process.execPath, join(import.meta.dir, "fixtures", fixture), dataDir], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    children.push(child);
    return child;
  };
  const sentence = async (over: Partial<SqliteStoreOptions> = {}) => {
    const error = await rejectionOf(open(over));
    expect(error).toBeInstanceOf(DataFolderFault);
    return (error as Error).message;
  };

  test("is for its user alone, and so are all its files; what was there keeps its mode", async () => {
    dataDir = join(place, "new", "data");
    const store = await open();
    await store.create([newExecution("a")]);
    const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
    expect(modeOf(dataDir)).toBe("700");
    const files = readdirSync(dataDir);
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) expect([file, modeOf(join(dataDir, file))]).toEqual([file, "600"]);
    await store.close();
    chmodSync(dataDir, 0o750);
    chmodSync(join(dataDir, "troupe.db"), 0o640);
    await open();
    expect([modeOf(dataDir), modeOf(join(dataDir, "troupe.db"))]).toEqual(["750", "640"]);
  });

  test("is made where it is missing, and left clean at the end", async () => {
    dataDir = join(dataDir, "not", "there", "yet");
    const store = await open();
    await store.create([newExecution("e1")]);
    await store.close();
    expect(() => statSync(join(dataDir, "troupe.db-wal"))).toThrow("ENOENT");
    expect(await (await open()).summary("e1")).toMatchObject({ id: "e1" });
  });

  test("has one Troupe at a time, in this process and in another", async () => {
    const store = await open();
    expect(await sentence()).toBe(`Another Troupe uses ${dataDir}: stop it, or set APP_DATA_DIR to another folder.`);
    await store.close();
    const child = start("be-idle.ts");
    await lines(child, 1);
    expect(await sentence()).toContain("Another Troupe uses");
    await end(child);
    expect(await (await open()).summary("e1")).toMatchObject({ sequence: 2 });
  });

  test("is free at once after kill -9, and holds all that was answered, each commit whole", async () => {
    for (let round = 0; round < 3; round++) {
      const child = start("commit-for-ever.ts");
      const answered = Number((await lines(child, 20)).at(-1)?.replace("sequence ", ""));
      await end(child);
      const store = await open();
      const loaded = await store.load("e1");
      const sequence = loaded?.summary.sequence ?? 0;
      expect(sequence).toBeGreaterThanOrEqual(answered);
      expect(loaded?.chunks.map(({ to }) => to)).toEqual(Array.from({ length: sequence }, (_, at) => at + 1));
      expect(await store.large("e1", [`output/a/${sequence}`, `output/a/${sequence + 1}`])).toEqual([`"${sequence}"`, null]);
      expect((await store.acquire(0, "boot-2")).diedBootId).toBe(`boot-of-${child.pid}`);
      await store.close();
    }
  });

  test("is not touched while nothing is asked", async () => {
    const child = start("be-idle.ts");
    await lines(child, 1);
    const before = stateOnDisk();
    // Not a wait for something: the time in which nothing may happen.
    await Bun.sleep(300);
    expect(stateOnDisk()).toEqual(before);

    function stateOnDisk(): unknown {
      const files = ["troupe.db", "troupe.db-wal", "lock.db"].map((name) => statSync(join(dataDir, name)));
      const written = process.platform === "linux" ? readFileSync(`/proc/${child.pid}/io`, "utf8").match(/^write_bytes: \d+$/m)?.[0] : null;
      return { files: files.map(({ mtimeMs, size }) => [mtimeMs, size]), written };
    }
  });

  test("that cannot be written, or is a file, is told in a sentence", async () => {
    writeFileSync(join(dataDir, "file"), "");
    dataDir = join(dataDir, "file");
    expect(await sentence()).toMatch(
      /^Cannot write to the data folder .*file \(.*\)\. Set APP_DATA_DIR to a folder that can be written\.$/,
    );
    dataDir = join(dataDir, "below");
    expect(await sentence()).toContain("Cannot write to the data folder");
  });

  test("with a file that is no database, or another program's, or a newer Troupe's, is left alone and told in a sentence", async () => {
    const file = join(dataDir, "troupe.db");
    writeFileSync(file, "no database at all, but long enough to be looked at ".repeat(50));
    expect(await sentence()).toBe(`Cannot use ${file} (file is not a database). Move it away, or set APP_DATA_DIR to another folder.`);
    rmSync(file);
    change(file, "CREATE TABLE theirs (a)");
    expect(await sentence()).toBe(`${file} belongs to another program. Set APP_DATA_DIR to another folder.`);
    rmSync(file);
    await (await open()).close();
    change(file, "PRAGMA user_version = 99");
    expect(await sentence()).toContain(
      `${file} was written by a newer Troupe (level 99; this version knows level ${LEVEL}). Run that version`,
    );
  });

  test("keeps the level in use, which the first write that needs it has raised, and which a build below it is refused by", async () => {
    const file = join(dataDir, "troupe.db");
    const level = () => {
      const db = new Database(file);
      const [row] = db.query("PRAGMA user_version").values();
      db.close();
      return row?.[0];
    };
    const store = await open();
    expect(level()).toBe(1);
    for (const wanted of [LEVEL + 1, LEVEL + 1, LEVEL]) expect(await store.raiseLevel(wanted)).toBe(true);
    await store.close();
    expect(level()).toBe(LEVEL + 1);
    expect(await sentence()).toBe(
      `${file} was written by a newer Troupe (level ${LEVEL + 1}; this version knows level ${LEVEL}). Run that version, or set APP_DATA_DIR to another folder.`,
    );
  });

  test("with a full disk makes the store unavailable, not wrong: it goes on when there is room", async () => {
    const store = await open({ fileBytesMax: 400_000 });
    await store.create([
      newExecution("big", {}, { large: [{ key: "params", text: `"${"x".repeat(200_000)}"` }] }),
      newExecution("e1", { createdAtMs: 9_000 }),
    ]);
    const lease = await store.acquire(0, "boot-1");
    const entry = entryAfter(1, "e1", {}, { text: `["${"x".repeat(150_000)}"]` });
    const commit = { id: commitId(lease, 1), entries: [entry], cleanEnd: false };
    expect(await rejectionOf(store.commit(0, commit))).toMatchObject({
      name: "StoreUnavailable",
      message: expect.stringContaining("full"),
    });
    expect(await store.chunksAfter("e1", 1)).toEqual([]);
    expect(await store.sweep({ nowMs: 9_000, finishedMs: 0, untriggeredMs: 5_000, limit: 1 })).toBe(1);
    expect(await store.commit(0, commit)).toEqual({ type: "done", entries: [{ type: "applied" }] });
  });

  test("with another program's lock on it makes the store unavailable until that is gone", async () => {
    const store = await open({ busyTimeoutMs: 10 });
    const lease = await store.acquire(0, "boot-1");
    await store.create([newExecution("e1")]);
    const other = new Database(join(dataDir, "troupe.db"));
    other.run("BEGIN IMMEDIATE");
    const commit = { id: commitId(lease, 1), entries: [entryAfter(1, "e1")], cleanEnd: false };
    expect(await rejectionOf(store.commit(0, commit))).toBeInstanceOf(StoreUnavailable);
    expect(await store.summary("e1")).toMatchObject({ sequence: 1 });
    other.run("ROLLBACK");
    other.close();
    expect(await store.commit(0, commit)).toEqual({ type: "done", entries: [{ type: "applied" }] });
  });

  test("outlives its thread: what was not answered is rejected, and the next call finds a new one", async () => {
    const workers: Worker[] = [];
    const spawn = () => {
      const worker = new Worker(new URL("../../../src/store/sqlite/thread/thread.ts", import.meta.url).href);
      workers.push(worker);
      return worker;
    };
    const store = await open({ spawn });
    const lease = await store.acquire(0, "boot-1");
    await store.create([newExecution("e1")]);
    const commit = { id: commitId(lease, 1), entries: [entryAfter(1, "e1")], cleanEnd: false };
    expect(await store.commit(0, commit)).toMatchObject({ type: "done" });
    workers[0]?.terminate();
    const unanswered = [rejectionOf(store.active(0)), rejectionOf(store.large("e1", ["params"]))];
    for (const error of await Promise.all(unanswered)) expect(error).toBeInstanceOf(StoreUnavailable);
    expect(await store.commit(0, commit)).toEqual({ type: "done", entries: [{ type: "applied" }] });
    expect((await store.load("e1"))?.chunks).toHaveLength(2);
    expect(workers).toHaveLength(2);
    expect(await sentence()).toContain("Another Troupe uses");
  });

  test("that has gone bad later makes the store unavailable, and its closing frees the folder", async () => {
    const workers: Worker[] = [];
    const spawn = () => {
      const worker = new Worker(new URL("../../../src/store/sqlite/thread/thread.ts", import.meta.url).href);
      workers.push(worker);
      return worker;
    };
    const store = await open({ spawn });
    workers[0]?.terminate();
    await rejectionOf(store.summary("e1"));
    for (const name of ["troupe.db-wal", "troupe.db-shm"]) rmSync(join(dataDir, name), { force: true });
    writeFileSync(join(dataDir, "troupe.db"), "no database at all, but long enough to be looked at ".repeat(50));
    expect(await rejectionOf(store.summary("e1"))).toMatchObject({
      name: "StoreUnavailable",
      message: expect.stringContaining("is not a database"),
    });
    await store.close();
    expect(await sentence()).toContain("is not a database");
  });
});

/** SIGKILL, unless it has ended, and the end of it. */
async function end(child: Bun.Subprocess): Promise<void> {
  child.kill("SIGKILL");
  await child.exited;
}

/** The first lines of a process's output. Throws where it ends before. */
async function lines(child: Bun.Subprocess<"pipe", "pipe", "inherit">, count: number): Promise<string[]> {
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (text.split("\n").length <= count) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`The child process ended after "${text}"; its errors are above.`);
    text += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  return text.trimEnd().split("\n").slice(0, count);
}

function change(file: string, sql: string): void {
  const db = new Database(file, { create: true });
  db.run(sql);
  db.close();
}
