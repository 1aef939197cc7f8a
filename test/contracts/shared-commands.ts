/** The part of the shared stores' contract that is about commands with their receipts, and about the outbox. */
import { describe, expect, test } from "bun:test";
import type { OutboxEntry } from "../../src/store/shared-store.ts";
import type { Lease } from "../../src/store/store.ts";
import { entryAfter, newExecution } from "../store/made.ts";
import type { SharedSubject } from "./shared-ground.ts";

export function commandPromises(subject: SharedSubject): void {
  describe("commands", () => {
    const [LANE, OTHER] = [0, 1];
    const command = (id: string, execution: string, body = "{}") => ({ id, execution, body });
    const waiting = async (lane = LANE, position = 0, limit = 100) =>
      (await subject.one.commandsAfter(lane, position, limit)).map(({ id }) => id);
    const scene = async (): Promise<{ lease: Lease; a: string; b: string }> => {
      const [a = "", b = ""] = await subject.createIn(LANE, 2);
      return { lease: await subject.lease(LANE, "boot-1"), a, b };
    };

    test("wait in the lane of their execution, in order, as they were given", async () => {
      const { a, b } = await scene();
      const [elsewhere = ""] = subject.idsIn(OTHER, 1);
      const body = `{"type":"signal","value":"é\\u0000 ${"x".repeat(1_000)}"}`;
      expect(await subject.one.send(command("c1", a, body))).toEqual({ type: "queued" });
      await subject.two.send(command("c2", b));
      await subject.two.send(command("c3", elsewhere));
      await subject.one.send(command("c4", a));
      const stored = await subject.two.commandsAfter(LANE, 0, 100);
      expect(stored.map(({ id, execution }) => [id, execution])).toEqual([
        ["c1", a],
        ["c2", b],
        ["c4", a],
      ]);
      expect(stored[0]?.body).toBe(body);
      const positions = stored.map(({ position }) => position);
      expect(positions.toSorted((one, other) => one - other)).toEqual(positions);
      expect(await waiting(LANE, positions[0], 1)).toEqual(["c2"]);
      expect(await waiting(LANE, positions[2])).toEqual([]);
      expect(await waiting(OTHER)).toEqual(["c3"]);
    });

    test("are stored once, however often they are sent", async () => {
      const { a } = await scene();
      await subject.one.send(command("c1", a));
      await subject.one.send(command("c2", a));
      expect(await subject.two.send(command("c1", a, `{"other":1}`))).toEqual({ type: "queued" });
      expect(await waiting()).toEqual(["c1", "c2"]);
    });

    test("go with the commit that answers them, which leaves the receipt", async () => {
      const { lease, a, b } = await scene();
      for (const [id, execution] of [
        ["c1", a],
        ["c2", b],
        ["c3", "gone"],
      ] as const)
        await subject.one.send(command(id, execution));
      const receipts = [{ commandId: "c1", receipt: `{"type":"done"}` }];
      const gone = subject.one.laneOf("gone") === LANE ? [{ commandId: "c3", receipt: `{"type":"unknown"}` }] : [];
      await subject.commit(lease, 1, [{ ...entryAfter(1, a), receipts }], { receipts: gone });
      expect(await waiting()).toEqual(["c2"]);
      expect(await subject.two.receiptOf(a, "c1")).toBe(`{"type":"done"}`);
      expect(await subject.two.receiptOf(b, "c2")).toBeNull();
      expect(await subject.two.receiptOf(b, "never sent")).toBeNull();
    });

    test("that changed nothing are answered without an entry", async () => {
      const { lease, a } = await scene();
      await subject.one.send(command("c1", a));
      await subject.commit(lease, 1, [], { receipts: [{ commandId: "c1", receipt: `{"type":"ignored"}` }] });
      expect(await waiting()).toEqual([]);
      expect(await subject.one.receiptOf(a, "c1")).toBe(`{"type":"ignored"}`);
    });

    test("that were answered are told so when they are sent again, and do not come back", async () => {
      const { lease, a } = await scene();
      await subject.one.send(command("c1", a));
      await subject.commit(lease, 1, [{ ...entryAfter(1, a), receipts: [{ commandId: "c1", receipt: `"yes"` }] }]);
      expect(await subject.two.send(command("c1", a))).toEqual({ type: "answered", receipt: `"yes"` });
      expect(await waiting()).toEqual([]);
    });

    test("of an entry that conflicts stay, unanswered; the others of the commit are answered", async () => {
      const { lease, a, b } = await scene();
      await subject.one.send(command("c1", a));
      await subject.one.send(command("c2", b));
      const answer = await subject.commit(lease, 1, [
        { ...entryAfter(7, a), receipts: [{ commandId: "c1", receipt: "1" }] },
        { ...entryAfter(1, b), receipts: [{ commandId: "c2", receipt: "2" }] },
      ]);
      expect(answer).toEqual({ type: "done", entries: [{ type: "conflict" }, { type: "applied" }] });
      expect(await waiting()).toEqual(["c1"]);
      expect(await subject.one.receiptOf(a, "c1")).toBeNull();
      expect(await subject.one.receiptOf(b, "c2")).toBe("2");
    });

    test("stay where the commit is refused by the fence", async () => {
      const { lease, a } = await scene();
      await subject.one.send(command("c1", a));
      const stale = { ...lease, epoch: lease.epoch + 1 };
      const receipts = [{ commandId: "c1", receipt: "1" }];
      await subject.commit(stale, 1, [{ ...entryAfter(1, a), receipts }], { receipts });
      expect(await waiting()).toEqual(["c1"]);
    });
  });

  describe("the outbox", () => {
    test("has one entry for each create and commit of a lane, in order, with where the events are", async () => {
      const [a = "", b = ""] = await subject.createIn(0, 2);
      await subject.createIn(1, 1);
      const lease = await subject.lease(0, "boot-1");
      const closed = entryAfter(2, a, { status: "COMPLETED", finishedAtMs: 5, closed: true }, { events: 3 });
      await subject.commit(lease, 1, [entryAfter(1, a), entryAfter(1, b)]);
      await subject.commit(lease, 2, [closed, entryAfter(9, b)]);
      const outbox = await subject.two.outbox(0, 10);
      expect(outbox.map(({ pointers }) => pointers.map(({ execution, from, to }) => [execution, from, to]))).toEqual([
        [
          [a, 1, 1],
          [b, 1, 1],
        ],
        [
          [a, 2, 2],
          [b, 2, 2],
        ],
        // What conflicts is not in it.
        [[a, 3, 5]],
      ]);
      expect(outbox[2]?.pointers[0]).toEqual({ execution: a, from: 3, to: 5, epoch: lease.epoch, status: "COMPLETED", closed: true });
      expect(await subject.two.outbox(1, 10)).toHaveLength(1);
      expect(await subject.two.outbox(0, 2)).toEqual(outbox.slice(0, 2));
    });

    test("tells of all of an execution that comes whole from another store, from its beginning", async () => {
      const told: (readonly string[])[] = [];
      const forget = subject.one.onOutbox((_lane, _entry, _after, texts) => void told.push(texts));
      const [whole = "", there = "", other = ""] = subject.idsIn(0, 3);
      await subject.two.create([newExecution(there)]);
      const earlier = [
        { from: 1, to: 1, text: `[["created",1,"n","h"]]`, status: "PENDING" as const },
        { from: 2, to: 3, text: `[["triggered",1,0],\n["started",1]]`, status: "RUNNING" as const },
      ];
      const last = { from: 4, to: 4, text: `[["finished",1,"FAILED",null,null]]` };
      const history = { earlier, chunk: last };
      const over = { sequence: 4, status: "FAILED", triggeredAtMs: 1, startedAtMs: 1, finishedAtMs: 1 } as const;
      const batch = [newExecution(there, over, history), newExecution(whole, over, history), newExecution(other)];
      expect(await subject.one.create(batch)).toEqual(["exists", "created", "created"]);
      forget();
      const entry = (await subject.two.outbox(0, 10)).at(-1);
      expect(entry?.pointers.map(({ execution, from, to, status }) => [execution, from, to, status])).toEqual([
        [whole, 1, 1, "PENDING"],
        [whole, 2, 3, "RUNNING"],
        [whole, 4, 4, "FAILED"],
        [other, 1, 1, "PENDING"],
      ]);
      expect(told).toEqual([[...earlier.map(({ text }) => text), last.text, newExecution(other).chunk.text]]);
      expect((await subject.two.chunksAfter(whole, 0)).map(({ from }) => from)).toEqual([1, 2, 4]);
      await subject.one.relayed(0, [entry?.id ?? ""]);
      const lease = await subject.lease(0, "boot-1");
      const [renewal] = await subject.one.renew([lease], 60_000);
      const [left] = await subject.one.outbox(0, 10);
      expect(renewal).toMatchObject({ type: "renewed", pending: { outboxEntries: 1 } });
      expect(left?.pointers).toHaveLength(1);
    });

    test("tells of what happened elsewhere to an execution that was never triggered here, behind its creation", async () => {
      const [id = ""] = await subject.createIn(0, 1, { tags: ["red"] });
      const { epoch } = await subject.lease(0, "boot-1");
      const created = (await subject.one.summary(id)) ?? newExecution(id).summary;
      const summary = {
        ...created,
        sequence: 4,
        status: "RUNNING",
        triggeredAtMs: 5,
        startedAtMs: 5,
        updatedAtMs: 6,
        completed: 1,
      } as const;
      const chunks = [
        { from: 2, to: 3, text: `[["triggered",5,0],\n["started",5]]`, status: "RUNNING" as const },
        { from: 4, to: 4, text: `[["completed","a",1,5,6,70000]]`, status: "RUNNING" as const },
      ];
      const extension = { summary, chunks, large: [{ key: "output/a/1", text: '"much"' }] };
      expect(await subject.two.extend(extension)).toBe(true);
      expect(await subject.two.extend(extension)).toBe(false);
      expect(await subject.two.extend({ ...extension, summary: { ...summary, id: subject.idsIn(0, 2)[1] ?? "" } })).toBe(false);
      const stored = await subject.one.load(id);
      expect(stored?.summary).toEqual(summary);
      expect(stored?.chunks.slice(1)).toEqual(chunks.map(({ from, to, text }) => ({ from, to, text })));
      expect(await subject.one.large(id, ["output/a/1"])).toEqual(['"much"']);
      expect(await subject.one.active(0)).toEqual([id]);
      const listed = async (status: "PENDING" | "RUNNING") =>
        (await subject.one.list({ status, tag: "red", limit: 10 })).map((each) => each.id);
      expect([await listed("PENDING"), await listed("RUNNING")]).toEqual([[], [id]]);
      const entry = (await subject.one.outbox(0, 10)).at(-1);
      expect(entry?.pointers.map(({ from, to, epoch: under, status }) => [from, to, under, status])).toEqual([
        [2, 3, epoch, "RUNNING"],
        [4, 4, epoch, "RUNNING"],
      ]);
      const lease = await subject.lease(0, "boot-1");
      // Its owner hears of it as of one that was created triggered.
      expect(await subject.one.renew([lease], 60_000)).toMatchObject([{ type: "renewed", pending: { created: 1 } }]);
      expect(await subject.commit(lease, 1, [entryAfter(4, id)])).toEqual({ type: "done", entries: [{ type: "applied" }] });
      // No more after that: neither is it as it was, nor is it the first.
      expect(await subject.two.extend(extension)).toBe(false);
    });

    test("tells of a create under the lane's epoch, whoever creates, so that it is not below what was told before", async () => {
      const told: OutboxEntry[] = [];
      const forget = subject.two.onOutbox((_, entry) => void told.push(entry));
      const [early = "", late = ""] = subject.idsIn(0, 2);
      const { epoch } = await subject.lease(0, "boot-1");
      await subject.two.create([newExecution(early)]);
      const next = await subject.lease(0, "boot-1");
      await subject.two.create([newExecution(late)]);
      forget();
      const epochs = (entries: readonly OutboxEntry[]) => entries.flatMap(({ pointers }) => pointers.map((pointer) => pointer.epoch));
      expect(epochs(await subject.one.outbox(0, 10))).toEqual([epoch, next.epoch]);
      expect(epochs(told)).toEqual([epoch, next.epoch]);
    });

    test("gets nothing from a commit without entries, from one that is sent again, nor from a create of what is there", async () => {
      const [a = ""] = await subject.createIn(0, 1);
      const lease = await subject.lease(0, "boot-1");
      await subject.one.create([newExecution(a)]);
      for (let again = 0; again < 2; again++) await subject.commit(lease, 1, [entryAfter(1, a)]);
      await subject.commit(lease, 2, []);
      await subject.commit(lease, 3, [entryAfter(7, a)]);
      expect(await subject.one.outbox(0, 10)).toHaveLength(2);
    });

    test("each entry is told to the instance that wrote it, with its texts and the lane's entry before it, whoever wrote that", async () => {
      const told: (readonly [lane: number, entry: OutboxEntry, after: string, texts: readonly string[]])[] = [];
      const forget = subject.one.onOutbox((...entry) => void told.push(entry));
      const [a = "", b = "", c = ""] = subject.idsIn(0, 3);
      await subject.one.create([newExecution(a), newExecution(b)]);
      const lease = await subject.lease(0, "boot-1");
      await subject.commit(lease, 1, [entryAfter(1, a), entryAfter(9, b)]);
      await subject.two.create([newExecution(c)]);
      await subject.commit(lease, 2, [entryAfter(1, b), entryAfter(2, a)]);
      forget();
      await subject.commit(lease, 3, [entryAfter(2, b)]);
      const outbox = (await subject.one.outbox(0, 10)).slice(0, 4);
      expect(outbox.map(({ pointers }) => pointers.map(({ execution }) => execution))).toEqual([[a, b], [a], [c], [b, a]]);
      const mine = [outbox[0], outbox[1], outbox[3]] as OutboxEntry[];
      expect(told.map(([, entry]) => entry)).toEqual(mine);
      expect(told.slice(1).map(([, , after]) => after)).toEqual([outbox[0]?.id ?? "", outbox[2]?.id ?? ""]);
      for (const [lane, { pointers }, , texts] of told) expect([lane, texts.length]).toEqual([0, pointers.length]);
      expect(told[2]?.[3][1]).toBe(entryAfter(2, a).chunk.text);
    });

    test("loses what was relayed, by id, also out of order and twice", async () => {
      const [a = ""] = await subject.createIn(0, 1);
      const lease = await subject.lease(0, "boot-1");
      for (const number of [1, 2]) await subject.commit(lease, number, [entryAfter(number, a)]);
      const outbox = await subject.one.outbox(0, 10);
      const [first, second, third] = outbox;
      await subject.one.relayed(0, [second?.id ?? ""]);
      await subject.one.relayed(0, [second?.id ?? "", "no such entry"]);
      expect(await subject.one.outbox(0, 10)).toEqual([first, third] as never);
      await subject.one.relayed(0, [third?.id ?? "", first?.id ?? ""]);
      expect(await subject.one.outbox(0, 10)).toEqual([]);
    });

    test("keeps an execution from being forgotten until the bus has all of it", async () => {
      const [a = ""] = await subject.createIn(0, 1);
      const lease = await subject.lease(0, "boot-1");
      await subject.commit(lease, 1, [entryAfter(1, a, { status: "COMPLETED", finishedAtMs: 2_000, closed: true })]);
      const retention = { nowMs: 10_000, finishedMs: 1_000, untriggeredMs: 5_000, limit: 100 };
      expect(await subject.one.sweep(retention)).toBe(0);
      const outbox = await subject.one.outbox(0, 10);
      await subject.one.relayed(
        0,
        outbox.map(({ id }) => id),
      );
      expect(await subject.one.sweep(retention)).toBe(1);
      expect(await subject.one.load(a)).toBeNull();
    });
  });
}
