/** What only Redis can show: replies lost on a wire, calls that arrive late, a Redis that is paused, restarted, full or emptied. */
import { describe, expect, test } from "bun:test";
import { systemClock } from "../../../src/env/clock.ts";
import { createCreator } from "../../../src/store/creator.ts";
import { DataLost } from "../../../src/store/shared-store.ts";
import { type Commit, StoreUnavailable } from "../../../src/store/store.ts";
import { rejectionOf } from "../../contracts/rejection.ts";
import { everyCall } from "../../contracts/shared-store.ts";
import { idIn, leaseOf, LONG_MS } from "../in-lane.ts";
import { commitId, entryAfter, newExecution } from "../made.ts";
import { RedisGround } from "./ground.ts";

// A machine that does seven other things answers within it.
const TIMEOUT_MS = 600;
const MEMBER = { bootId: "boot-1", name: "a", threads: 1, leaving: false, outboxBytes: 0 };
const LANES = 4;

const ground = new RedisGround({ server: { appendOnly: "always" }, stores: { lanes: LANES, commandTimeoutMs: TIMEOUT_MS } });

/** Asks until the store answers: its connection is being made anew. */
async function whenBack<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || error instanceof DataLost) throw error;
      await Bun.sleep(10);
    }
  }
}

const APPLIED = { type: "done", entries: [{ type: "applied" }] } as const;

describe("a create through Redis", () => {
  test("that was refused after its time is not there when a Redis that stood still goes on, and one in time is", async () => {
    const store = await ground.open();
    const creator = createCreator({ store, clock: systemClock, timeoutMs: TIMEOUT_MS });
    // Members show themselves all the time, and hear what time it is.
    await store.beat(MEMBER, LONG_MS);
    expect(await creator.create(newExecution("in-time"))).toBe("created");
    ground.server.pause();
    const refused = await rejectionOf(creator.create(newExecution("late")));
    ground.server.resume();
    expect(refused).toBeInstanceOf(StoreUnavailable);
    // On the same connection, so what was sent before has arrived before this is answered.
    expect(await whenBack(() => store.summary("late"))).toBeNull();
    expect(await store.summary("in-time")).not.toBeNull();
    expect(await creator.create(newExecution("after"))).toBe("created");
  });

  test("is taken where Redis's clock is another than it was", async () => {
    const store = await ground.open();
    const ahead = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + awayMs };
    let awayMs = 0;
    const moved = await ground.open({ clock: ahead });
    await moved.beat(MEMBER, LONG_MS);
    // As if Redis's were ahead of what it told.
    awayMs = -LONG_MS / 2;
    const creator = createCreator({ store: moved, clock: ahead });
    expect(await creator.create(newExecution("x1"))).toBe("created");
    expect(await store.summary("x1")).not.toBeNull();
  });
});

