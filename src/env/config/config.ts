/** The configuration: every setting (settings.ts), read from the environment and checked once, at the start. */
import type { LogLevel } from "./kinds.ts";
import { fewHttpRequests, HTTP_REQUESTS, httpRequestsFor, type Slots } from "../process/http-requests.ts";
import { redisUrlOf, withoutPassword } from "./redis-url.ts";
import { SETTINGS, type Setting, type Values } from "./settings.ts";

/** The folder of users' handlers unless another one is named. It may be missing. */
const USUAL_HANDLERS_DIR = "./handlers";

/** The configuration: durations in milliseconds, sizes in bytes. */
export type Config = {
  readonly host: string;
  readonly port: number;
  /** Browsers' pages that are answered; `hosts` is null if none are named. */
  readonly access: { readonly mode: "auto" | "open"; readonly hosts: readonly string[] | null; readonly origins: readonly string[] };
  readonly instanceName: string;
  readonly logLevel: LogLevel;
  readonly store: "sqlite" | "memory";
  readonly dataDir: string;
  readonly redis: { readonly url: string; readonly cluster: boolean; readonly timeoutMs: number } | null;
  readonly redisRequired: boolean;
  readonly kafka: { readonly brokers: readonly string[]; readonly prefix: string; readonly partitions: number } | null;
  readonly reconnectDelayMs: number;
  readonly lanes: number;
  readonly lease: { readonly ttlMs: number; readonly renewMs: number };
  readonly overflowAfterMs: number;
  /** Bytes of events that wait for Kafka. Above `max` no new work is accepted, above `hold` no node starts. */
  readonly outboxBytes: { readonly max: number; readonly hold: number };
  readonly threads: number;
  readonly slotsPerThread: number;
  /** The time between the abort signal of a timed-out attempt and the end of its thread. */
  readonly abortGraceMs: number;
  /** How long running attempts may take to finish at SIGTERM. */
  readonly drainGraceMs: number;
  /** The time before that in which /ready says that the instance ends, while everything else goes on. */
  readonly drainDelayMs: number;
  readonly maxRunningExecutions: number | null;
  readonly retry: { readonly maxAttempts: number; readonly initialIntervalMs: number };
  readonly nodeTimeoutMs: number;
  readonly handlersDir: string;
  /** Whether a change in that folder reloads the handlers. */
  readonly handlersWatch: boolean;
  /** Whether the folder was named by the user. Then it must exist. */
  readonly handlersDirIsSet: boolean;
  readonly handlers: {
    readonly mockLatencyMs: { readonly min: number; readonly max: number };
    readonly externalServices: "mock" | "live";
    readonly httpAllowPrivate: boolean;
    readonly llm: { readonly baseUrl: string; readonly apiKey: string | null; readonly model: string } | null;
  };
  readonly limits: {
    readonly bodyBytes: number;
    /** The bytes of the bodies of all requests together. */
    readonly bodiesBytes: number;
    readonly answersAtOnce: number;
    /** Null: as many as the limit of open files leaves. */
    readonly connections: number | null;
    readonly outputBytes: number;
    readonly nodes: number;
    readonly edges: number;
    readonly nesting: number;
    /** Messages that may wait in one supervisor's mailbox before commands are answered with 503. */
    readonly mailbox: number;
    /** Requests with ?wait that may wait at once. */
    readonly waiters: number;
  };
  readonly retention: { readonly finishedMs: number; readonly untriggeredMs: number };
};

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The result of reading the settings. `faults` has a sentence for each wrong value. `warnings` are sentences about what is
 * probably not meant; the start goes on in spite of them.
 */
export type ConfigResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly faults: readonly string[] };

/** The configuration that this process was started with. */
export function configFromEnvironment(): ConfigResult {
  return readConfig(process.env);
}

/**
 * The environment that users' handlers see: this process's, without Troupe's own secrets and without addresses that hold a
 * password. A thread is no sandbox: on Linux the file /proc/self/environ still has them.
 */
export function environmentOfHandlers(environment: Environment = process.env): Record<string, string> {
  const seen = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) if (value !== undefined) seen.set(name, value);
  for (const { names, kind } of Object.values<Setting<unknown>>(SETTINGS)) {
    for (const name of names) if (kind.isSecret?.(seen.get(name) ?? "") === true) seen.delete(name);
  }
  return Object.fromEntries(seen);
}

/**
 * Makes sure that each attempt may call another service at the same time. Bun reads its limit only at the start of a
 * process, so if no limit is set, this process is replaced by a new one with the same number and files. Returns a warning if
 * that is impossible, or if the user has set a limit that is too low.
 */
export function allowHttpRequests(slots: Slots): string | null {
  const given = process.env[HTTP_REQUESTS];
  const warning = fewHttpRequests(given, slots);
  // A limit that the user has set stands. A channel to the parent process would be lost.
  if (warning === null || isSet(given) || process.connected || process.platform === "win32") return warning;
  const environment = { ...process.env, [HTTP_REQUESTS]: httpRequestsFor(slots) };
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], environment);
  return warning;
}

