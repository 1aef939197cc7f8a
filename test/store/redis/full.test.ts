/** A Redis that is full refuses what is new, and nothing that keeps leases or makes room: so it comes back by itself. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { systemIds } from "../../../src/env/ids.ts";
import { type Commit, StoreFull } from "../../../src/store/store.ts";
import { rejectionOf } from "../../contracts/rejection.ts";
import { type RedisCluster, startRedisCluster } from "../../services/redis-cluster.ts";
import { askRedis } from "../../services/redis.ts";
import { idIn, leaseOf, LONG_MS } from "../in-lane.ts";
import { commitId, entryAfter, newExecution } from "../made.ts";
import { RedisGround } from "./ground.ts";

const LANES = 4;
const APPLIED = { type: "done", entries: [{ type: "applied" }] } as const;

const ground = new RedisGround({ stores: { lanes: LANES } });

const member = { bootId: "boot-1", name: "one", threads: 1, leaving: false, outboxBytes: 0 };

describe("a Redis that is full", () => {
  afterEach(() => ground.admin.config("SET", "maxmemory", "0"));

  const fill = () => ground.admin.config("SET", "maxmemory", "1");

  test("renews leases, gives and frees lanes, and shows members", async () => {
    const store = await ground.open();
    const lease = await leaseOf(store, 0, "boot-1");
    await fill();
    expect(await store.renew([lease], LONG_MS)).toMatchObject([{ type: "renewed" }]);
    const second = await leaseOf(store, 1, "boot-1");
    // The one as often as the other, also in one call.
    expect(await store.renew([second, lease], LONG_MS)).toMatchObject([{ type: "renewed" }, { type: "renewed" }]);
    expect(await store.beat(member, LONG_MS)).toMatchObject([{ bootId: "boot-1" }]);
    expect((await store.leases(LONG_MS)).slice(0, 2)).toMatchObject([{ bootId: "boot-1" }, { bootId: "boot-1" }]);
    await store.release(second);
    expect((await store.leases(LONG_MS))[1]).toMatchObject({ bootId: null });
    await store.leave("boot-1");
  });

  test("tells so in a sentence, until there is room", async () => {
    const store = await ground.open();
    expect(await store.full()).toBeNull();
    await fill();
    expect(await store.full()).toMatch(/^Redis is full \(OOM.*\.$/);
    await ground.admin.config("SET", "maxmemory", "0");
    expect(await store.full()).toBeNull();
  });

  test("lets an instance start, also the first one", async () => {
    const store = await ground.open();
    const id = idIn(store, 0);
    await store.create([newExecution(id)]);
    await fill();
    expect((await (await ground.open()).load(id))?.summary.id).toBe(id);
    ground.keyPrefix = systemIds.next();
    const first = await ground.open();
    expect(await leaseOf(first, 0, "boot-1")).toMatchObject({ epoch: expect.any(Number) });
    expect((await ground.open()).lanes).toBe(LANES);
  });

  test("trims the outbox and deletes what is old, with all that it holds", async () => {
    const store = await ground.open();
    const [ended, untriggered] = [idIn(store, 0), idIn(store, 1)];
    await store.create([newExecution(ended), newExecution(untriggered)]);
    const lease = await leaseOf(store, 0, "boot-1");
    const end = entryAfter(1, ended, { status: "COMPLETED", finishedAtMs: 2_000, closed: true });
    await store.commit(0, { id: commitId(lease, 1), entries: [end], cleanEnd: false });
    await fill();
    for (const lane of [0, 1]) {
      const entries = await store.outbox(lane, 10);
      expect(entries.length).toBeGreaterThan(0);
      await store.relayed(
        lane,
        entries.map(({ id }) => id),
      );
      expect(await store.outbox(lane, 10)).toEqual([]);
    }
    expect(await store.renew([lease], LONG_MS)).toMatchObject([{ pending: { outboxEntries: 0, outboxBytes: 0 } }]);
    expect(await store.sweep({ nowMs: 1_000_000, finishedMs: 1, untriggeredMs: 1, limit: 10 })).toBe(2);
    expect(await store.list({ limit: 10 })).toEqual([]);
  });

  test("takes answers of stored commands, which go, and the mark of a clean end", async () => {
    const store = await ground.open();
    const id = idIn(store, 0);
    const lease = await leaseOf(store, 0, "boot-1");
    await store.send({ id: "c1", execution: id, body: "{}" });
    await fill();
    const receipts = [{ commandId: "c1", receipt: '{"type":"unknown"}' }];
    expect(await store.commit(0, { id: commitId(lease, 1), entries: [], receipts, cleanEnd: false })).toEqual({
      type: "done",
      entries: [],
    });
    expect(await store.commandsAfter(0, 0, 10)).toEqual([]);
    expect(await store.receiptOf(id, "c1")).toBe('{"type":"unknown"}');
    expect(await store.commit(0, { id: commitId(lease, 2), entries: [], cleanEnd: true })).toEqual({ type: "done", entries: [] });
    await store.release(lease);
    expect(await leaseOf(store, 0, "boot-2")).toMatchObject({ diedBootId: null });
  });

  test("refuses what is new, and does it when it is asked again and has room", async () => {
    const store = await ground.open();
    const id = idIn(store, 0);
    await store.create([newExecution(id)]);
    const lease = await leaseOf(store, 0, "boot-1");
    const commit: Commit = { id: commitId(lease, 1), entries: [entryAfter(1, id)], cleanEnd: false };
    const command = { id: "c1", execution: id, body: "{}" };
    await fill();
    for (const call of [
      () => store.commit(0, commit),
      () => store.create([newExecution(idIn(store, 0, 1))]),
      () => store.send(command),
      () => store.offer(lease, [{ id: "o1", execution: id, body: "{}" }], 1),
    ]) {
      expect([String(call), await rejectionOf(call())]).toEqual([String(call), expect.any(StoreFull)]);
    }
    // As long as anybody likes: what is refused does not cost the lease.
    expect(await store.renew([lease], LONG_MS)).toMatchObject([{ type: "renewed" }]);
    await ground.admin.config("SET", "maxmemory", "0");
    expect(await store.commit(0, commit)).toEqual(APPLIED);
    expect(await store.send(command)).toEqual({ type: "queued" });
  });
});

describe("a Redis Cluster of which one server is full", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  test("renews all leases, starts instances, and tells", async () => {
    const nodes = cluster.nodes.map(({ url }) => url);
    const store = await ground.open({ address: { nodes } });
    const leases = await Promise.all(Array.from({ length: LANES }, (_, lane) => leaseOf(store, lane, "boot-1")));
    expect(await store.full()).toBeNull();
    // It has the last of the four lanes.
    await askRedis(cluster.nodes[0]?.port ?? 0, "CONFIG", "SET", "maxmemory", "1");
    expect(await store.full()).toMatch(/^Redis is full/);
    expect((await store.renew(leases, LONG_MS)).map(({ type }) => type)).toEqual(leases.map(() => "renewed"));
    await store.beat(member, LONG_MS);
    expect((await ground.open({ address: { nodes } })).lanes).toBe(LANES);
  });
});