describe("a commit through Redis", () => {
  test("whose reply was lost is recognised when it is sent again: written once, and its outbox entry stands", async () => {
    const { store, proxy } = await ground.openBehindProxy();
    const id = idIn(store, 0);
    await store.create([newExecution(id)]);
    const lease = await leaseOf(store, 0, "boot-1");
    await store.send({ id: "c1", execution: id, body: "{}" });
    await store.relayed(
      0,
      (await store.outbox(0, 10)).map((entry) => entry.id),
    );
    const entry = { ...entryAfter(1, id), receipts: [{ commandId: "c1", receipt: "1" }] };
    const commit: Commit = { id: commitId(lease, 1), entries: [entry], cleanEnd: false };
    proxy.loseReplies();
    expect(await rejectionOf(store.commit(0, commit))).toBeInstanceOf(StoreUnavailable);
    proxy.passAll();
    for (let again = 0; again < 2; again++) expect(await whenBack(() => store.commit(0, commit))).toEqual(APPLIED);
    expect(await store.chunksAfter(id, 0)).toHaveLength(2);
    expect((await store.outbox(0, 10)).map(({ pointers }) => pointers.map(({ from, to }) => [from, to]))).toEqual([[[2, 2]]]);
    expect(await store.receiptOf(id, "c1")).toBe("1");
  });

  test("that arrives after it was given up is applied once, and whoever sends it again is told so", async () => {
    const direct = await ground.open();
    const { store, proxy } = await ground.openBehindProxy();
    const id = idIn(store, 0);
    await store.create([newExecution(id)]);
    const lease = await leaseOf(store, 0, "boot-1");
    const commit: Commit = { id: commitId(lease, 1), entries: [entryAfter(1, id)], cleanEnd: false };
    proxy.holdRequests();
    expect(await rejectionOf(store.commit(0, commit))).toBeInstanceOf(StoreUnavailable);
    expect((await direct.summary(id))?.sequence).toBe(1);
    proxy.passAll();
    while ((await direct.summary(id))?.sequence === 1) await Bun.sleep(5);
    expect(await direct.commit(0, commit)).toEqual(APPLIED);
    expect(await direct.commit(0, { ...commit, id: commitId(lease, 2), entries: [entryAfter(2, id)] })).toEqual(APPLIED);
    expect(await direct.chunksAfter(id, 0)).toHaveLength(3);
  });

  test("that arrives after its successor, or after another has the lane, changes nothing", async () => {
    const direct = await ground.open();
    const { store, proxy } = await ground.openBehindProxy();
    const [a, b] = [idIn(store, 0), idIn(store, 1)];
    await store.create([newExecution(a), newExecution(b)]);
    const leases = [await leaseOf(store, 0, "boot-1"), await leaseOf(store, 1, "boot-1")] as const;
    const first: Commit = { id: commitId(leases[0], 1), entries: [entryAfter(1, a)], cleanEnd: false };
    proxy.holdRequests();
    const late = [
      rejectionOf(store.commit(0, first)),
      rejectionOf(store.commit(1, { id: commitId(leases[1], 1), entries: [entryAfter(1, b)], cleanEnd: false })),
    ];
    expect(await direct.commit(0, first)).toEqual(APPLIED);
    const second: Commit = { id: commitId(leases[0], 2), entries: [entryAfter(2, a, { completed: 2 })], cleanEnd: false };
    expect(await direct.commit(0, second)).toEqual(APPLIED);
    await direct.release(leases[1]);
    await leaseOf(direct, 1, "boot-2");
    for (const each of late) expect(await each).toBeInstanceOf(StoreUnavailable);
    proxy.passAll();
    // On the same connections, so what was held has arrived before this is answered.
    await whenBack(() => store.summary(a));
    expect(await direct.chunksAfter(a, 0)).toHaveLength(3);
    expect(await direct.commit(0, second)).toEqual(APPLIED);
    expect(await direct.chunksAfter(b, 0)).toHaveLength(1);
  });

  test("runs also where Redis has forgotten the scripts", async () => {
    const store = await ground.open();
    const id = idIn(store, 0);
    await store.create([newExecution(id)]);
    const lease = await leaseOf(store, 0, "boot-1");
    await ground.admin.script("FLUSH");
    expect(await store.commit(0, { id: commitId(lease, 1), entries: [entryAfter(1, id)], cleanEnd: false })).toEqual(APPLIED);
  });

  test("is not applied, not even in part, where Redis is full, and is when there is room again", async () => {
    const store = await ground.open();
    const id = idIn(store, 0);
    await store.create([newExecution(id)]);
    const lease = await leaseOf(store, 0, "boot-1");
    await store.send({ id: "c1", execution: id, body: "{}" });
    const entry = {
      ...entryAfter(1, id, {}, { large: [{ key: "output/a/1", text: "1" }] }),
      receipts: [{ commandId: "c1", receipt: "1" }],
    };
    const commit: Commit = { id: commitId(lease, 1), entries: [entry], cleanEnd: false };
    await ground.admin.config("SET", "maxmemory", "1");
    try {
      const error = await rejectionOf(store.commit(0, commit));
      expect(error).toBeInstanceOf(StoreUnavailable);
      expect(String(error)).toContain("OOM");
    } finally {
      await ground.admin.config("SET", "maxmemory", "0");
    }
    expect((await store.summary(id))?.sequence).toBe(1);
    expect(await store.chunksAfter(id, 1)).toEqual([]);
    expect(await store.large(id, ["output/a/1"])).toEqual([null]);
    expect(await store.receiptOf(id, "c1")).toBeNull();
    expect(await store.commit(0, commit)).toEqual(APPLIED);
    expect(await store.large(id, ["output/a/1"])).toEqual(["1"]);
  });

  test("is not applied where Redis is busy with somebody's script", async () => {
    const store = await ground.open();
    const id = idIn(store, 0);
    await store.create([newExecution(id)]);
    const lease = await leaseOf(store, 0, "boot-1");
    const commit: Commit = { id: commitId(lease, 1), entries: [entryAfter(1, id)], cleanEnd: false };
    await ground.admin.config("SET", "busy-reply-threshold", "20");
    const endless = ground.admin.duplicate();
    const killed = rejectionOf(endless.eval("while true do end", 0));
    const isBusy = async () => String(await store.summary(id).catch(String)).includes("BUSY");
    while (!(await isBusy())) await Bun.sleep(1);
    expect(await rejectionOf(store.commit(0, commit))).toBeInstanceOf(StoreUnavailable);
    await ground.admin.script("KILL");
    await killed;
    endless.disconnect();
    expect(await whenBack(() => store.summary(id))).toMatchObject({ sequence: 1 });
    expect(await store.commit(0, commit)).toEqual(APPLIED);
  });

  test("takes texts of many megabytes, for good", async () => {
    const store = await ground.open({ commandTimeoutMs: 1_500 });
    const id = idIn(store, 0);
    const text = JSON.stringify("é".repeat(8 * 1024 * 1024));
    await store.create([newExecution(id, {}, { definitionText: text })]);
    expect((await store.load(id))?.definitionText === text).toBe(true);
    const lease = await leaseOf(store, 0, "boot-1");
    const entry = entryAfter(1, id, {}, { large: [{ key: "output/a/1", text }] });
    expect(await store.commit(0, { id: commitId(lease, 1), entries: [entry], cleanEnd: false })).toEqual(APPLIED);
    expect((await store.large(id, ["output/a/1"]))[0] === text).toBe(true);
    expect(await ground.admin.ttl(`${ground.keyPrefix}:{0}:big:${id}`)).toBe(-1);
  });
});

