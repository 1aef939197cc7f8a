/**
 * What every store that instances share promises, beside what every store does. Each implementation runs this suite from
 * its own test file, on a ground where it can let time pass.
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { SharedStore } from "../../src/store/shared-store.ts";
import { StoreUnavailable } from "../../src/store/store.ts";
import { rejectionOf } from "./rejection.ts";
import { commandPromises } from "./shared-commands.ts";
import { LONG_MS } from "../store/in-lane.ts";
import { type SharedGround, SharedSubject, TTL_MS } from "./shared-ground.ts";
import { leasePromises } from "./shared-leases.ts";
import { levelPromises } from "./shared-levels.ts";
import { offerPromises } from "./shared-offers.ts";

export type { SharedGround } from "./shared-ground.ts";

export function sharedStoreContract(name: string, makeGround: () => SharedGround): void {
  describe(`the ${name} store, shared by instances`, () => {
    const subject = new SharedSubject(makeGround);
    beforeEach(() => subject.begin());
    afterEach(() => subject.end());

    leasePromises(subject);
    memberPromises(subject);
    levelPromises(subject);
    commandPromises(subject);
    offerPromises(subject);

    test("puts every execution in one of its lanes, the same for every instance", () => {
      const ids = Array.from({ length: 500 }, (_, at) => `execution-${at}`);
      const lanes = ids.map((id) => subject.one.laneOf(id));
      expect(ids.map((id) => subject.two.laneOf(id))).toEqual(lanes);
      expect(new Set(lanes)).toEqual(new Set(Array.from({ length: subject.lanes }, (_, lane) => lane)));
    });

    test("has sentences to say about how it is set up, or none", async () => {
      for (const sentence of await subject.one.warnings()) expect(sentence).toMatch(/\.$/);
    });

    test("has room", async () => {
      expect(await subject.one.full()).toBeNull();
    });

    test("rejects with StoreUnavailable after its end", async () => {
      const store = subject.one;
      const lease = await subject.lease(0, "boot-1");
      await store.close();
      for (const call of everyCall(store, lease)) expect(await rejectionOf(call())).toBeInstanceOf(StoreUnavailable);
    });
  });
}

/** A call of each kind, as whoever holds `lease` makes them. */
export function everyCall(store: SharedStore, lease: Parameters<SharedStore["release"]>[0]): readonly (() => Promise<unknown>)[] {
  return [
    () => store.takeLease(0, "boot-1", TTL_MS),
    () => store.renew([lease], TTL_MS),
    () => store.release(lease),
    () => store.leases(TTL_MS),
    () => store.beat({ bootId: "boot-1", name: "one", threads: 1, leaving: false, outboxBytes: 0 }, TTL_MS),
    () => store.raiseLevel(1),
    () => store.full(),
    () => store.leave("boot-1"),
    () => store.send({ id: "c1", execution: "x", body: "{}" }),
    () => store.commandsAfter(0, 0, 10),
    () => store.receiptOf("x", "c1"),
    () => store.outbox(0, 10),
    () => store.relayed(0, ["1"]),
    () => store.offer(lease, [{ id: "o1", execution: "x", body: "{}" }], 1),
    () => store.offersIn(0),
    () => store.claim(0, { bootId: "boot-1", number: 1, max: 1, awayMax: 1, can: [] }),
    () => store.withdraw(lease, ["o1"]),
    () => store.discard(0, ["o1"]),
    () => store.heldClaims(0, "boot-1", ["o1"]),
  ];
}

function memberPromises(subject: SharedSubject): void {
  describe("members", () => {
    const show = (bootId: string, over: { leaving?: boolean; outboxBytes?: number } = {}, ttlMs = TTL_MS) =>
      subject.one.beat({ bootId, name: `instance ${bootId}`, threads: 2, leaving: false, outboxBytes: 0, ...over }, ttlMs);
    const view = async (bootId: string, ttlMs = TTL_MS) => (await show("me", {}, ttlMs)).find((member) => member.bootId === bootId);

    test("see each other as they last showed themselves, and how often that was", async () => {
      expect(await show("a")).toMatchObject([{ bootId: "a", beats: 1 }]);
      await show("a", { outboxBytes: 5 });
      await show("a", { leaving: true, outboxBytes: 7 }, LONG_MS);
      const seen = await view("a", LONG_MS);
      expect(seen).toMatchObject({ bootId: "a", name: "instance a", threads: 2, leaving: true, outboxBytes: 7, beats: 3 });
      expect(seen?.remainingMs).toBeGreaterThan(0);
      expect(seen?.remainingMs).toBeLessThanOrEqual(LONG_MS);
    });

    test("tell their handlers and limits, if they do", async () => {
      const limits = { nodes: 1, edges: 2, nesting: 3, bodyBytes: 4, outputBytes: 5 };
      const told = { bootId: "a", name: "a", threads: 1, leaving: false, outboxBytes: 0, handlers: ["noop", "ü"], limits };
      await subject.one.beat(told, TTL_MS);
      await show("older");
      expect(await view("a")).toMatchObject({ handlers: ["noop", "ü"], limits });
      expect((await view("older"))?.handlers).toBeUndefined();
    });

    test("are still named when their time is up, and live again when they show themselves", async () => {
      await show("a");
      await subject.lapse();
      expect((await view("a"))?.remainingMs).toBeLessThanOrEqual(0);
      await show("a", {}, LONG_MS);
      const seen = await view("a", LONG_MS);
      expect(seen).toMatchObject({ beats: 2 });
      expect(seen?.remainingMs).toBeGreaterThan(0);
    });

    test("are gone when they leave, which may be said twice", async () => {
      await show("a");
      await subject.two.leave("a");
      await subject.two.leave("a");
      expect(await view("a")).toBeUndefined();
    });

    test("learn the store's time by showing themselves", async () => {
      await show("a");
      const before = subject.one.nowMs() ?? 0;
      expect(before).toBeGreaterThan(0);
      await subject.pass(50);
      expect((subject.one.nowMs() ?? 0) - before).toBeGreaterThanOrEqual(50);
    });

    test("last as long as they say, however long whoever looks does", async () => {
      await show("a", {}, 60_000);
      await subject.lapse();
      const seen = await view("a");
      expect(seen?.ttlMs).toBe(60_000);
      expect(seen?.remainingMs).toBeGreaterThan(TTL_MS);
    });
  });
}
