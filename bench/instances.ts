/**
 * Many executions at once through Redis, and through Redis and Kafka, on one instance and on two: 200 fan-outs of
 * 1 → 1,000 → 1, and 4,000 executions of 22 nodes, all `noop`. Timed: from the first create (each is triggered in the same
 * act) to the last end that a waiting client is told; with Kafka also until no event waits for it, which is looked at once
 * a second. Redis (append-only file, `everysec`) and Kafka run on the same machine. `bun bench/instances.ts [rounds]`
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { startKafka } from "../test/services/kafka.ts";
import { startRedis } from "../test/services/redis.ts";
import { benchFolder, fanOut, type Services, settingsFor, type StoreKind, startBenchEngine } from "./engine.ts";
import { load, machineFacts, median } from "./machine.ts";
import { type BenchServer, startBenchServer } from "./server.ts";

const CASES = [
  { title: "200 × (1 → 1,000 → 1)", executions: 200, width: 1_000 },
  { title: "4,000 × 22 nodes", executions: 4_000, width: 20 },
] as const;
const STORES: readonly StoreKind[] = ["redis", "redis+kafka"];
const AT_ONCE = 900;

const rounds = Number(process.argv[2] ?? 3);
const kafka = await startKafka();
const figures = new Map<string, number[]>();

console.log(`Executions at once, noop nodes, ${rounds} rounds\n${machineFacts()}\n`);
for (let round = 1; round <= rounds; round++) {
  for (const store of STORES) for (const instances of [1, 2]) await measureOne(store, instances);
  console.log(`round ${round} done, load ${load()}`);
}
for (const [what, values] of figures) {
  const range = `(${Math.round(Math.min(...values)).toLocaleString("en")} – ${Math.round(Math.max(...values)).toLocaleString("en")})`;
  console.log(`${what.padEnd(60)}${Math.round(median(values)).toLocaleString("en").padStart(12)} nodes/s ${range}`);
}
await kafka.stop();
process.exit(0);

async function measureOne(store: StoreKind, instances: number): Promise<void> {
  const threads = instances === 1 ? 2 : 1;
  const dir = benchFolder();
  const redis = await startRedis({ appendOnly: "everysec", dir });
  const services: Services = { redisUrl: redis.url, kafkaBrokers: kafka.brokers.join() };
  const bench = await startBenchEngine({ store, threads, services });
  const others: BenchServer[] = [];
  for (let other = 1; other < instances; other++)
    others.push(await startBenchServer("memory", threads, settingsFor(store, threads, join(dir, "unused"), services)));
  await until(() => (bench.engine.health().cluster?.lanes ?? 0) === 64 / instances, "the lanes are divided");
  for (const { title, executions, width } of CASES) {
    const definition = await bench.definition(fanOut(width));
    await all(bench.runNew, definition, Math.ceil(executions / 10));
    const startMs = performance.now();
    await all(bench.runNew, definition, executions);
    const endMs = performance.now();
    note(`${title}, ${store}, ${instances} instance(s)`, (executions * (width + 2)) / ((endMs - startMs) / 1_000));
    if (store === "redis") continue;
    await until(() => bench.engine.health().cluster?.outboxBytes === 0, "Kafka has every event");
    note(
      `${title}, ${store}, ${instances} instance(s), to Kafka's last`,
      (executions * (width + 2)) / ((performance.now() - startMs) / 1_000),
    );
  }
  await bench.stop();
  for (const other of others) await other.stop();
  await redis.stop();
  rmSync(dir, { recursive: true, force: true });
}

async function all<T>(run: (definition: T) => Promise<string>, definition: T, count: number): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(AT_ONCE, count) }, async () => {
      while (next++ < count) await run(definition);
    }),
  );
}

async function until(fact: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 60_000;
  while (!fact()) {
    if (performance.now() > endMs) throw new Error(`Not within a minute: ${what}.`);
    await Bun.sleep(20);
  }
}

function note(what: string, perSecond: number): void {
  figures.set(what, [...(figures.get(what) ?? []), perSecond]);
}
