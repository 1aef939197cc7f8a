/** The part of the stores' contract that is about reading, and about what retention deletes. */
import { describe, expect, test } from "bun:test";
import { entryAfter, newExecution } from "../store/made.ts";
import { LANE, type StoreSubject } from "./store-subject.ts";

export function readPromises(subject: StoreSubject): void {
  describe("reads", () => {
    test("the chunks that hold anything after a sequence", async () => {
      await subject.createOne("e1");
      const lease = await subject.store.acquire(LANE, "boot-1");
      const chunks = [entryAfter(1, "e1", {}, { events: 3 }), entryAfter(4, "e1", {}, { events: 2 }), entryAfter(6, "e1")];
      await subject.commit(lease, 1, chunks);
      const [one, two, three] = chunks.map(({ chunk }) => chunk);
      expect(await subject.store.chunksAfter("e1", 1)).toEqual([one, two, three] as never);
      expect(await subject.store.chunksAfter("e1", 3)).toEqual([one, two, three] as never);
      expect(await subject.store.chunksAfter("e1", 4)).toEqual([two, three] as never);
      expect(await subject.store.chunksAfter("e1", 7)).toEqual([]);
      expect(await subject.store.chunksAfter("absent", 0)).toEqual([]);
    });

    test("nothing of what is not there", async () => {
      expect(await subject.store.load("absent")).toBeNull();
      expect(await subject.store.summary("absent")).toBeNull();
      expect(await subject.store.large("absent", ["params"])).toEqual([null]);
      expect(await subject.store.large("absent", [])).toEqual([]);
    });

    test("the list newest first, by time and then by id", async () => {
      await subject.store.create([
        newExecution("b", { createdAtMs: 5 }),
        newExecution("a", { createdAtMs: 5 }),
        newExecution("c", { createdAtMs: 4 }),
        newExecution("d", { createdAtMs: 6 }),
      ]);
      expect(await subject.listedIds({})).toEqual(["d", "b", "a", "c"]);
      expect(await subject.listedIds({ limit: 2 })).toEqual(["d", "b"]);
      expect(await subject.listedIds({ before: { createdAtMs: 5, id: "b" } })).toEqual(["a", "c"]);
      expect(await subject.listedIds({ before: { createdAtMs: 5, id: "a" }, limit: 1 })).toEqual(["c"]);
    });

    test("the list by status, name and tag, also together", async () => {
      await subject.store.create([
        newExecution("1", { createdAtMs: 1, name: "x", tags: ["red", "blue"] }),
        newExecution("2", { createdAtMs: 2, name: "x", tags: ["red"] }),
        newExecution("3", { createdAtMs: 3, name: "y", tags: ["red"] }),
      ]);
      await subject.commit(await subject.store.acquire(LANE, "boot-1"), 1, [
        entryAfter(1, "2", { createdAtMs: 2, name: "x", tags: ["red"], status: "COMPLETED" }),
      ]);
      expect(await subject.listedIds({ status: "PENDING" })).toEqual(["3", "1"]);
      expect(await subject.listedIds({ name: "x" })).toEqual(["2", "1"]);
      expect(await subject.listedIds({ tag: "red" })).toEqual(["3", "2", "1"]);
      expect(await subject.listedIds({ tag: "red", name: "x", status: "COMPLETED" })).toEqual(["2"]);
      expect(await subject.listedIds({ tag: "red", name: "x", before: { createdAtMs: 2, id: "2" } })).toEqual(["1"]);
      expect(await subject.listedIds({ tag: "re" })).toEqual([]);
    });

    test("as active what is triggered and not closed, oldest trigger first", async () => {
      await subject.store.create(["1", "2", "3", "4"].map((id) => newExecution(id)));
      const lease = await subject.store.acquire(LANE, "boot-1");
      await subject.commit(lease, 1, [
        entryAfter(1, "1", { triggeredAtMs: 30 }),
        entryAfter(1, "2", { triggeredAtMs: 20, status: "FAILED", finishedAtMs: 25 }),
        entryAfter(1, "3", { triggeredAtMs: 10 }),
      ]);
      expect(await subject.store.active(LANE)).toEqual(["3", "2", "1"]);
      await subject.commit(lease, 2, [entryAfter(2, "3", { triggeredAtMs: 10, status: "COMPLETED", finishedAtMs: 40, closed: true })]);
      expect(await subject.store.active(LANE)).toEqual(["2", "1"]);
    });
  });

  describe("forgets", () => {
    const retention = { nowMs: 10_000, finishedMs: 1_000, untriggeredMs: 5_000, limit: 100 };

    test("what has ended long enough ago, and what was never triggered; nothing that is open", async () => {
      const kept = ["running", "failed but not closed", "ended lately", "new"];
      await subject.store.create([
        ...["old", ...kept.slice(0, 3)].map((id) => newExecution(id, { createdAtMs: 1 })),
        newExecution("untriggered", { createdAtMs: 5_000 }),
        newExecution("new", { createdAtMs: 5_001 }),
      ]);
      await subject.commit(await subject.store.acquire(LANE, "boot-1"), 1, [
        entryAfter(
          1,
          "old",
          { createdAtMs: 1, status: "COMPLETED", finishedAtMs: 9_000, closed: true },
          { large: [{ key: "output/a/1", text: "1" }] },
        ),
        entryAfter(1, "running", { createdAtMs: 1 }),
        entryAfter(1, "failed but not closed", { createdAtMs: 1, status: "FAILED", finishedAtMs: 9_000 }),
        entryAfter(1, "ended lately", { createdAtMs: 1, status: "COMPLETED", finishedAtMs: 9_001, closed: true }),
      ]);
      expect(await subject.store.sweep(retention)).toBe(2);
      expect(new Set(await subject.listedIds({}))).toEqual(new Set(kept));
      expect(await subject.store.load("old")).toBeNull();
      expect(await subject.store.chunksAfter("old", 0)).toEqual([]);
      expect(await subject.store.large("old", ["output/a/1"])).toEqual([null]);
      expect(await subject.store.sweep(retention)).toBe(0);
    });

    test("no more than asked for in one call", async () => {
      await subject.store.create(["1", "2", "3"].map((id) => newExecution(id, { tags: ["t"] })));
      expect(await subject.store.sweep({ ...retention, limit: 2 })).toBe(2);
      expect(await subject.listedIds({ tag: "t" })).toHaveLength(1);
      expect(await subject.store.sweep({ ...retention, limit: 2 })).toBe(1);
    });

    test("a definition only with the last execution that names it", async () => {
      await subject.store.create([newExecution("old"), newExecution("new", { createdAtMs: 9_000 })]);
      expect(await subject.store.sweep(retention)).toBe(1);
      expect((await subject.store.load("new"))?.definitionText).toBe(`{"name":"a workflow"}`);
      expect(await subject.createOne("again")).toBe("created");
      expect((await subject.store.load("again"))?.definitionText).toBe(`{"name":"a workflow"}`);
    });

    test("one that a client wants deleted, with all that is kept of it, whether it is closed or not", async () => {
      await subject.store.create(["gone", "closed", "other"].map((id) => newExecution(id, { createdAtMs: 5, tags: ["t"] })));
      await subject.commit(await subject.store.acquire(LANE, "boot-1"), 1, [
        entryAfter(
          1,
          "gone",
          { createdAtMs: 5, status: "CANCELLED", triggeredAtMs: 6, finishedAtMs: 7 },
          { large: [{ key: "output/a/1", text: "1" }] },
        ),
        entryAfter(1, "closed", { createdAtMs: 5, status: "COMPLETED", triggeredAtMs: 6, finishedAtMs: 7, closed: true }),
      ]);
      expect(await subject.store.active(subject.store.laneOf("gone"))).toContain("gone");
      // Another one, of an earlier time, under its id.
      expect(await subject.store.remove({ id: "gone", createdAtMs: 4 })).toBe(true);
      expect(await subject.store.summary("gone")).not.toBeNull();
      for (const id of ["gone", "gone", "closed", "nobody"]) expect(await subject.store.remove({ id, createdAtMs: 5 })).toBe(true);
      expect([await subject.store.summary("gone"), await subject.store.load("closed")]).toEqual([null, null]);
      expect(await subject.store.large("gone", ["output/a/1"])).toEqual([null]);
      expect(await subject.listedIds({ tag: "t" })).toEqual(["other"]);
      expect(await subject.store.active(subject.store.laneOf("gone"))).toEqual([]);
      expect((await subject.store.load("other"))?.definitionText).toBe(`{"name":"a workflow"}`);
      expect(await subject.createOne("gone", {}, { bodyHash: "body-2" })).toBe("created");
    });

    test("so that a commit for what is gone is a conflict, and its id is free", async () => {
      await subject.createOne("e1");
      await subject.store.sweep(retention);
      expect(await subject.commit(await subject.store.acquire(LANE, "boot-1"), 1, [entryAfter(1, "e1")])).toEqual({
        type: "done",
        entries: [{ type: "conflict" }],
      });
      expect(await subject.createOne("e1", {}, { bodyHash: "body-2" })).toBe("created");
    });
  });
}
