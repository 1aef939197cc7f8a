/** The store on Redis keeps every store's promises and those of a shared one, on one Redis and on a Cluster. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../../src/env/clock.ts";
import { systemIds } from "../../../src/env/ids.ts";
import { StoreUnavailable } from "../../../src/store/store.ts";
import { openRedisStore, type RedisStoreOptions } from "../../../src/store/redis/redis-store.ts";
import { sharedStoreContract } from "../../contracts/shared-store.ts";
import { storeContract } from "../../contracts/store.ts";
import { recordingLog } from "../../env/log/recording-log.ts";
import { askRedis, type RedisService, startRedis } from "../../services/redis.ts";
import { type RedisCluster, startRedisCluster } from "../../services/redis-cluster.ts";
import { entryAfter, newExecution } from "../made.ts";
import { LEVEL } from "../../../src/workflow/execution/level.ts";

let single: RedisService;
let cluster: RedisCluster;
let prefixes = 0;
beforeAll(async () => {
  [single, cluster] = await Promise.all([startRedis(), startRedisCluster()]);
});
afterAll(async () => {
  await Promise.all([single.stop(), cluster.stop()]);
});

for (const [name, address] of [
  ["redis", () => ({ url: single.url })],
  ["redis cluster", () => ({ nodes: cluster.nodes.map(({ url }) => url) })],
] as const) {
  const open = (over: Partial<RedisStoreOptions>) =>
    openRedisStore({ address: address(), clock: systemClock, ids: systemIds, log: recordingLog().log, outbox: false, ...over });
  storeContract(name, () => {
    const keyPrefix = `t${prefixes++}`;
    return { open: (options) => open({ keyPrefix, lanes: 1, ...options }), clear: async () => undefined };
  });
  sharedStoreContract(name, () => {
    const keyPrefix = `t${prefixes++}`;
    return {
      lanes: 8,
      open: (level = LEVEL) => open({ keyPrefix, lanes: 8, outbox: true, level }),
      pass: (ms) => Bun.sleep(ms),
      clear: async () => undefined,
    };
  });
}

/** Asks until the store answers. */
async function whenBack<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      await Bun.sleep(10);
    }
  }
}

describe("a Redis Cluster", () => {
  const options = { clock: systemClock, ids: systemIds, log: recordingLog().log, outbox: false, lanes: 16, keyPrefix: "restarted" };

  // A node that comes back keeps out of its Cluster for two seconds.
  test("whose one node was restarted has that told for the node's lanes only, and goes on", async () => {
    const store = await openRedisStore({
      ...options,
      address: { nodes: cluster.nodes.map(({ url }) => url) },
      commandTimeoutMs: 300,
      reconnectDelayMs: 20,
    });
    const told = Promise.withResolvers<readonly number[]>();
    store.onRestart((lanes) => told.resolve(lanes));
    const made = Array.from({ length: 50 }, (_, at) => newExecution(`x${at}`));
    await store.create(made);
    const [, node] = cluster.nodes;
    await askRedis(node?.port ?? 0, "SAVE");
    await node?.restart();
    await whenBack(() => store.leases(1_000));
    expect((await told.promise).length).toBeWithin(1, 16);
    expect(await whenBack(() => store.list({ limit: 100 }))).toHaveLength(50);
    expect(await whenBack(() => store.create(made))).toEqual(new Array(50).fill("exists"));
    await store.close();
  }, 20_000);
});

test("a lane whose record is of a build that kept no last entry of the outbox goes on", async () => {
  const keyPrefix = `t${prefixes++}`;
  const address = { url: single.url };
  const store = await openRedisStore({
    ...{ address, clock: systemClock, ids: systemIds, log: recordingLog().log, outbox: true, lanes: 1, keyPrefix },
  });
  const lease = await store.acquire(0, "boot");
  await askRedis(single.port, "HDEL", `${keyPrefix}:{0}:lane`, "outbox_last");
  expect(await store.create([newExecution("old")])).toEqual(["created"]);
  const id = { bootId: lease.bootId, epoch: lease.epoch, number: 1 };
  expect(await store.commit(0, { id, entries: [entryAfter(1, "old")], cleanEnd: false })).toMatchObject({ type: "done" });
  const entries = await store.outbox(0, 10);
  expect(entries.flatMap(({ pointers }) => pointers.map(({ from }) => from))).toEqual([1, 2]);
  await store.relayed(
    0,
    entries.map((entry) => entry.id),
  );
  expect(await askRedis(single.port, "HGET", `${keyPrefix}:{0}:lane`, "outbox_bytes")).toBe("0");
  await store.close();
});

