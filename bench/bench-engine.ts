/** The start that the benchmarks share: the whole engine with real threads and real handlers, as main.ts puts it together, but for HTTP. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { CheckedDefinition, Engine } from "../src/engine/engine.ts";
import { readConfig } from "../src/env/config/config.ts";
import { createLog } from "../src/env/log/log.ts";
import { engineSettings, openPool } from "../src/wiring/engine-parts.ts";
import { openStore } from "../src/wiring/open-store.ts";
import { needed, type ServicesOfRun, type StoreKind } from "./case.ts";
import { startEngine } from "../src/engine/start.ts";

/** The settings of an instance on this store. Every other setting is the default, but for how many may wait for an end at once. */
export function settingsFor(store: StoreKind, threads: number, dataDir: string, services: ServicesOfRun): Record<string, string> {
  const settings = {
    WORKER_CONCURRENCY: String(threads),
    LOG_LEVEL: "warn",
    APP_DATA_DIR: dataDir,
    APP_WAITERS_MAX: "20000",
    APP_HANDLERS_DIR: join(dataDir, "handlers"),
  };
  if (store === "memory") return { ...settings, APP_STORE: "memory" };
  if (store === "sqlite") return settings;
  const redis = { ...settings, REDIS_URL: needed(services.redis).url, APP_REDIS_REQUIRED: "true" };
  if (store === "redis") return redis;
  const { brokers, prefix } = needed(services.kafka);
  return { ...redis, KAFKA_BOOTSTRAP_SERVERS: brokers, APP_KAFKA_PREFIX: prefix };
}

/** Threads of the pool, wherever nothing else is said. */
export const THREADS = 2;

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
const LANES = 64;
const GRACE_MS = 5_000;

/** SQLite writes to a folder of its own under `data/`, so that the disk is the one that users have. */
export async function startBenchEngine({
  store: kind,
  threads = THREADS,
  lanes = LANES,
  services,
  environment = {},
}: {
  readonly store: StoreKind;
  readonly threads?: number;
  /** So many it must own before it counts as started; with others on the same Redis they are divided. */
  readonly lanes?: number;
  readonly services: ServicesOfRun;
  /** On top of them. */
  readonly environment?: Readonly<Record<string, string>>;
}): Promise<BenchEngine> {
  const dataDir = benchFolder();
  const read = readConfig({ ...settingsFor(kind, threads, dataDir, services), ...environment });
  if (!read.ok) throw new Error(read.faults.join(" "));
  const { config } = read;
  const log = createLog({ level: config.logLevel, instance: "bench" });
  const opened = await openStore(config, log);
  const engine = await startEngine({
    ...engineSettings(config),
    store: opened.store,
    storeKind: opened.kind,
    pool: openPool(config, (sentence) => log.warn(sentence)),
    log,
    degraded: false,
    cluster: opened.cluster,
  });
  if (opened.cluster !== null) await until(() => engine.health().cluster?.lanes === lanes, "the lanes are taken");
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
      const triggered = await engine.command(id, { type: "Trigger", params: null });
      if (triggered.type !== "accepted") throw new Error(`Not triggered: ${JSON.stringify(triggered)}`);
      if (!(await ended)) throw new Error(`Execution ${id} has not ended within ${WITHIN_MS} ms.`);
    },
    async runNew(definition) {
      let created = await engine.create({ definition, trigger: { params: null }, idempotency: null });
      // Full: a client comes again when it was told to, and what it waits is part of what it sees.
      while (created.type === "unavailable") {
        await Bun.sleep(created.retryAfterMs);
        created = await engine.create({ definition, trigger: { params: null }, idempotency: null });
      }
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

/** Looks every few milliseconds. Rejects after a minute. */
export async function until(fact: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 60_000;
  while (!fact()) {
    if (performance.now() > endMs) throw new Error(`Not within a minute: ${what}.`);
    await Bun.sleep(5);
  }
}

/** A new folder for one benchmark's data; gone with this process at the latest, also where it ends because the suite was stopped. */
export function benchFolder(): string {
  const parent = resolve(import.meta.dir, "../data");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
