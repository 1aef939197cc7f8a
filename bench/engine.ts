/** The start that the benchmarks share: the whole engine with real threads and real handlers, as main.ts puts it together, but for HTTP. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type CheckedDefinition, type Engine, startEngine } from "../src/engine.ts";
import { systemClock } from "../src/env/clock.ts";
import { readConfig } from "../src/env/config.ts";
import { systemIds } from "../src/env/ids.ts";
import { createLog } from "../src/env/log.ts";
import { systemRandom } from "../src/env/random.ts";
import { systemTurns } from "../src/env/turns.ts";
import { createThreadPool } from "../src/pool/thread-pool.ts";
import { openStore } from "../src/main-store.ts";
import type { ThreadSettings } from "../src/thread.ts";

export type StoreKind = "memory" | "sqlite" | "redis" | "redis+kafka";

/** Where the services are that a store needs; a benchmark of memory or SQLite needs none. */
export type Services = { readonly redisUrl: string; readonly kafkaBrokers: string };

/** The settings of an instance on this store; every other setting is the default. */
export function settingsFor(store: StoreKind, threads: number, dataDir: string, services?: Services): Record<string, string> {
  const settings = { WORKER_CONCURRENCY: String(threads), LOG_LEVEL: "warn", APP_DATA_DIR: dataDir };
  if (store === "memory") return { ...settings, APP_STORE: "memory" };
  if (store === "sqlite") return settings;
  if (services === undefined) throw new Error(`A benchmark of ${store} needs services: none are given.`);
  const redis = { ...settings, REDIS_URL: services.redisUrl, APP_REDIS_REQUIRED: "true" };
  return store === "redis" ? redis : { ...redis, KAFKA_BOOTSTRAP_SERVERS: services.kafkaBrokers };
}

export type BenchEngine = {
  readonly engine: Engine;
  readonly definition: (definition: unknown) => Promise<CheckedDefinition>;
  /** A new execution, not yet triggered; its id. */
  create(definition: CheckedDefinition): Promise<string>;
  /** Triggers it and waits for its end. */
  run(id: string): Promise<void>;
  /** Creates it triggered, and waits for its end; its id. */
  runNew(definition: CheckedDefinition): Promise<string>;
  /** Throws where one of them has not ended COMPLETED: a figure for a failure is none. */
  assertCompleted(ids: readonly string[]): Promise<void>;
  stop(): Promise<void>;
};

const WITHIN_MS = 300_000;
const GRACE_MS = 5_000;

/** SQLite writes to a folder of its own under `data/`, so that the disk is the one that users have. */
export async function startBenchEngine({
  store: kind,
  threads,
  services,
}: {
  readonly store: StoreKind;
  readonly threads: number;
  readonly services?: Services;
}): Promise<BenchEngine> {
  const dataDir = benchFolder();
  const read = readConfig(settingsFor(kind, threads, dataDir, services));
  if (!read.ok) throw new Error(read.faults.join(" "));
  const { config } = read;
  const log = createLog({ level: config.logLevel, instance: "bench" });
  const opened = await openStore(config, log);
  const settings: ThreadSettings = {
    ...config.handlers,
    handlersDir: join(dataDir, "no-handlers"),
    outputBytes: config.limits.outputBytes,
    nesting: config.limits.nesting,
    logLevel: config.logLevel,
    instanceName: "bench",
  };
  const engine = await startEngine({
    store: opened.store,
    storeKind: opened.kind,
    pool: createThreadPool({
      entry: new URL("../src/thread.ts", import.meta.url),
      settings,
      threads: config.threads,
      slotsPerThread: config.slotsPerThread,
      abortGraceMs: config.abortGraceMs,
      clock: systemClock,
      turns: systemTurns,
      report: (sentence) => log.warn(sentence),
    }),
    clock: systemClock,
    random: systemRandom,
    turns: systemTurns,
    ids: systemIds,
    log,
    definitions: { limits: config.limits, defaults: { retry: config.retry, timeoutMs: config.nodeTimeoutMs } },
    retention: config.retention,
    maxRunningExecutions: config.maxRunningExecutions,
    mailboxLimit: config.limits.mailbox,
    waitersLimit: config.limits.waiters,
    degraded: false,
    cluster: opened.cluster,
  });
  return {
    engine,
    async definition(definition) {
      const checked = await engine.check(JSON.stringify(definition), "workflow");
      if (!checked.ok) throw new Error(`The benchmark's definition is refused: ${JSON.stringify(checked.problems)}`);
      return checked.definition;
    },
    async create(definition) {
      const created = await engine.create({ definition, trigger: null, idempotency: null });
      if (created.type !== "created") throw new Error(`Not created: ${JSON.stringify(created)}`);
      return created.id;
    },
    async run(id) {
      const ended = engine.waitForEnd(id, WITHIN_MS);
      const triggered = await engine.trigger(id, null);
      if (triggered.type !== "triggered") throw new Error(`Not triggered: ${JSON.stringify(triggered)}`);
      if (!(await ended)) throw new Error(`Execution ${id} has not ended within ${WITHIN_MS} ms.`);
    },
    async runNew(definition) {
      const created = await engine.create({ definition, trigger: { params: null }, idempotency: null });
      if (created.type !== "created") throw new Error(`Not created: ${JSON.stringify(created)}`);
      if (!(await engine.waitForEnd(created.id, WITHIN_MS))) throw new Error(`Execution ${created.id} has not ended.`);
      return created.id;
    },
    async assertCompleted(ids) {
      for (const id of ids) {
        const summary = await engine.summary(id);
        if (summary?.status !== "COMPLETED") throw new Error(`Execution ${id} is ${summary?.status}.`);
      }
    },
    async stop() {
      await engine.stop(GRACE_MS);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** A new folder for one benchmark's data. */
export function benchFolder(): string {
  const parent = resolve(import.meta.dir, "../data");
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, "bench-"));
}

/** 1 → `width` → 1. */
export function fanOut(width: number): unknown {
  const middle = Array.from({ length: width }, (_, i) => `n${i}`);
  return {
    name: "fan-out",
    dag: {
      nodes: [
        { id: "root", handler: "noop" },
        ...middle.map((id) => ({ id, handler: "noop", dependencies: ["root"] })),
        { id: "join", handler: "noop", dependencies: middle },
      ],
    },
  };
}

/** `length` nodes, each after the one before. */
export function chain(length: number): unknown {
  return {
    name: "chain",
    dag: { nodes: Array.from({ length }, (_, i) => ({ id: `n${i}`, handler: "noop", dependencies: i === 0 ? [] : [`n${i - 1}`] })) },
  };
}