describe("calls that arrive after their deadline", () => {
  test("take no lane, claim no offers, show no member and add no command: nobody would know of it", async () => {
    const direct = await ground.open();
    const { store, proxy } = await ground.openBehindProxy();
    const owned = await leaseOf(direct, 1, "boot-2");
    await direct.offer(owned, [{ id: "o1", execution: "x", body: "{}" }], 1);
    // Once in time, so that only being late is in the way.
    await store.claim(1, { bootId: "boot-1", number: 1, max: 0, awayMax: 0, can: [] });
    proxy.holdRequests();
    const late = [
      store.takeLease(0, "boot-1", LONG_MS),
      store.claim(1, { bootId: "boot-1", number: 2, max: 5, awayMax: 5, can: [] }),
      store.beat({ bootId: "boot-1", name: "one", threads: 1, leaving: false, outboxBytes: 0 }, LONG_MS),
      store.send({ id: "late", execution: idIn(store, 0), body: "{}" }),
      store.discard(1, ["o1"]),
    ];
    for (const each of late) expect(await rejectionOf(each)).toBeInstanceOf(StoreUnavailable);
    await Bun.sleep(TIMEOUT_MS + 50);
    proxy.passAll();
    await whenBack(() => store.summary("x"));
    await whenBack(() => store.leases(LONG_MS));
    expect((await direct.leases(LONG_MS))[0]).toMatchObject({ bootId: null });
    expect(await direct.offersIn(1)).toEqual([{ id: "o1", execution: "x", claimedBy: null }]);
    expect(await direct.commandsAfter(0, 0, 10)).toEqual([]);
    const me = { bootId: "boot-2", name: "two", threads: 1, leaving: false, outboxBytes: 0 };
    expect((await direct.beat(me, LONG_MS)).map(({ bootId }) => bootId)).toEqual(["boot-2"]);
  });

  test("are told from calls of a clock that has jumped, which are sent again at once", async () => {
    let aheadMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
    const store = await ground.open({ clock });
    expect((await store.takeLease(0, "boot-1", LONG_MS)).type).toBe("taken");
    aheadMs = -30_000;
    expect((await store.takeLease(0, "boot-1", LONG_MS)).type).toBe("taken");
    aheadMs = 30_000;
    expect((await store.takeLease(0, "boot-1", LONG_MS)).type).toBe("taken");
  });
});

