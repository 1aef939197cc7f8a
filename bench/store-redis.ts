/**
 * Commits through Redis alone: how many node events a second, and what one costs Redis and this process (making it included).
 * `bun bench/store-redis.ts [url]`; without a url it starts a redis-server of its own, without an append-only file.
 */
import { Redis } from "ioredis";
import { systemClock } from "../src/env/clock.ts";
import { systemIds } from "../src/env/ids.ts";
import { createLog } from "../src/env/log.ts";
import { openRedisStore } from "../src/store/redis.ts";
import { startRedis } from "../test/services/redis.ts";
import type { CommitEntry, NewExecution, Summary } from "../src/store/store.ts";

const EVENT = `["completed","node-1234",1,1763700000123,1763700000173,0,{"status":"ok","value":12345678}],\n`.padEnd(100, " ");
const LANES = 64;

const own = process.argv[2] === undefined ? await startRedis() : null;
const url = own?.url ?? process.argv[2] ?? "";
const probe = new Redis(url);

const log = createLog({ level: "warn", instance: "bench" });
const store = await openRedisStore({
  address: { url },
  clock: systemClock,
  ids: systemIds,
  log,
  outbox: true,
  keyPrefix: `bench-${systemIds.next()}`,
});
const leases = await Promise.all(Array.from({ length: LANES }, (_, lane) => store.acquire(lane, "bench")));
const numbers = new Array<number>(LANES).fill(0);

/** `lanes` commit at once, each with one commit in flight, of `entries` executions with `events` events each. */
async function measure(title: string, lanes: number, entries: number, events: number, commits: number): Promise<void> {
  const ids = await createAll(lanes, entries);
  const text = `[${EVENT.repeat(events).slice(0, -2)}]`;
  const before = await redisState();
  const cpuBefore = process.cpuUsage();
  const begunAt = performance.now();
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let round = 0; round < commits; round++) {
        const from = 2 + round * events;
        const batch = (ids[lane] as string[]).map((id): CommitEntry => {
          const isLast = round === commits - 1;
          const status = isLast ? "COMPLETED" : "RUNNING";
          const over = { status, sequence: from + events - 1, closed: isLast, finishedAtMs: isLast ? 5_000 : null } as const;
          return { chunk: { from, to: from + events - 1, text }, summary: { ...summaryOf(id), ...over }, large: [] };
        });
        const { bootId, epoch } = leases[lane] as { bootId: string; epoch: number };
        numbers[lane] = (numbers[lane] as number) + 1;
        const answer = await store.commit(lane, {
          id: { bootId, epoch, number: numbers[lane] as number },
          entries: batch,
          cleanEnd: false,
        });
        if (answer.type !== "done" || answer.entries.some(({ type }) => type !== "applied"))
          throw new Error(JSON.stringify(answer).slice(0, 200));
      }
    }),
  );
  const seconds = (performance.now() - begunAt) / 1_000;
  const cpu = process.cpuUsage(cpuBefore);
  const after = await redisState();
  const nodes = lanes * entries * events * commits;
  const cpuUs = ((after.cpuSeconds - before.cpuSeconds) * 1e6) / nodes;
  const bytes = (after.bytes - before.bytes) / nodes;
  const rate = Math.round(nodes / seconds).toLocaleString("en");
  console.log(
    `${title.padEnd(66)} ${rate.padStart(9)} nodes/s   a node: Redis ${cpuUs.toFixed(2)} µs and ${bytes.toFixed(0)} B, here ${((cpu.user + cpu.system) / nodes).toFixed(2)} µs`,
  );
  for (let lane = 0; lane < lanes; lane++)
    await store.relayed(
      lane,
      (await store.outbox(lane, 10_000)).map(({ id }) => id),
    );
}

async function createAll(lanes: number, count: number): Promise<string[][]> {
  const byLane: string[][] = Array.from({ length: lanes }, () => []);
  let missing = lanes * count;
  const batch: NewExecution[] = [];
  while (missing > 0) {
    const id = systemIds.next();
    const ids = byLane[store.laneOf(id)];
    if (ids === undefined || ids.length === count) continue;
    ids.push(id);
    missing -= 1;
    batch.push({
      summary: summaryOf(id),
      chunk: { from: 1, to: 1, text: `[["created"]]` },
      definitionText: "{}",
      large: [],
      bodyHash: "h",
    });
  }
  const begunAt = performance.now();
  const before = await redisState();
  for (let at = 0; at < batch.length; at += 1_000) await store.create(batch.slice(at, at + 1_000));
  const after = await redisState();
  const perSecond = Math.round((batch.length / (performance.now() - begunAt)) * 1_000).toLocaleString("en");
  const cpuUs = ((after.cpuSeconds - before.cpuSeconds) * 1e6) / batch.length;
  const bytes = (after.bytes - before.bytes) / batch.length;
  if (batch.length >= 1_000)
    console.log(`  (created ${batch.length}: ${perSecond}/s, Redis ${cpuUs.toFixed(1)} µs and ${bytes.toFixed(0)} B each)`);
  return byLane;
}

function summaryOf(id: string): Summary {
  const times = {
    createdAtMs: 1763700000000,
    triggeredAtMs: 1763700000000,
    startedAtMs: 1763700000000,
    finishedAtMs: null,
    updatedAtMs: 1763700000000,
  };
  const counts = { sequence: 1, total: 22, completed: 0, failed: 0 };
  return { id, name: "bench", definition: "d", tags: [], status: "RUNNING", error: null, closed: false, ...counts, ...times };
}

async function redisState(): Promise<{ cpuSeconds: number; bytes: number }> {
  const info = await probe.info();
  const value = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
  return { cpuSeconds: value("used_cpu_user") + value("used_cpu_sys"), bytes: value("used_memory") };
}

await measure("warm-up", 4, 10, 100, 20);
await measure("one lane, a commit of one execution with 4,000 events", 1, 1, 4_000, 200);
await measure("8 lanes, commits of one execution with 4,000 events", 8, 1, 4_000, 50);
await measure("8 lanes, commits of 180 executions with 22 events", 8, 180, 22, 20);
await measure("64 lanes, commits of 20 executions with 4 events, 6 of them", 64, 20, 4, 6);
await measure("64 lanes, commits of 62 executions with 4 events, 6 of them", 64, 62, 4, 6);
await measure("one lane, commits of 4,000 executions with one event", 1, 4_000, 1, 20);

await store.close();
probe.disconnect();
await own?.stop();
