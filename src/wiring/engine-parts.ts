/** The parts of an engine, made from an instance's settings: the pool of threads, and the engine's own options. */
import { resolve } from "node:path";
import { systemClock } from "../env/clock.ts";
import { type Config, environmentOfHandlers } from "../env/config/config.ts";
import { systemIds } from "../env/ids.ts";
import { systemRandom } from "../env/random.ts";
import { systemTurns } from "../env/turns.ts";
import { bundleHandlers } from "../handlers/loading/bundle.ts";
import type { Pool, Report } from "../pool/pool.ts";
import { createThreadPool } from "../pool/thread-pool.ts";
import type { EngineOptions } from "../engine/start.ts";
import type { ThreadSettings } from "./thread-settings.ts";

/** The settings of threads, with the users' handlers as they are now. */
export async function threadSettings(config: Config): Promise<ThreadSettings> {
  return {
    ...config.handlers,
    bundle: await bundleHandlers(resolve(config.handlersDir)),
    outputBytes: config.limits.outputBytes,
    nesting: config.limits.nesting,
    logLevel: config.logLevel,
    instanceName: config.instanceName,
  };
}

/** Opens the pool. Its threads begin to load at once. `report` is told about faulty threads and what ran there. */
export function openPool(config: Config, report: Report, settings = threadSettings(config)): Pool {
  return createThreadPool({
    entry: new URL("../thread.ts", import.meta.url),
    settings,
    environment: environmentOfHandlers(),
    threads: config.threads,
    slotsPerThread: config.slotsPerThread,
    abortGraceMs: config.abortGraceMs,
    clock: systemClock,
    turns: systemTurns,
    report,
  });
}

type SettingsOfEngine = Omit<EngineOptions, "store" | "storeKind" | "pool" | "log" | "degraded" | "cluster">;

/** The engine's settings that do not depend on the store. */
export function engineSettings(config: Config): SettingsOfEngine {
  return {
    clock: systemClock,
    random: systemRandom,
    turns: systemTurns,
    ids: systemIds,
    definitions: { limits: config.limits, defaults: { retry: config.retry, timeoutMs: config.nodeTimeoutMs } },
    retention: config.retention,
    maxRunningExecutions: config.maxRunningExecutions,
    mailboxLimit: config.limits.mailbox,
    waitersLimit: config.limits.waiters,
  };
}