describe("a Redis that", () => {
  test("is paused lets every call end by its deadline; a lease that lapsed meanwhile is not revived", async () => {
    const store = await ground.open();
    const lease = await leaseOf(store, 0, "boot-1", 200);
    const [lasting, other] = [await leaseOf(store, 1, "boot-1"), await leaseOf(store, 2, "boot-1")];
    ground.server.pause();
    const calls = [
      ...everyCall(store, other),
      () => store.create([newExecution("x")]),
      () => store.load("x"),
      () => store.list({ limit: 1 }),
    ];
    for (const error of await Promise.all(calls.map((call) => rejectionOf(call())))) expect(error).toBeInstanceOf(StoreUnavailable);
    ground.server.resume();
    expect(await whenBack(() => store.renew([lease, lasting], LONG_MS))).toMatchObject([{ type: "lapsed" }, { type: "renewed" }]);
  });

  test("is away is told at once, and all goes on by itself when it is back", async () => {
    const store = await ground.open();
    const id = idIn(store, 0);
    await store.create([newExecution(id)]);
    const lease = await leaseOf(store, 0, "boot-1");
    await ground.server.kill9();
    for (let at = 0; at < 20; at++) {
      const error = await rejectionOf(store.summary(id));
      expect(error).toBeInstanceOf(StoreUnavailable);
      // Of a call that waited for an answer it would say that there was none in time.
      expect(String(error)).toContain("Redis cannot be reached");
    }
    await ground.server.restart();
    expect((await whenBack(() => store.summary(id)))?.id).toBe(id);
    expect(await whenBack(() => store.commit(0, { id: commitId(lease, 1), entries: [entryAfter(1, id)], cleanEnd: false }))).toEqual(
      APPLIED,
    );
  });

  test("cannot be reached at the start is told in a sentence, in time", async () => {
    const proxy = ground.proxyTo(1);
    const error = await rejectionOf(ground.open({ address: { url: `redis://127.0.0.1:${proxy.port}` } }));
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(String(error)).toContain("Redis cannot be reached");
  });

  test("was restarted is told, for every lane, and one whose connections were only cut is not", async () => {
    const { store, proxy } = await ground.openBehindProxy();
    const told: (readonly number[])[] = [];
    const unsubscribe = store.onRestart((lanes) => void told.push(lanes));
    const renewed = Promise.withResolvers<void>();
    store.onRestart(() => renewed.resolve());
    proxy.cut();
    await whenBack(() => store.leases(LONG_MS));
    expect(told).toEqual([]);
    await ground.server.restart();
    await whenBack(() => store.leases(LONG_MS));
    await renewed.promise;
    expect(told).toEqual([[0, 1, 2, 3]]);
    unsubscribe();
  });

  test("was restarted is told before a lease is answered that was taken since", async () => {
    const store = await ground.open();
    for (let round = 1; round <= 3; round++) {
      let told = 0;
      const unsubscribe = store.onRestart(() => void (told += 1));
      await ground.server.restart();
      await whenBack(() => store.takeLease(0, "boot-1", LONG_MS));
      expect(told).toBe(1);
      unsubscribe();
    }
  });

  test("was emptied is not written to, whatever is asked: what it held is lost, and nothing is taken for new", async () => {
    const store = await ground.open();
    const lease = await leaseOf(store, 0, "boot-1");
    await ground.admin.flushall();
    const calls = [
      ...everyCall(store, lease),
      () => store.acquire(0, "boot-1"),
      () => store.commit(0, { id: commitId(lease, 1), entries: [], cleanEnd: false }),
      () => store.create([newExecution("x")]),
      () => store.load("x"),
      () => store.chunksAfter("x", 0),
      () => store.summary("x"),
      () => store.large("x", ["params"]),
      () => store.list({ limit: 1 }),
      () => store.active(0),
      () => store.sweep({ nowMs: 0, finishedMs: 0, untriggeredMs: 0, limit: 1 }),
    ];
    for (const call of calls) {
      const error = await rejectionOf(call());
      expect([String(call), error]).toEqual([String(call), expect.any(DataLost)]);
    }
    expect(await ground.admin.dbsize()).toBe(0);
    // Whoever starts now begins a new history; the old instance keeps out of it.
    const fresh = await ground.open();
    expect(await leaseOf(fresh, 0, "boot-2")).toMatchObject({ bootId: "boot-2", diedBootId: null });
    expect(await rejectionOf(store.create([newExecution("x")]))).toBeInstanceOf(DataLost);
    expect(await fresh.list({ limit: 10 })).toEqual([]);
  });

  test("lost a part of what it held is refused at the start", async () => {
    await ground.open();
    await ground.admin.del(`${ground.keyPrefix}:{2}:lane`);
    expect(await rejectionOf(ground.open())).toBeInstanceOf(DataLost);
    await ground.admin.del(`${ground.keyPrefix}:{store}:lane`);
    expect(await rejectionOf(ground.open())).toBeInstanceOf(DataLost);
    expect(await ground.admin.exists(`${ground.keyPrefix}:{2}:lane`, `${ground.keyPrefix}:{store}:lane`)).toBe(0);
  });

  test("fell into an older past gives no outbox entry and no command the name of one that it forgot", async () => {
    const store = await ground.open();
    const id = idIn(store, 0);
    await store.create([newExecution(id)]);
    const lease = await leaseOf(store, 0, "boot-1");
    const all = ["lane", "out", "commands", `x:${id}`, `log:${id}`, "seen:c1"].map((key) => `${ground.keyPrefix}:{0}:${key}`);
    const before = await Promise.all(all.map((key) => ground.admin.dumpBuffer(key)));
    const commit: Commit = { id: commitId(lease, 1), entries: [entryAfter(1, id)], cleanEnd: false };
    const give = async () => {
      await store.send({ id: "c1", execution: id, body: "{}" });
      await store.commit(0, commit);
      const [, entry] = await store.outbox(0, 10);
      const [command] = await store.commandsAfter(0, 0, 10);
      return [entry?.id, command?.position];
    };
    const [entry, position] = await give();
    for (const [at, key] of all.entries()) {
      await ground.admin.del(key);
      const dump = before[at];
      if (dump) await ground.admin.restore(key, 0, dump);
    }
    // Within one millisecond the clock alone could not tell them apart.
    await Bun.sleep(2);
    const [entryAgain, positionAgain] = await give();
    expect(entryAgain).toBeString();
    expect(entryAgain).not.toBe(entry);
    expect(positionAgain).toBeGreaterThan(Number(position));
  });

  test("holds another number of lanes is refused at the start, in a sentence", async () => {
    await ground.open();
    const error = await rejectionOf(ground.open({ lanes: 8 }));
    expect(String(error)).toBe(
      "RedisRefusal: Redis holds executions in 4 lanes, but APP_LANES of this instance is 8: give every instance the number that the data has.",
    );
  });

  test("is made ready by many instances at once has one history", async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => ground.open()));
    await all[0]?.create([newExecution("x")]);
    for (const store of all) expect((await store.summary("x"))?.id).toBe("x");
  });

  test("may lose data by how it is set up is warned of; also where it does not tell", async () => {
    const store = await ground.open();
    expect(await store.warnings()).toEqual([]);
    await ground.admin.config("SET", "maxmemory-policy", "allkeys-lru");
    await ground.admin.config("SET", "appendonly", "no");
    try {
      const warnings = (await store.warnings()).join("\n");
      expect(warnings).toContain("appendonly yes");
      expect(warnings).toContain("noeviction");
    } finally {
      await ground.admin.config("SET", "maxmemory-policy", "noeviction");
      await ground.admin.config("SET", "appendonly", "yes");
    }
    await ground.admin.call("ACL", "SETUSER", "reader", "on", ">secret", "~*", "&*", "+@all", "-config");
    const reader = await ground.open({ address: { url: `redis://reader:secret@127.0.0.1:${ground.server.port}` } });
    expect((await reader.warnings()).join("\n")).toContain("does not show its settings");
  });
});

