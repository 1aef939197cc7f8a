/** What every store promises. Each implementation runs this suite from its own test file. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { StoreUnavailable } from "../../src/store/store.ts";
import { entryAfter, newExecution } from "../store/made.ts";
import { rejectionOf } from "./rejection.ts";
import { commitPromises } from "./store-commits.ts";
import { readPromises } from "./store-reads.ts";
import { LANE, type StoreGround, StoreSubject } from "./store-subject.ts";

export function storeContract(name: string, makeGround: () => StoreGround): void {
  describe(`the ${name} store`, () => {
    const subject = new StoreSubject(makeGround);
    beforeEach(() => subject.begin());
    afterEach(() => subject.end());

    createPromises(subject);
    commitPromises(subject);
    readPromises(subject);

    test("rejects with StoreUnavailable after its end, which may be asked for twice", async () => {
      await subject.store.close();
      await subject.store.close();
      const calls: readonly (() => Promise<unknown>)[] = [
        () => subject.store.acquire(LANE, "boot-1"),
        () => subject.store.commit(LANE, { id: { bootId: "boot-1", epoch: 1, number: 1 }, entries: [], cleanEnd: false }),
        () => subject.store.create([newExecution("e1")]),
        () => subject.store.load("e1"),
        () => subject.store.chunksAfter("e1", 0),
        () => subject.store.summary("e1"),
        () => subject.store.large("e1", ["params"]),
        () => subject.store.list({ limit: 1 }),
        () => subject.store.active(LANE),
        () => subject.store.sweep({ nowMs: 0, finishedMs: 0, untriggeredMs: 0, limit: 1 }),
      ];
      for (const call of calls) expect(await rejectionOf(call())).toBeInstanceOf(StoreUnavailable);
    });
  });
}

function createPromises(subject: StoreSubject): void {
  describe("creates", () => {
    test("an execution that reads back as it was given, by all its parts", async () => {
      const large = [{ key: "params", text: `{"big":"é𝄞"}` }];
      const made = newExecution("e1", { tags: ["nightly", "ü"], error: "why 'not'" }, { large });
      expect(await subject.store.create([made])).toEqual(["created"]);
      expect(await subject.store.load("e1")).toEqual({
        summary: made.summary,
        definitionText: made.definitionText,
        bodyHash: "body-1",
        chunks: [made.chunk],
      });
      expect(await subject.store.summary("e1")).toEqual(made.summary);
      expect(await subject.store.large("e1", ["params", "output/a/1"])).toEqual([large[0]?.text ?? "", null]);
    });

    test("once: the same again exists, another body under the same id differs, and neither changes anything", async () => {
      const first = newExecution("e1");
      await subject.store.create([first]);
      expect(await subject.createOne("e1", { name: "changed" })).toBe("exists");
      expect(await subject.createOne("e1", { name: "changed" }, { bodyHash: "body-2" })).toBe("differs");
      expect(await subject.store.summary("e1")).toEqual(first.summary);
    });

    test("answers each of a batch, also where one id stands in it twice", async () => {
      await subject.createOne("e1");
      const batch = [newExecution("e2"), newExecution("e1"), newExecution("e2"), newExecution("e1", {}, { bodyHash: "body-2" })];
      expect(await subject.store.create(batch)).toEqual(["created", "exists", "exists", "differs"]);
    });

    test("an execution that comes whole from another store, with all its chunks, and lets it go on from there", async () => {
      const last = { from: 3, to: 5, text: `[["started",2]]` };
      const first = { from: 1, to: 2, text: `[["created",1000,"a workflow","hash-1"]]` };
      const earlier = [{ ...first, status: "PENDING" as const }];
      const progress = { status: "RUNNING", sequence: 5, triggeredAtMs: 2_000, startedAtMs: 2_000 } as const;
      await subject.createOne("e1", progress, { earlier, chunk: last });
      expect((await subject.store.load("e1"))?.chunks).toEqual([first, last]);
      expect(await subject.store.active(LANE)).toEqual(["e1"]);
      const lease = await subject.store.acquire(LANE, "boot-1");
      expect(await subject.commit(lease, 1, [entryAfter(5, "e1")])).toEqual({ type: "done", entries: [{ type: "applied" }] });
    });

    test("nothing for a batch that holds a text which it can never take, and says so", async () => {
      await subject.reopen({ textBytesMax: 2_000 });
      const tooLong = newExecution("e2", { definition: "hash-2" }, { definitionText: JSON.stringify("é".repeat(1_000)) });
      expect(await rejectionOf(subject.store.create([newExecution("e1"), tooLong]))).toBeInstanceOf(RangeError);
      expect(await subject.store.load("e1")).toBeNull();
    });

    test("needs no lease, and takes names and tags of any letters", async () => {
      const odd = { name: `O'Brien "—" \u0000 日本 ${"x".repeat(300)}`, tags: ["", "a,b", '"'] };
      await subject.createOne("e1", odd);
      expect(await subject.store.summary("e1")).toMatchObject(odd);
      expect(await subject.listedIds({ name: odd.name, tag: "a,b" })).toEqual(["e1"]);
    });
  });
}
