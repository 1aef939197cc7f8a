/** Every setting, one line each: its names (the first that is set wins), its kind, its default, and what it means. */
import { availableParallelism, hostname } from "node:os";
import {
  brokers,
  bytes,
  duration,
  flag,
  host,
  hostNames,
  integer,
  type Kind,
  latency,
  linkedPort,
  logLevel,
  looseFlag,
  oneOf,
  origins,
  port,
  redisAddress,
  secret,
  text,
  topicPrefix,
  url,
} from "./kinds.ts";

/** `fallback` is used where none of the names is set. `defaultText` describes it where it depends on the machine or is nothing. */
export type Setting<T> = {
  readonly section: string;
  readonly names: readonly string[];
  readonly kind: Kind<NonNullable<T>>;
  readonly fallback: T;
  readonly defaultText: string;
  readonly doc: string;
};

const server = section("Server");
const logs = section("Logs");
const store = section("Store");
const redis = section("Redis");
const kafka = section("Kafka");
const instances = section("Several instances");
const running = section("Running nodes");
const handlers = section("Handlers");
const limits = section("Limits");

export const SETTINGS = {
  host: server(["HOST"], host, "127.0.0.1", "Address that the HTTP server listens on; 0.0.0.0 for all of the machine's."),
  port: server(["PORT"], port, 8000, "Port of the HTTP server; 0 takes a free one."),
  instanceName: server(["WORKER_ID"], text, hostname(), {
    doc: "The instance's name, in logs and health.",
    defaultText: "the machine's name",
  }),
  drainGraceMs: server(
    ["APP_DRAIN_GRACE"],
    duration("s"),
    8000,
    "How long running attempts may take to finish at SIGTERM (Docker kills after 10 s).",
  ),

  drainDelayMs: server(
    ["APP_DRAIN_DELAY"],
    duration("s"),
    0,
    "How long an instance goes on as usual after SIGTERM with `/ready` at 503, so that a load balancer stops sending to it first.",
  ),

  access: server(
    ["APP_ACCESS"],
    oneOf("auto", "open"),
    "auto",
    "`open`: what stands before this server checks who calls. `auto`: on a loopback address what came through a proxy is refused, on any other the start warns that whoever reaches it may call.",
  ),
  allowedHosts: server(
    ["APP_ALLOWED_HOSTS"],
    hostNames,
    null,
    "Names under which this server is called, beside addresses and localhost; others get 421. Without it, `auto` takes any name on an address that is not loopback.",
  ),
  corsOrigins: server(["APP_CORS_ORIGINS"], origins, null, "Origins of other sites whose pages may call this server from a browser."),

  logLevel: logs(["APP_LOG_LEVEL", "LOG_LEVEL"], logLevel, null, { doc: "What is logged at least.", defaultText: "`info`" }),
  debug: logs(["DEBUG"], looseFlag, false, "True: log level `debug`, where no log level is set."),

  store: store(
    ["APP_STORE"],
    oneOf("sqlite", "memory"),
    "sqlite",
    "Where executions are kept; `memory` forgets them at the end of the process.",
  ),
  dataDir: store(["APP_DATA_DIR"], text, "./data", "Folder of the SQLite store; one instance at a time may use it."),
  retentionMs: store(["APP_RETENTION"], duration("s"), 86_400_000, "How long an execution is kept after its end."),
  untriggeredRetentionMs: store(
    ["APP_RETENTION_UNTRIGGERED"],
    duration("s"),
    604_800_000,
    "How long an execution that was never triggered is kept.",
  ),

  appRedisHost: redis(
    ["APP_REDIS_HOST"],
    host,
    null,
    "Host of Redis. With it, the other `APP_REDIS_` settings count, and `REDIS_URL` and `REDIS_HOST` do not.",
  ),
  appRedisPort: redis(["APP_REDIS_PORT"], linkedPort, 6379, "Port beside `APP_REDIS_HOST`."),
  appRedisDb: redis(["APP_REDIS_DB"], integer(0), 0, "Database number beside `APP_REDIS_HOST`."),
  appRedisPassword: redis(["APP_REDIS_PASSWORD"], secret, null, "Password beside `APP_REDIS_HOST`."),
  redisUrl: redis(["REDIS_URL"], redisAddress, null, "Redis by URL, for example `redis://:password@host:6379/0`."),
  redisHost: redis(["REDIS_HOST"], host, null, "Host of Redis, where neither `APP_REDIS_HOST` nor `REDIS_URL` is set."),
  redisPort: redis(["REDIS_PORT"], linkedPort, 6379, "Port beside `REDIS_HOST`."),
  redisDb: redis(["REDIS_DB"], integer(0), 0, "Database number beside `REDIS_HOST`."),
  redisUsername: redis(["REDIS_USERNAME"], text, null, "User beside `REDIS_HOST`."),
  redisPassword: redis(["REDIS_PASSWORD"], secret, null, "Password beside `REDIS_HOST`."),
  redisRequired: redis(
    ["APP_REDIS_REQUIRED"],
    flag,
    false,
    "Refuse to start without Redis, instead of running on the embedded store with `degraded: true` in `/health`.",
  ),

  redisCluster: redis(["APP_REDIS_CLUSTER"], flag, false, "The address is that of a node of a Redis Cluster; the others are found by it."),
  redisTimeoutMs: redis(
    ["APP_REDIS_TIMEOUT"],
    duration("s"),
    1500,
    "How long a call to Redis may take; then it is sent again, or refused.",
  ),

  kafkaBrokers: kafka(["APP_KAFKA_BOOTSTRAP_SERVERS", "KAFKA_BOOTSTRAP_SERVERS"], brokers, null, "Kafka's brokers."),
  kafkaPrefix: kafka(["APP_KAFKA_PREFIX"], topicPrefix, "troupe", "What the names of the topics begin with: `troupe.events`, …"),
  kafkaPartitions: kafka(["APP_KAFKA_PARTITIONS"], integer(1, 10_000), 16, "Partitions of `troupe.events`, where this instance makes it."),
  reconnectDelayMs: kafka(["APP_RETRY_DELAY"], duration("s"), 1000, "Pause between attempts to connect to Redis and Kafka again."),

  lanes: instances(
    ["APP_LANES"],
    integer(1, 16_384),
    64,
    "Lanes that executions are divided into, and that instances own; fixed by the first instance that uses a Redis.",
  ),
  leaseTtlMs: instances(
    ["APP_LEASE_TTL"],
    duration("s"),
    3000,
    "How long an instance may be silent before others take over its executions.",
  ),
  leaseRenewMs: instances(
    ["APP_LEASE_RENEW"],
    duration("s"),
    1000,
    "How often an instance renews its leases; at most a third of the above.",
  ),
  overflowAfterMs: instances(
    ["APP_OVERFLOW_AFTER"],
    duration("ms"),
    100,
    "Nodes that would wait longer than this for a thread here are offered to the other instances; a bare number is milliseconds.",
  ),
  outboxBytesMax: instances(
    ["APP_OUTBOX_BYTES_MAX"],
    bytes,
    256 * 2 ** 20,
    "Events that may wait for Kafka, over all instances; above it new executions and triggers get 503.",
  ),
  outboxBytesHold: instances(["APP_OUTBOX_BYTES_HOLD"], bytes, 512 * 2 ** 20, "The same; above it no node is started until Kafka is back."),

  threads: running(["WORKER_CONCURRENCY"], integer(1, 256), availableParallelism(), {
    doc: "Threads that run nodes.",
    defaultText: "the number of cores",
  }),
  slotsPerThread: running(
    ["APP_SLOTS_PER_THREAD"],
    integer(1, 1_000_000),
    5000,
    "Attempts that one thread runs at once; most nodes wait for others.",
  ),
  maxRunningExecutions: running(["MAX_CONCURRENT_WORKFLOWS"], integer(1), null, {
    doc: "Executions that run at once; above it they wait as PENDING.",
    defaultText: "unlimited",
  }),
  maxAttempts: running(
    ["APP_MAX_RETRIES"],
    integer(0, 1000),
    3,
    "Attempts of a node that fails, the first included, where its `retry.max_attempts` says nothing (0 counts as 1).",
  ),
  initialIntervalMs: running(
    ["APP_BASE_BACKOFF"],
    duration("ms"),
    1000,
    "Pause before the second attempt, doubled for each further one; a bare number is milliseconds.",
  ),
  nodeTimeoutMs: running(["APP_NODE_TIMEOUT"], duration("s"), 3_600_000, "How long an attempt may run, where its `timeout` says nothing."),
  abortGraceMs: running(
    ["APP_ABORT_GRACE"],
    duration("s"),
    5000,
    "Time that an attempt has between its abort signal and the end of its thread.",
  ),

  handlersDir: handlers(["APP_HANDLERS_DIR"], text, null, {
    doc: "Folder of your own handlers. Where it is set it must be there, or the start is refused.",
    defaultText: "`./handlers`, where it is there",
  }),
  handlersWatch: handlers(
    ["APP_HANDLERS_WATCH"],
    flag,
    false,
    "Whether a change in that folder loads your handlers again, for development; otherwise `SIGHUP` does.",
  ),
  externalServices: handlers(
    ["APP_EXTERNAL_SERVICES"],
    oneOf("mock", "live"),
    "mock",
    "Whether `call_external_service` calls its URL or makes an answer up.",
  ),
  httpAllowPrivate: handlers(["APP_HTTP_ALLOW_PRIVATE"], flag, false, "Whether nodes may call private and local addresses."),
  mockLatencyMs: handlers(["APP_MOCK_LATENCY_MS"], latency, { min: 1000, max: 2000 }, "How long the mocks take."),
  llmBaseUrl: handlers(["APP_LLM_BASE_URL"], url("http:", "https:"), null, {
    doc: "An OpenAI-compatible server for `llm` nodes, for example `https://host/v1`.",
    defaultText: "none: `llm` nodes are mocks",
  }),
  llmApiKey: handlers(["APP_LLM_API_KEY"], secret, null, "Key for that server."),
  llmModel: handlers(["APP_LLM_MODEL"], text, "gpt-4o-mini", "Model, where a node names none."),

  bodyBytesMax: limits(["APP_BODY_BYTES_MAX"], bytes, 32 * 2 ** 20, "Size of a request's body; above it 413."),
  bodiesBytesMax: limits(
    ["APP_BODIES_BYTES_MAX"],
    bytes,
    256 * 2 ** 20,
    "Bodies above 64 KiB that wait, are read or are worked on, together; above it 503 with `Retry-After`. Of these, 64 MiB are in memory.",
  ),
  answersAtOnce: limits(
    ["APP_ANSWERS_AT_ONCE"],
    integer(1),
    8,
    "Answers above 4 MiB that are sent at the same time; above it 503 with `Retry-After`. All above 256 KiB together may hold 16 MiB for each of these.",
  ),
  connectionsMax: limits(["APP_CONNECTIONS_MAX"], integer(1), null, {
    doc: "Connections that may be open at once; beyond it the port is closed until there are fewer. A limit of files that leaves fewer than 100 is warned of.",
    defaultText: "80 % of what the limit of open files leaves beyond 64",
  }),
  outputBytesMax: limits(["APP_OUTPUT_BYTES_MAX"], bytes, 32 * 2 ** 20, "Size of one node's output as JSON; above it the node fails."),
  nodesMax: limits(["APP_NODES_MAX"], integer(1), 100_000, "Nodes of one definition."),
  edgesMax: limits(["APP_EDGES_MAX"], integer(1), 1_000_000, "Dependencies of one definition, all nodes together."),
  nestingMax: limits(["APP_NESTING_MAX"], integer(8, 1000), 128, "Levels of nesting in a body or an output."),
  mailboxMax: limits(["APP_MAILBOX_MAX"], integer(1), 10_000, "Commands that may wait for one execution; above it 503."),
  waitersMax: limits(
    ["APP_WAITERS_MAX"],
    integer(0),
    1000,
    "Requests with `?wait` that may wait at once; above it they are answered at once.",
  ),
} as const;

/** The values of all settings, by their keys in the table. */
export type Values = { readonly [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never };

/** Where the default depends on the machine, or cannot be shown as it is. */
type Meaning = { readonly doc: string; readonly defaultText: string };

function section(name: string) {
  return <T, D extends T | null>(names: readonly string[], kind: Kind<T>, fallback: D, meaning: string | Meaning): Setting<T | D> => ({
    section: name,
    names,
    kind: kind as Kind<NonNullable<T | D>>,
    fallback,
    ...(typeof meaning === "string" ? { doc: meaning, defaultText: defaultText(fallback, kind) } : meaning),
  });
}

function defaultText<T>(fallback: T | null, kind: Kind<T>): string {
  return fallback === null ? "none" : `\`${kind.show(fallback)}\``;
}