describe("retention in Redis", () => {
  const retention = { nowMs: 1_000_000, finishedMs: 1_000, untriggeredMs: 1_000, limit: 100 };

  test("deletes nothing that the outbox still points at", async () => {
    const store = await ground.open();
    const [ended, untriggered] = [idIn(store, 0), idIn(store, 1)];
    await store.create([newExecution(ended), newExecution(untriggered)]);
    const lease = await leaseOf(store, 0, "boot-1");
    const entry = entryAfter(1, ended, { status: "COMPLETED", finishedAtMs: 2_000, closed: true });
    await store.commit(0, { id: commitId(lease, 1), entries: [entry], cleanEnd: false });
    expect(await store.sweep(retention)).toBe(0);
    const [created, committed] = await store.outbox(0, 10);
    await store.relayed(0, [created?.id ?? ""]);
    expect(await store.sweep(retention)).toBe(0);
    await store.relayed(0, [committed?.id ?? ""]);
    expect(await store.sweep(retention)).toBe(1);
    expect(await store.list({ limit: 10 })).toMatchObject([{ id: untriggered }]);
  });

  test("leaves no key of an execution behind", async () => {
    const store = await ground.open({ outbox: false });
    const before = (await ground.admin.keys(`${ground.keyPrefix}:*`)).toSorted();
    const made = Array.from({ length: 30 }, (_, at) => newExecution(`x${at}`, { tags: ["t"] }, { large: [{ key: "params", text: "1" }] }));
    await store.create(made);
    expect(await store.sweep({ ...retention, limit: 25 })).toBe(25);
    expect(await store.sweep(retention)).toBe(5);
    expect((await ground.admin.keys(`${ground.keyPrefix}:*`)).toSorted()).toEqual(before);
  });
});