/**
 * The configuration of any environment. A variable that is empty, or only spaces, counts as unset.
 * @internal
 */
export function readConfig(environment: Environment): ConfigResult {
  const { values, faults } = readValues(environment);
  const redis = redisUrlOf(values);
  if (values.redisRequired && redis.url === null && faults.length === 0) {
    faults.push("APP_REDIS_REQUIRED is true, but no Redis is set: set APP_REDIS_HOST, REDIS_URL or REDIS_HOST.");
  }
  if (values.leaseTtlMs < 3 * values.leaseRenewMs && faults.length === 0) {
    faults.push("APP_LEASE_TTL is less than three times APP_LEASE_RENEW: a renewal that is lost once would lose the lease.");
  }
  if (faults.length > 0) return { ok: false, faults };
  return {
    ok: true,
    config: configOf(values, redis.url),
    warnings: [...unknownNames(environment), ...redis.warnings, ...withoutEffect(values, redis.url)],
  };
}

function readValues(environment: Environment): { values: Values; faults: string[] } {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [key, setting] of Object.entries(SETTINGS) as [string, Setting<unknown>][]) {
    const name = setting.names.find((candidate) => isSet(environment[candidate]));
    const given = name === undefined ? "" : (environment[name]?.trim() ?? "");
    const value = name === undefined ? setting.fallback : setting.kind.parse(given);
    if (value === null && name !== undefined) faults.push(`${name} is "${withoutPassword(given)}": expected ${setting.kind.expected}.`);
    values[key] = value;
  }
  return { values: values as Values, faults };
}

function configOf(values: Values, redisUrl: string | null): Config {
  return {
    host: values.host,
    port: values.port,
    access: { mode: values.access, hosts: values.allowedHosts, origins: values.corsOrigins ?? [] },
    instanceName: values.instanceName,
    logLevel: values.logLevel ?? (values.debug ? "debug" : "info"),
    store: values.store,
    dataDir: values.dataDir,
    redis: redisUrl === null ? null : { url: redisUrl, cluster: values.redisCluster, timeoutMs: values.redisTimeoutMs },
    redisRequired: values.redisRequired,
    kafka: values.kafkaBrokers && { brokers: values.kafkaBrokers, prefix: values.kafkaPrefix, partitions: values.kafkaPartitions },
    reconnectDelayMs: values.reconnectDelayMs,
    lanes: values.lanes,
    lease: { ttlMs: values.leaseTtlMs, renewMs: values.leaseRenewMs },
    overflowAfterMs: values.overflowAfterMs,
    outboxBytes: { max: values.outboxBytesMax, hold: values.outboxBytesHold },
    threads: values.threads,
    slotsPerThread: values.slotsPerThread,
    abortGraceMs: values.abortGraceMs,
    drainGraceMs: values.drainGraceMs,
    drainDelayMs: values.drainDelayMs,
    maxRunningExecutions: values.maxRunningExecutions,
    retry: { maxAttempts: Math.max(1, values.maxAttempts), initialIntervalMs: values.initialIntervalMs },
    nodeTimeoutMs: values.nodeTimeoutMs,
    handlersWatch: values.handlersWatch,
    handlersDir: values.handlersDir ?? USUAL_HANDLERS_DIR,
    handlersDirIsSet: values.handlersDir !== null,
    handlers: {
      mockLatencyMs: values.mockLatencyMs,
      externalServices: values.externalServices,
      httpAllowPrivate: values.httpAllowPrivate,
      llm: values.llmBaseUrl === null ? null : { baseUrl: values.llmBaseUrl, apiKey: values.llmApiKey, model: values.llmModel },
    },
    limits: {
      bodyBytes: values.bodyBytesMax,
      bodiesBytes: values.bodiesBytesMax,
      answersAtOnce: values.answersAtOnce,
      connections: values.connectionsMax,
      outputBytes: values.outputBytesMax,
      nodes: values.nodesMax,
      edges: values.edgesMax,
      nesting: values.nestingMax,
      mailbox: values.mailboxMax,
      waiters: values.waitersMax,
    },
    retention: { finishedMs: values.retentionMs, untriggeredMs: values.untriggeredRetentionMs },
  };
}

function unknownNames(environment: Environment): string[] {
  const known = new Set(Object.values(SETTINGS).flatMap((setting) => setting.names));
  const unknown = Object.keys(environment).filter((name) => name.startsWith("APP_") && !known.has(name) && isSet(environment[name]));
  return unknown.sort().map((name) => `${name} is not a setting of Troupe and has no effect; docs/configuration.md lists them all.`);
}

function withoutEffect(values: Values, redisUrl: string | null): string[] {
  const warnings: string[] = [];
  if (values.llmBaseUrl === null && values.llmApiKey !== null)
    warnings.push("APP_LLM_API_KEY has no effect without APP_LLM_BASE_URL: llm nodes are mocks.");
  if (values.kafkaBrokers !== null && redisUrl === null)
    warnings.push("Kafka has no effect without Redis: events are published from the outbox that Redis holds.");
  return warnings;
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== "";
}
