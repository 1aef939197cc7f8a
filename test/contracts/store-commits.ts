/** The part of the stores' contract that is about writing: commits, their fence, and who holds a lane. */
import { beforeEach, describe, expect, test } from "bun:test";
import type { CommitAnswer, Lease } from "../../src/store/store.ts";
import { entryAfter, newExecution } from "../store/made.ts";
import { LANE, type StoreSubject } from "./store-subject.ts";

const APPLIED: CommitAnswer = { type: "done", entries: [{ type: "applied" }] };
const FENCED: CommitAnswer = { type: "fenced" };

export function commitPromises(subject: StoreSubject): void {
  describe("commits", () => {
    let lease: Lease;
    beforeEach(async () => {
      await subject.store.create([newExecution("e1"), newExecution("e2"), newExecution("e3")]);
      lease = await subject.store.acquire(LANE, "boot-1");
    });

    test("chunk, summary and large texts as one, and reads them back in order", async () => {
      const one = entryAfter(
        1,
        "e1",
        { completed: 1 },
        { events: 2, text: `[["begun","é",1,5],\n["x"]]`, large: [{ key: "output/a/1", text: `"ü"` }] },
      );
      const two = entryAfter(3, "e1", {
        completed: 2,
        status: "FAILED",
        error: 'Node "a" failed',
        failed: 1,
        finishedAtMs: 9,
        closed: true,
      });
      expect(await subject.commit(lease, 1, [one])).toEqual(APPLIED);
      expect(await subject.commit(lease, 2, [two])).toEqual(APPLIED);
      const loaded = await subject.store.load("e1");
      expect(loaded?.summary).toEqual(two.summary);
      expect(loaded?.chunks).toEqual([newExecution("e1").chunk, one.chunk, two.chunk]);
      expect(await subject.store.large("e1", ["output/b/1", "output/a/1"])).toEqual([null, `"ü"`]);
    });

    test("many executions in one call, each answered for itself", async () => {
      const stale = entryAfter(5, "e2", {}, { large: [{ key: "output/a/1", text: "1" }] });
      const answer = await subject.commit(lease, 1, [entryAfter(1, "e1"), stale, entryAfter(1, "absent"), entryAfter(1, "e3")]);
      expect(answer).toEqual({
        type: "done",
        entries: [{ type: "applied" }, { type: "conflict" }, { type: "conflict" }, { type: "applied" }],
      });
      expect((await subject.store.summary("e2"))?.sequence).toBe(1);
      expect(await subject.store.chunksAfter("e2", 1)).toEqual([]);
      expect(await subject.store.large("e2", ["output/a/1"])).toEqual([null]);
      expect((await subject.store.summary("e3"))?.sequence).toBe(2);
    });

    test("two entries of one execution, in their order", async () => {
      const answer = await subject.commit(lease, 1, [entryAfter(1, "e1"), entryAfter(2, "e1"), entryAfter(2, "e1")]);
      expect(answer).toMatchObject({ entries: [{ type: "applied" }, { type: "applied" }, { type: "conflict" }] });
      expect((await subject.store.summary("e1"))?.sequence).toBe(3);
    });

    test("nothing at a sequence that is taken: what was there first stays", async () => {
      await subject.commit(lease, 1, [entryAfter(1, "e1", { completed: 1 })]);
      expect(await subject.commit(lease, 2, [entryAfter(1, "e1", { completed: 9 })])).toEqual({
        type: "done",
        entries: [{ type: "conflict" }],
      });
      expect((await subject.store.summary("e1"))?.completed).toBe(1);
    });

    test("the same commit again as the same answer, written once", async () => {
      const entries = [entryAfter(1, "e1"), entryAfter(9, "e2")];
      const first = await subject.commit(lease, 1, entries);
      expect(await subject.commit(lease, 1, entries)).toEqual(first);
      expect(await subject.store.chunksAfter("e1", 0)).toHaveLength(2);
      expect(await subject.commit(lease, 2, [])).toEqual({ type: "done", entries: [] });
      expect(await subject.commit(lease, 2, [])).toEqual({ type: "done", entries: [] });
    });

    test("nothing under a number that is not the next", async () => {
      await subject.commit(lease, 1, [entryAfter(1, "e1")]);
      for (const number of [0, 3, -1]) expect(await subject.commit(lease, number, [entryAfter(2, "e1")])).toEqual(FENCED);
      await subject.commit(lease, 2, []);
      expect(await subject.commit(lease, 1, [entryAfter(1, "e1")])).toEqual(FENCED);
      expect((await subject.store.summary("e1"))?.sequence).toBe(2);
    });

    test("nothing of an owner whose lease was taken, whichever part of the fence is stale", async () => {
      const next = await subject.store.acquire(LANE, "boot-2");
      expect(next.epoch).toBeGreaterThan(lease.epoch);
      const stale: readonly Lease[] = [lease, { ...lease, epoch: next.epoch }, { ...next, epoch: lease.epoch }];
      for (const held of stale) expect(await subject.commit(held, 1, [entryAfter(1, "e1")])).toEqual(FENCED);
      expect((await subject.store.summary("e1"))?.sequence).toBe(1);
      expect(await subject.commit(next, 1, [entryAfter(1, "e1")])).toEqual(APPLIED);
    });

    test("all but the entry that it can never take", async () => {
      await subject.reopen({ textBytesMax: 2_000 });
      const long = JSON.stringify("é".repeat(1_000));
      const entries = [
        entryAfter(1, "e1", {}, { text: long }),
        entryAfter(1, "e2"),
        entryAfter(1, "e3", {}, { large: [{ key: "output/a/1", text: long }] }),
      ];
      const answer = await subject.commit(lease, 1, entries);
      expect(answer).toMatchObject({ type: "done", entries: [{ type: "refused" }, { type: "applied" }, { type: "refused" }] });
      expect(JSON.stringify(answer)).toContain("2000 bytes");
      expect(await subject.commit(lease, 1, entries)).toEqual(answer);
      expect((await subject.store.summary("e1"))?.sequence).toBe(1);
      expect(await subject.store.large("e3", ["output/a/1"])).toEqual([null]);
      expect(await subject.commit(lease, 2, [entryAfter(1, "e1")])).toEqual(APPLIED);
    });
  });

  describe("gives a lane", () => {
    test("whose commits are refused before anybody holds it", async () => {
      await subject.createOne("e1");
      const invented: Lease = { lane: LANE, bootId: "boot-1", epoch: 0, diedBootId: null };
      expect(await subject.commit(invented, 1, [entryAfter(1, "e1")])).toEqual(FENCED);
    });

    test("with an epoch that only rises, and names who died in it", async () => {
      const first = await subject.store.acquire(LANE, "boot-1");
      expect(first.diedBootId).toBeNull();
      await subject.reopen();
      const second = await subject.store.acquire(LANE, "boot-2");
      expect(second).toMatchObject({ lane: LANE, bootId: "boot-2", diedBootId: "boot-1" });
      expect(second.epoch).toBeGreaterThan(first.epoch);
    });

    test("with no death after a clean end, which may hold no entries", async () => {
      const first = await subject.store.acquire(LANE, "boot-1");
      await subject.commit(first, 1, []);
      await subject.commit(first, 2, [], true);
      await subject.reopen();
      expect((await subject.store.acquire(LANE, "boot-2")).diedBootId).toBeNull();
    });

    test("with the death where an owner went on after its clean end", async () => {
      const first = await subject.store.acquire(LANE, "boot-1");
      await subject.commit(first, 1, [], true);
      await subject.commit(first, 2, []);
      expect((await subject.store.acquire(LANE, "boot-2")).diedBootId).toBe("boot-1");
    });

    test("with the same death again to a boot that asks twice before it writes, and never its own", async () => {
      await subject.store.acquire(LANE, "boot-1");
      await subject.store.acquire(LANE, "boot-2");
      const again = await subject.store.acquire(LANE, "boot-2");
      expect(again.diedBootId).toBe("boot-1");
      await subject.commit(again, 1, []);
      expect((await subject.store.acquire(LANE, "boot-2")).diedBootId).toBeNull();
    });

    test("and its last answer outlives a restart of the store", async () => {
      await subject.createOne("e1");
      const lease = await subject.store.acquire(LANE, "boot-1");
      const answer = await subject.commit(lease, 1, [entryAfter(1, "e1"), entryAfter(7, "e1")]);
      await subject.reopen();
      expect(await subject.commit(lease, 1, [entryAfter(1, "e1"), entryAfter(7, "e1")])).toEqual(answer);
      expect((await subject.store.summary("e1"))?.sequence).toBe(2);
    });
  });
}