describe("the list of several lanes", () => {
  test("is one list, newest first, page by page, by each filter", async () => {
    const store = await ground.open();
    const made = Array.from({ length: 100 }, (_, at) =>
      newExecution(`x${at}`, { createdAtMs: Math.floor(at / 3), name: at % 2 === 0 ? "even" : "odd", tags: at % 10 === 0 ? ["ten"] : [] }),
    );
    await store.create(made);
    const inOrder = made.map(({ summary }) => summary).toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1));
    for (const query of [
      {},
      { name: "even" },
      { tag: "ten" },
      { tag: "ten", name: "even", status: "PENDING" },
      { tag: "ten", name: "odd" },
    ] as const) {
      const { name, tag } = { name: undefined, tag: undefined, ...query };
      const expected = inOrder.filter(
        (each) => (name === undefined || each.name === name) && (tag === undefined || each.tags.includes(tag)),
      );
      const listed: string[] = [];
      for (;;) {
        const last = inOrder.find(({ id }) => id === listed.at(-1));
        const page = await store.list({ ...query, limit: 7, ...(last === undefined ? {} : { before: last }) });
        listed.push(...page.map(({ id }) => id));
        if (page.length < 7) break;
      }
      expect(listed).toEqual(expected.map(({ id }) => id));
    }
  });
});