test("a lane whose lease was taken by a build that did not count takers is known to have been another's", async () => {
  const keyPrefix = `t${prefixes++}`;
  const store = await openRedisStore({
    ...{ address: { url: single.url }, clock: systemClock, ids: systemIds, log: recordingLog().log, outbox: true, lanes: 1, keyPrefix },
  });
  const record = `${keyPrefix}:{0}:lane`;
  const take = async () => {
    const taken = await store.takeLease(0, "boot", 60_000);
    if (taken.type === "held") throw new Error("The lane is held.");
    return taken;
  };
  // As that build has left it.
  await askRedis(single.port, "HSET", record, "boot", "earlier", "epoch", "7", "number", "3", "clean", "0", "free", "1");
  const first = await take();
  expect(first.lease.epoch).toBeGreaterThan(7);
  expect(first.lease.diedBootId).toBe("earlier");
  expect((await take()).takers).toBe(first.takers);
  // It takes the lane with the next epoch, and gives it back.
  const { epoch } = (await take()).lease;
  await askRedis(single.port, "HSET", record, "boot", "earlier", "epoch", String(epoch + 1), "number", "0", "clean", "1", "free", "1");
  const last = await take();
  expect(last.lease.epoch).toBeGreaterThan(epoch + 1);
  expect(last.takers).toBeGreaterThan(first.takers);
  await store.close();
});

test("what was written by a clock that has jumped since lasts no longer than its own TTL, and as before where a build did not say it", async () => {
  const keyPrefix = `t${prefixes++}`;
  const store = await openRedisStore({
    ...{ address: { url: single.url }, clock: systemClock, ids: systemIds, log: recordingLog().log, outbox: true, lanes: 1, keyPrefix },
  });
  const record = `${keyPrefix}:{0}:lane`;
  const redis = (command: string, ...args: readonly string[]) => askRedis(single.port, command, ...args);
  const jump = () => redis("HINCRBY", record, "until", "3600000");
  const remainingMs = async () => (await store.leases(60_000))[0]?.remainingMs;
  await store.takeLease(0, "boot-1", 20_000);
  await jump();
  expect(await remainingMs()).toBeWithin(1, 20_001);
  await jump();
  const held = await store.takeLease(0, "boot-2", 60_000);
  expect(held.type === "held" && held.remainingMs).toBeWithin(1, 20_001);
  // As the build before left it: whoever looks says how long a lease may be.
  await redis("HDEL", record, "ttl");
  await jump();
  expect(await remainingMs()).toBeWithin(20_001, 60_001);
  const members = `${keyPrefix}:{store}:members`;
  const far = String(Date.now() + 3_600_000);
  const json = (bootId: string) => JSON.stringify({ bootId, name: bootId, threads: 1, leaving: false, outboxBytes: 0 });
  await redis("HSET", members, "new", `${far} 4 20000 ${json("new")}`, "old", `${far} 4 ${json("old")}`);
  const seen = await store.beat({ bootId: "me", name: "me", threads: 1, leaving: false, outboxBytes: 0 }, 60_000);
  const view = (boot: string) => seen.find(({ bootId }) => bootId === boot);
  expect(view("new")).toMatchObject({ beats: 4, ttlMs: 20_000, name: "new" });
  expect(view("new")?.remainingMs).toBeWithin(1, 20_001);
  expect(view("old")).toMatchObject({ beats: 4, ttlMs: 60_000 });
  expect(view("old")?.remainingMs).toBeWithin(20_001, 60_001);
  await store.close();
});

test("the store's time is Redis's, whatever the instance's own clock says", async () => {
  const hour = 3_600_000;
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + 2 * hour };
  const store = await openRedisStore({
    ...{
      address: { url: single.url },
      clock,
      ids: systemIds,
      log: recordingLog().log,
      outbox: true,
      lanes: 1,
      keyPrefix: `t${prefixes++}`,
    },
  });
  expect(store.nowMs()).toBeNull();
  await store.beat({ bootId: "me", name: "me", threads: 1, leaving: false, outboxBytes: 0 }, 60_000);
  expect(Math.abs((store.nowMs() ?? 0) - Date.now())).toBeLessThan(hour);
  await store.close();
});

test("scripts touch no key that is not given to them: in a Cluster they could not, while a slot moves", () => {
  const folder = join(import.meta.dir, "../../../src/store/redis/scripts");
  for (const file of new Bun.Glob("*.lua").scanSync({ cwd: folder })) {
    const text = readFileSync(join(folder, file), "utf8");
    const given = new Set<string>();
    for (const [, names = "", values = ""] of text.matchAll(/^\s*local ([\w, ]+) = (.+)$/gm)) {
      names.split(", ").forEach((name, at) => {
        if (values.split(", ")[at]?.startsWith("KEYS[")) given.add(name);
      });
    }
    // What is unpacked begins with a key: KEYS itself, or a list whose keys come from it.
    for (const [, name = "", value = ""] of text.matchAll(/^\s*(\w+)\[#\w+ \+ 1\] = (\w+)$/gm)) if (given.has(value)) given.add(name);
    for (const [call, command = "", key = ""] of text.matchAll(/redis\.call\('(\w+)'(?:, (?:unpack\()?([\w[\]]+))?/g)) {
      if (command !== "TIME") expect([file, call, key.startsWith("KEYS") || given.has(key)]).toEqual([file, call, true]);
    }
  }
});
