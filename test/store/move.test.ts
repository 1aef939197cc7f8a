/** From one machine to several: executions leave the file for the store that instances share. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emptySharedMemory, openSharedMemoryStore } from "../../src/store/memory/shared-memory-store.ts";
import { type LeavableStore, moveExecutions, type NewHome } from "../../src/store/move.ts";
import type { SharedStore } from "../../src/store/shared-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { type Chunk, type NewExecution, StoreUnavailable, type Summary } from "../../src/store/store.ts";
import { rejectionOf } from "../contracts/rejection.ts";
import { recordingLog } from "../env/log/recording-log.ts";
import { World } from "../sim/world.ts";
import { inlineThread } from "./sqlite/inline-thread.ts";
import { commitId, entryAfter, newExecution } from "./made.ts";

const RUNNING = { triggeredAtMs: 2_000, startedAtMs: 2_000, status: "RUNNING" } as const;
const ENDED = { ...RUNNING, status: "COMPLETED", finishedAtMs: 3_000, closed: true } as const;

describe("a move to the store that instances share", () => {
  let dataDir: string;
  let file: LeavableStore;
  let shared: SharedStore;
  let said: ReturnType<typeof recordingLog>;

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), "troupe-move-"));
    file = await openSqliteStore({ dataDir, spawn: inlineThread });
    said = recordingLog();
    shared = openSharedMemoryStore({ files: emptySharedMemory(4), clock: new World() });
    const large = [{ key: "params", text: '{"big":1}' }];
    await file.create([newExecution("waits"), newExecution("runs", {}, { large }), newExecution("ended")]);
  });
  afterEach(async () => {
    await file.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** What a run of the file leaves behind. */
  async function ran(cleanEnd: boolean): Promise<void> {
    const lease = await file.acquire(0, "boot-1");
    const entries = [entryAfter(1, "runs", RUNNING), entryAfter(1, "ended", ENDED)];
    await file.commit(0, { id: commitId(lease, 1), entries, cleanEnd });
  }
  const move = (to: NewHome = shared) => moveExecutions({ from: file, to, bootId: "boot-2", nowMs: 9_000, log: said.log });

  test("takes all that is not closed, whole, and leaves nothing of it in the file", async () => {
    await ran(true);
    const [before, waits] = [await file.load("runs"), await file.load("waits")];
    expect(await move()).toBe(2);
    expect(await shared.load("runs")).toEqual(before);
    expect(await shared.load("waits")).toEqual(waits);
    expect(await shared.large("runs", ["params"])).toEqual(['{"big":1}']);
    expect(await shared.active(shared.laneOf("runs"))).toEqual(["runs"]);
    expect([await file.load("runs"), await file.load("waits")]).toEqual([null, null]);
    expect((await file.load("ended"))?.summary.status).toBe("COMPLETED");
    expect(await move()).toBe(0);
  });

  test("tells the stream the whole history, with the status after each part", async () => {
    const lease = await file.acquire(0, "boot-1");
    const parts = [
      { over: { triggeredAtMs: 2_000 }, text: '[["triggered",1,0]]' },
      { over: RUNNING, text: '[["started",1],\n["begun","started",1,1,"b"]]', events: 2 },
      { over: { ...RUNNING, status: "FAILED" as const }, text: '[["finished",1,"FAILED","no",null]]' },
      { over: { ...RUNNING, status: "FAILED" as const }, text: '[["failed","a",1,1,1,{}]]' },
    ];
    let sequence = 1;
    for (const [at, { over, text, events = 1 }] of parts.entries()) {
      const entry = entryAfter(sequence, "runs", over, { events, text });
      await file.commit(0, { id: commitId(lease, at + 1), entries: [entry], cleanEnd: at === 3 });
      sequence += events;
    }
    await move();
    const outbox = await shared.outbox(shared.laneOf("runs"), 10);
    const pointers = outbox.flatMap((entry) => entry.pointers).filter(({ execution }) => execution === "runs");
    expect(pointers.map(({ from, to, status }) => [from, to, status])).toEqual([
      [1, 1, "PENDING"],
      [2, 2, "PENDING"],
      [3, 4, "RUNNING"],
      [5, 5, "FAILED"],
      [6, 6, "FAILED"],
    ]);
  });

  test("tells the death of the file's last owner in the logs of what it ran", async () => {
    await ran(false);
    await move();
    const moved = await shared.load("runs");
    expect(moved?.chunks.at(-1)).toEqual({ from: 3, to: 3, text: '[["owner_died",9000,"boot-1"]]' });
    expect(moved?.summary.sequence).toBe(3);
    expect((await shared.load("waits"))?.chunks).toHaveLength(1);
  });

  test("that is cut off is finished by the next one, and what is on its way runs from the file no more", async () => {
    await ran(true);
    let calls = 0;
    const halfAway: NewHome = {
      load: (id) => shared.load(id),
      extend: (extension) => shared.extend(extension),
      create: (batch) => (calls++ === 0 ? shared.create(batch) : Promise.reject(new StoreUnavailable("away"))),
    };
    expect(await rejectionOf(move(halfAway))).toBeInstanceOf(StoreUnavailable);
    await file.close();
    file = await openSqliteStore({ dataDir, spawn: inlineThread });
    expect(await file.active(0)).toEqual([]);
    const lease = await file.acquire(0, "boot-3");
    const [left] = (await file.load("runs")) === null ? ["waits"] : ["runs"];
    const commit = { id: commitId(lease, 1), entries: [entryAfter(left === "runs" ? 2 : 1, left ?? "")], cleanEnd: true };
    expect(await file.commit(0, commit)).toMatchObject({ type: "done", entries: [{ type: "refused" }] });
    await move();
    expect([await shared.load("runs"), await shared.load("waits")].filter((each) => each === null)).toEqual([]);
    expect(await file.load(left)).toBeNull();
  });

  describe("where Redis has an execution by the same request", () => {
    const TRIGGER = '[["triggered",1,0,{"order":7}],\n["started",1]]';

    /** Triggered in the file, with a result. */
    async function work(): Promise<void> {
      const lease = await file.acquire(0, "boot-1");
      const trigger = entryAfter(1, "runs", RUNNING, { events: 2, text: TRIGGER });
      const result = entryAfter(3, "runs", { ...RUNNING, completed: 1 }, { text: '[["completed","a",1,1,2,0,"mine"]]' });
      await file.commit(0, { id: commitId(lease, 1), entries: [trigger, result], cleanEnd: true });
    }
    const others = () => shared.list({ limit: 100 }).then((all) => all.filter(({ id }) => !["runs", "waits", "ended"].includes(id)));
    const created = '[["created",7,"a workflow","hash-1"]]';
    const createThere = (over: Partial<NewExecution> = {}) =>
      shared.create([{ ...newExecution("runs", { createdAtMs: 7 }), chunk: { from: 1, to: 1, text: created }, ...over }]);
    const levels = () => said.entries.filter(({ level }) => level !== "info").map(({ level }) => level);

    test("that was never triggered there, it goes on there with its trigger and its results, whatever call is sent twice", async () => {
      await work();
      const [before] = (await file.load("runs"))?.chunks.slice(1) ?? [];
      await createThere();
      let calls = 0;
      const losing: NewHome = {
        create: (batch) => shared.create(batch),
        load: (id) => shared.load(id),
        async extend(extension) {
          await shared.extend(extension);
          if (calls++ === 0) throw new StoreUnavailable("The answer was lost.");
          return false;
        },
      };
      expect(await rejectionOf(move(losing))).toBeInstanceOf(StoreUnavailable);
      await move(losing);
      const there = await shared.load("runs");
      expect(there?.chunks.map(({ text }) => text)).toEqual([created, TRIGGER, '[["completed","a",1,1,2,0,"mine"]]']);
      expect(there?.chunks[1]).toEqual(before as Chunk);
      expect(there?.summary).toMatchObject({ createdAtMs: 7, status: "RUNNING", completed: 1, triggeredAtMs: 2_000 });
      expect(await shared.large("runs", ["params"])).toEqual(['{"big":1}']);
      expect(await others()).toEqual([]);
      expect(await file.load("runs")).toBeNull();
    });

    test("that was triggered there too, both are kept: the file's goes on under another id, once, and the log says so loudly", async () => {
      await work();
      const mine = await file.load("runs");
      await createThere();
      const lease = await shared.acquire(shared.laneOf("runs"), "boot-9");
      const theirs = entryAfter(1, "runs", RUNNING, { text: '[["triggered",9,0,{"order":8}]]' });
      await shared.commit(lease.lane, { id: commitId(lease, 1), entries: [theirs], cleanEnd: false });
      const there = await shared.load("runs");
      let isAway = true;
      const cut: NewHome = {
        load: (id) => shared.load(id),
        extend: (extension) => shared.extend(extension),
        async create(batch) {
          const answer = await shared.create(batch);
          if (isAway && batch[0]?.summary.id !== "runs" && answer[0] === "created") throw new StoreUnavailable("The answer was lost.");
          return answer;
        },
      };
      expect(await rejectionOf(move(cut))).toBeInstanceOf(StoreUnavailable);
      isAway = false;
      await move(cut);
      expect(await shared.load("runs")).toEqual(there);
      const [other, ...more] = await others();
      expect(more).toEqual([]);
      const kept = await shared.load(other?.id ?? "");
      expect(kept?.chunks).toEqual(mine?.chunks ?? []);
      expect(await shared.active(shared.laneOf(other?.id ?? ""))).toContain(other?.id ?? "");
      expect(await shared.large(other?.id ?? "", ["params"])).toEqual(['{"big":1}']);
      expect(await file.load("runs")).toBeNull();
      expect(said.entries.find(({ level }) => level === "error")?.fields).toMatchObject({ execution: "runs", otherId: other?.id });
    });

    test("that was never triggered in the file, the one that is there stands for both", async () => {
      await createThere();
      await move();
      expect((await shared.load("runs"))?.summary.createdAtMs).toBe(7);
      expect([await others(), levels(), await file.load("runs")]).toEqual([[], [], null]);
    });

    test("that came from the file before, and has gone on there, nothing is done", async () => {
      await work();
      const found = await file.load("runs");
      await shared.create([{ ...newExecution("runs"), ...withLast(found?.chunks ?? []), summary: found?.summary as Summary }]);
      const lease = await shared.acquire(shared.laneOf("runs"), "boot-9");
      await shared.commit(lease.lane, { id: commitId(lease, 1), entries: [entryAfter(4, "runs", RUNNING)], cleanEnd: false });
      await move();
      expect((await shared.load("runs"))?.chunks).toHaveLength(4);
      expect([await others(), levels(), await file.load("runs")]).toEqual([[], [], null]);
    });

    test("by another request, it has another id too", async () => {
      await work();
      await createThere({ bodyHash: "of another body" });
      await move();
      expect((await others()).map(({ triggeredAtMs }) => triggeredAtMs)).toEqual([2_000]);
      expect([levels(), await file.load("runs")]).toEqual([["error"], null]);
    });
  });
});

function withLast(chunks: readonly Chunk[]): Pick<NewExecution, "chunk" | "earlier"> {
  const [last, ...before] = chunks.toReversed();
  return { chunk: last as Chunk, earlier: before.toReversed().map((chunk) => ({ ...chunk, status: "RUNNING" })) };
}
