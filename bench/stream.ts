/**
 * From commits in Redis to acknowledged records in Kafka, as one instance does it: how many node events a second, and what an
 * event costs each process. `bun bench/stream.ts`: it starts a redis-server and a Kafka broker of its own.
 */
import { readFileSync } from "node:fs";
import { createByteBudget } from "../src/bus/written-entries.ts";
import { connectKafkaBus } from "../src/bus/kafka.ts";
import { createOutboxRelay } from "../src/bus/outbox-relay.ts";
import { systemClock } from "../src/env/clock.ts";
import { systemIds } from "../src/env/ids.ts";
import { createLog } from "../src/env/log.ts";
import { openRedisStore } from "../src/store/redis.ts";
import type { Lease } from "../src/store/store.ts";
import { startKafka } from "../test/services/kafka.ts";
import { startRedis } from "../test/services/redis.ts";
import { entryAfter, newExecution } from "../test/store/made.ts";
import { machineFacts } from "./machine.ts";

const LANES = 64;
const BUDGET_BYTES = 64 * 2 ** 20;

const [redis, kafka] = await Promise.all([startRedis(), startKafka()]);
const log = createLog({ level: "warn", instance: "bench" });
const run = systemIds.next().slice(-8);
const store = await openRedisStore({
  address: { url: redis.url },
  clock: systemClock,
  ids: systemIds,
  log,
  outbox: true,
  lanes: LANES,
  keyPrefix: `bench-${run}`,
});
const stream = connectKafkaBus({
  brokers: kafka.brokers,
  clientId: "bench",
  reconnectDelayMs: 200,
  topicPrefix: `bench-${run}`,
  clock: systemClock,
  log,
});
while (!stream.health().available) await Bun.sleep(10);
const budget = createByteBudget(BUDGET_BYTES);
const relays = Array.from({ length: LANES }, (_, lane) =>
  createOutboxRelay({ store, lane, sink: stream, budget, clock: systemClock, log }),
);
store.onOutbox((lane, entry, after, texts) => relays[lane]?.wrote(entry, after, texts));
const leases = await Promise.all(relays.map((_, lane) => store.acquire(lane, "bench")));
const numbers = leases.map(() => 0);

console.log(`Commits in Redis to records in Kafka, ${LANES} lanes, one instance\n${machineFacts()}\n`);
await measure("warm-up", 640, 20, 20);
await measure("640 executions, 20 events a commit", 640, 20, 60);
await measure("4,000 executions, 4 events a commit", 4_000, 4, 12);
await measure("64 executions, 1,000 events a commit", 64, 1_000, 20);
for (const relay of relays) relay.stop();
await stream.close();
await store.close();
await Promise.all([redis.stop(), kafka.stop()]);

/** Every lane commits as fast as Redis answers; over when the outbox is empty. */
async function measure(title: string, executions: number, events: number, rounds: number): Promise<void> {
  const text = `[${Array.from({ length: events }, (_, at) => eventLine(at)).join(",\n")}]`;
  const ids = Array.from({ length: executions }, () => systemIds.next());
  await store.create(ids.map((id) => newExecution(id)));
  await Promise.all(relays.map((relay) => relay.idle()));
  const ofLane = Map.groupBy(ids, (id) => store.laneOf(id));
  const before = cpuSeconds();
  const begunAt = performance.now();
  await Promise.all(leases.map((lease) => commitAll(lease, ofLane.get(lease.lane) ?? [], text, events, rounds)));
  const committedAt = performance.now();
  await Promise.all(relays.map((relay) => relay.idle()));
  const relayedAt = performance.now();
  const total = executions * events * rounds;
  const rate = (ms: number) => `${Math.round(total / (ms / 1_000)).toLocaleString("en")}/s`.padStart(11);
  const costs = cpuSeconds().map((seconds, at) => (((seconds - (before[at] ?? 0)) * 1e6) / total).toFixed(2));
  console.log(
    `${title.padEnd(40)} committed ${rate(committedAt - begunAt)}   relayed ${rate(relayedAt - begunAt)}   µs an event: ${costs.join(" + ")}`,
  );
}

async function commitAll(lease: Lease, ids: readonly string[], text: string, events: number, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const entries = ids.map((id) => entryAfter(1 + round * events, id, {}, { events, text }));
    const id = { bootId: lease.bootId, epoch: lease.epoch, number: (numbers[lease.lane] = (numbers[lease.lane] ?? 0) + 1) };
    const answer = await store.commit(lease.lane, { id, entries, cleanEnd: false });
    if (answer.type !== "done" || answer.entries.some(({ type }) => type !== "applied"))
      throw new Error(`Not committed: ${JSON.stringify(answer)}`);
  }
}

function eventLine(at: number): string {
  return `["completed","node-${at}",1,1763700000000,1763700000450,0,{"status":"ok","value":${at}}]`;
}

/** Of this process, Redis and Kafka. */
function cpuSeconds(): readonly number[] {
  const { user, system } = process.cpuUsage();
  return [(user + system) / 1e6, jiffies(redis.pid) / 100, jiffies(kafka.pid) / 100];
}

function jiffies(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}
