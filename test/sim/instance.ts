/** One instance of the whole engine in a simulated world: real actors, real inline pool, a store that may be faulty. */
import type { Engine } from "../../src/engine/engine.ts";
import type { Clock } from "../../src/env/clock.ts";
import type { Ids } from "../../src/env/ids.ts";
import type { Log } from "../../src/env/log/log.ts";
import type { Random } from "../../src/env/random.ts";
import type { Turns } from "../../src/env/turns.ts";
import { createInlinePool } from "../../src/pool/inline-pool.ts";
import type { Pool, RunAttempt } from "../../src/pool/pool.ts";
import type { Store } from "../../src/store/store.ts";
import type { HandlerInfo } from "../../src/workflow/definition/catalog.ts";
import { recordingLog } from "../env/log/recording-log.ts";
import type { ClusterOptions } from "../../src/cluster/cluster.ts";
import type { Needs } from "../../src/engine/parts.ts";
import { startEngine } from "../../src/engine/start.ts";

export type InstanceOptions = {
  readonly world: Clock & Turns & Ids & { readonly random: Random };
  readonly store: Store;
  readonly run: RunAttempt;
  readonly maxRunningExecutions?: number;
  readonly mailboxLimit?: number;
  readonly log?: Log;
  /** Puts something before the pool. */
  readonly throughPool?: (pool: Pool) => Pool;
  /** With it, the instance is one of several. */
  readonly cluster?: ClusterOptions;
  /** Attempts that run at once. */
  readonly slots?: number;
  readonly needs?: Needs;
  /** All where they are not given. */
  readonly handlers?: readonly HandlerInfo[];
};

export const HANDLERS: readonly HandlerInfo[] = [
  { name: "step", names: ["step", "noop"], needs: [] },
  { name: "joins", names: ["joins"], needs: ["parents"] },
  { name: "given", names: ["given"], needs: ["params"] },
];

export const LIMITS = { nodes: 100_000, edges: 1_000_000, nesting: 128 };
export const MEMBER_LIMITS = { ...LIMITS, bodyBytes: 1_000_000, outputBytes: 1_000_000 };
export const DEFAULTS = { retry: { maxAttempts: 3, initialIntervalMs: 1_000 }, timeoutMs: 3_600_000 };

/** The handlers are all called by `run`; `joins` is given its parents, `given` the params. */
export async function startInstance(options: InstanceOptions): Promise<Engine> {
  const { world, store, run, maxRunningExecutions = null, mailboxLimit = 10_000, log = recordingLog().log } = options;
  const { throughPool = (pool) => pool } = options;
  const pool = createInlinePool({
    run,
    handlers: options.handlers ?? HANDLERS,
    slots: options.slots ?? 100,
    abortGraceMs: 100,
    clock: world,
    turns: world,
    report: (sentence) => log.warn(sentence),
  });
  return startEngine({
    store,
    storeKind: "memory",
    pool: throughPool(pool),
    clock: world,
    random: world.random,
    turns: world,
    ids: world,
    log,
    definitions: { limits: LIMITS, defaults: DEFAULTS },
    retention: { finishedMs: 86_400_000, untriggeredMs: 7 * 86_400_000 },
    maxRunningExecutions,
    mailboxLimit,
    waitersLimit: 100,
    degraded: false,
    cluster: options.cluster ?? null,
    ...(options.needs === undefined ? {} : { needs: options.needs }),
  });
}
