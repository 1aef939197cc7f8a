/** The part of the shared stores' contract that is about leases: who may write to a lane, and until when. */
import { describe, expect, test } from "bun:test";
import type { CommitAnswer } from "../../src/store/store.ts";
import { entryAfter, newExecution } from "../store/made.ts";
import { LONG_MS } from "../store/in-lane.ts";
import { type SharedSubject, TTL_MS } from "./shared-ground.ts";

const FENCED: CommitAnswer = { type: "fenced" };

export function leasePromises(subject: SharedSubject): void {
  describe("leases", () => {
    test("a free lane is taken by whoever comes first; the others are told for how long it is held", async () => {
      const taken = await subject.one.takeLease(0, "boot-1", LONG_MS);
      expect(taken).toMatchObject({ type: "taken", lease: { lane: 0, bootId: "boot-1", diedBootId: null } });
      const held = await subject.two.takeLease(0, "boot-2", LONG_MS);
      expect(held.type).toBe("held");
      if (held.type === "held") expect(held.remainingMs).toBeWithin(1, LONG_MS + 1);
    });

    test("lanes are held apart from each other", async () => {
      await subject.lease(0, "boot-1");
      expect((await subject.two.takeLease(1, "boot-2", LONG_MS)).type).toBe("taken");
    });

    test("every lane shows who holds it under which epoch, and that nobody does", async () => {
      const { epoch } = await subject.lease(1, "boot-1");
      const views = await subject.two.leases(LONG_MS);
      expect(views.map(({ lane }) => lane)).toEqual(Array.from({ length: subject.lanes }, (_, lane) => lane));
      expect(views[0]).toMatchObject({ bootId: null, epoch: 0 });
      expect(views[0]?.remainingMs).toBeLessThanOrEqual(0);
      expect(views[1]).toMatchObject({ bootId: "boot-1", epoch });
      expect(views[1]?.remainingMs).toBeWithin(1, LONG_MS + 1);
    });

    test("one that is renewed lasts longer; one that has lapsed is not revived, and tells so", async () => {
      const [kept, left] = [await subject.lease(0, "boot-1", TTL_MS), await subject.lease(1, "boot-1", TTL_MS)];
      expect(await subject.one.renew([kept], LONG_MS)).toMatchObject([{ type: "renewed" }]);
      await subject.lapse();
      const views = await subject.two.leases(LONG_MS);
      expect(views[0]?.remainingMs).toBeGreaterThan(0);
      // Who had it is still told, and since when it has lapsed.
      expect(views[1]).toMatchObject({ bootId: "boot-1", epoch: left.epoch });
      expect(views[1]?.remainingMs).toBeLessThan(0);
      for (let again = 0; again < 2; again++) {
        expect(await subject.one.renew([left, kept], LONG_MS)).toMatchObject([{ type: "lapsed" }, { type: "renewed" }]);
      }
    });

    test("one that has lapsed may be taken by anyone, with a higher epoch; its owner has lost it", async () => {
      const first = await subject.lease(0, "boot-1", TTL_MS);
      await subject.lapse();
      const second = await subject.two.takeLease(0, "boot-2", LONG_MS);
      expect(second).toMatchObject({ type: "taken", lease: { lane: 0, bootId: "boot-2", diedBootId: "boot-1" } });
      if (second.type === "taken") expect(second.lease.epoch).toBeGreaterThan(first.epoch);
      expect(await subject.one.renew([first], LONG_MS)).toEqual([{ type: "lost" }]);
      expect((await subject.one.takeLease(0, "boot-1", LONG_MS)).type).toBe("held");
    });

    test("its own lane a boot may take again at any time, with a higher epoch, and no death in it", async () => {
      const [first] = [await subject.lease(0, "boot-1"), await subject.createIn(0, 1)];
      await subject.commit(first, 1, []);
      const second = await subject.lease(0, "boot-1");
      expect(second).toMatchObject({ lane: 0, bootId: "boot-1", diedBootId: null });
      expect(second.epoch).toBeGreaterThan(first.epoch);
      expect(await subject.one.renew([first], LONG_MS)).toEqual([{ type: "lost" }]);
      expect(await subject.commit(first, 2, [])).toEqual(FENCED);
      expect((await subject.commit(second, 1, [])).type).toBe("done");
    });

    test("until somebody takes it, the owner of a lapsed one may still write: only the fence decides", async () => {
      const lease = await subject.lease(0, "boot-1", TTL_MS);
      const [id = ""] = await subject.createIn(0, 1);
      await subject.lapse();
      expect(await subject.commit(lease, 1, [entryAfter(1, id)])).toEqual({ type: "done", entries: [{ type: "applied" }] });
      await subject.two.takeLease(0, "boot-2", LONG_MS);
      expect(await subject.commit(lease, 2, [entryAfter(2, id)])).toEqual(FENCED);
    });

    test("the fence is epoch and boot, both: neither a higher epoch nor another's passes", async () => {
      await subject.lease(0, "boot-1", TTL_MS);
      await subject.lapse();
      const taken = await subject.two.takeLease(0, "boot-2", LONG_MS);
      if (taken.type === "held") throw new Error("A lapsed lease is held.");
      const { lease } = taken;
      for (const stale of [{ bootId: "boot-1" }, { epoch: lease.epoch - 1 }, { epoch: lease.epoch + 1 }]) {
        const forged = { ...lease, ...stale };
        expect(await subject.commit(forged, 1, [])).toEqual(FENCED);
        expect(await subject.one.renew([forged], LONG_MS)).toEqual([{ type: "lost" }]);
        await subject.one.release(forged);
      }
      expect(await subject.one.renew([lease], LONG_MS)).toMatchObject([{ type: "renewed" }]);
      expect((await subject.commit(lease, 1, [])).type).toBe("done");
    });

    test("one that is released is free at once, and under it nothing is written any more", async () => {
      const first = await subject.lease(0, "boot-1");
      await subject.commit(first, 1, [], { cleanEnd: true });
      await subject.one.release(first);
      await subject.one.release(first);
      const [view] = await subject.two.leases(LONG_MS);
      expect(view).toMatchObject({ bootId: null, epoch: first.epoch });
      expect(view?.remainingMs).toBeLessThanOrEqual(0);
      expect(await subject.commit(first, 2, [])).toEqual(FENCED);
      expect(await subject.one.renew([first], LONG_MS)).toEqual([{ type: "lost" }]);
      const second = await subject.two.takeLease(0, "boot-2", LONG_MS);
      expect(second).toMatchObject({ type: "taken", lease: { diedBootId: null } });
      if (second.type === "taken") expect(second.lease.epoch).toBeGreaterThan(first.epoch);
    });

    test("whoever takes over after an end that was not clean is told whose death it was, also where it asks again", async () => {
      const first = await subject.lease(0, "boot-1");
      await subject.commit(first, 1, []);
      await subject.one.release(first);
      for (let again = 0; again < 2; again++) expect((await subject.lease(0, "boot-2")).diedBootId).toBe("boot-1");
      const last = await subject.lease(0, "boot-2");
      await subject.commit(last, 1, []);
      expect((await subject.lease(0, "boot-2")).diedBootId).toBeNull();
    });

    test("epochs follow the store's clock, and are above what the taker has seen: an older past gives none out again", async () => {
      const first = await subject.lease(0, "boot-1");
      await subject.pass(50);
      const second = await subject.lease(0, "boot-1");
      expect(second.epoch - first.epoch).toBeGreaterThanOrEqual(50);
      const seen = second.epoch + 3_600_000;
      const third = await subject.one.takeLease(0, "boot-1", LONG_MS, seen);
      expect(third).toMatchObject({ type: "taken", lease: { epoch: seen + 1 } });
      // A clock that is behind lets them rise one by one.
      expect((await subject.lease(0, "boot-1")).epoch).toBe(seen + 2);
    });

    test("a boot is told whether another has had the lane since it took it last", async () => {
      const takers = async (bootId: string) => {
        const taken = await subject.one.takeLease(0, bootId, TTL_MS);
        return taken.type === "taken" ? taken.takers : null;
      };
      const first = await takers("boot-1");
      expect(first).not.toBeNull();
      // However often it takes the lane itself, and whether it hears of it or not.
      for (let again = 0; again < 2; again++) expect(await takers("boot-1")).toBe(first);
      await subject.lapse();
      expect(await takers("boot-2")).toBeGreaterThan(first ?? 0);
      await subject.lapse();
      const last = await takers("boot-1");
      expect(last).toBeGreaterThan((first ?? 0) + 1);
      expect(await takers("boot-1")).toBe(last);
    });

    test("each lasts as long as its holder says, however long those of whoever looks or wants it last", async () => {
      await subject.lease(0, "boot-1", LONG_MS);
      await subject.lease(1, "boot-2", TTL_MS);
      const views = await subject.two.leases(TTL_MS);
      expect(views.slice(0, 2).map(({ ttlMs }) => ttlMs)).toEqual([LONG_MS, TTL_MS]);
      expect(views[0]?.remainingMs).toBeGreaterThan(TTL_MS);
      const held = await subject.two.takeLease(0, "boot-2", TTL_MS);
      expect(held.type === "held" && held.remainingMs).toBeGreaterThan(TTL_MS);
      await subject.lapse();
      expect((await subject.two.leases(TTL_MS))[0]?.remainingMs).toBeGreaterThan(0);
      expect((await subject.two.leases(LONG_MS))[1]?.remainingMs).toBeLessThanOrEqual(0);
    });

    test("a renewal tells what waits in the lane", async () => {
      const [quiet, busy] = [await subject.lease(0, "boot-1"), await subject.lease(1, "boot-1")];
      const [a = "", b = ""] = await subject.createIn(1, 2, { triggeredAtMs: 5 });
      await subject.one.create([newExecution(a, { triggeredAtMs: 5 }), newExecution(subject.idsIn(1, 3)[2] ?? "")]);
      await subject.two.send({ id: "c1", execution: a, body: "{}" });
      await subject.one.offer(busy, [{ id: "o1", execution: b, body: "{}" }], 1);
      const [first, second] = await subject.two.renew([quiet, busy], LONG_MS);
      const nothing = { commands: 0, created: 0, offers: 0, outboxEntries: 0, outboxBytes: 0 };
      expect(first).toEqual({ type: "renewed", pending: nothing });
      // Of three creations one found what was there, and one was not triggered.
      expect(second).toMatchObject({ type: "renewed", pending: { commands: 1, created: 2, offers: 1, outboxEntries: 2 } });
      if (second?.type !== "renewed") throw new Error("Not renewed.");
      expect(second.pending.outboxBytes).toBeGreaterThan(0);
      await subject.commit(busy, 1, [entryAfter(1, a)], { receipts: [{ commandId: "c1", receipt: "{}" }] });
      await subject.one.relayed(
        1,
        (await subject.one.outbox(1, 10)).map(({ id }) => id),
      );
      await subject.one.discard(1, ["o1"]);
      expect(await subject.one.renew([busy], LONG_MS)).toEqual([{ type: "renewed", pending: { ...nothing, created: 2 } }]);
    });
  });
}
