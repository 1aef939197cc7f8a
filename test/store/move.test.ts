/** From one machine to several: executions leave the file for the store that instances share. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emptySharedMemory, openSharedMemoryStore } from "../../src/store/memory-shared.ts";
import { type LeavableStore, moveExecutions } from "../../src/store/move.ts";
import type { SharedStore } from "../../src/store/shared-store.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { StoreUnavailable } from "../../src/store/store.ts";
import { rejectionOf } from "../contracts/rejection.ts";
import { recordingLog } from "../env/recording-log.ts";
import { World } from "../sim/world.ts";
import { inlineThread } from "./inline-thread.ts";
import { commitId, entryAfter, newExecution } from "./made.ts";

const RUNNING = { triggeredAtMs: 2_000, startedAtMs: 2_000, status: "RUNNING" } as const;
const ENDED = { ...RUNNING, status: "COMPLETED", finishedAtMs: 3_000, closed: true } as const;

describe("a move to the store that instances share", () => {
  let dataDir: string;
  let file: LeavableStore;
  let shared: SharedStore;

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), "troupe-move-"));
    file = await openSqliteStore({ dataDir, spawn: inlineThread });
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
  const move = (to: Pick<SharedStore, "create"> = shared) =>
    moveExecutions({ from: file, to, bootId: "boot-2", nowMs: 9_000, log: recordingLog().log });

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
    const halfAway: Pick<SharedStore, "create"> = {
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
});
