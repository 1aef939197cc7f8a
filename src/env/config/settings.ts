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

/** One setting. `fallback` is its value if none of its names is set; `defaultText` is how the page of settings shows that value. */
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
  host: server(["HOST"], host, "127.0.0.1", "Address that the HTTP server listens on; `0.0.0.0` means all addresses."),
  port: server(["PORT"], port, 8000, "Port of the HTTP server; 0 means any free port."),
  instanceName: server(["WORKER_ID"], text, hostname(), {
    doc: "Name of the instance in logs and in `/health`.",
    defaultText: "the machine's name",
  }),
  drainGraceMs: server(
    ["APP_DRAIN_GRACE"],
    duration("s"),
    8000,
    "How long running attempts may take to finish after SIGTERM. Docker kills a container 10 s after SIGTERM.",
  ),

  drainDelayMs: server(
    ["APP_DRAIN_DELAY"],
    duration("s"),
    0,
    "How long an instance goes on working after SIGTERM with `/ready` at 503, so that a load balancer can stop sending requests to it first.",
  ),

  access: server(
    ["APP_ACCESS"],
    oneOf("auto", "open"),
    "auto",
    "`open`: something before this server, such as a proxy, checks who calls. `auto`: on a loopback address the server refuses requests that came through a proxy; on any other address it warns at the start that everybody who can reach it may call it.",
  ),
  allowedHosts: server(
    ["APP_ALLOWED_HOSTS"],
    hostNames,
    null,
    "Names under which this server may be called, besides addresses and `localhost`; a request with another name gets 421. If it is not set and `APP_ACCESS` is `auto`, a server on an address other than loopback accepts any name.",
  ),
  corsOrigins: server(["APP_CORS_ORIGINS"], origins, null, "Origins of other sites whose pages may call this server from a browser."),

  logLevel: logs(["APP_LOG_LEVEL", "LOG_LEVEL"], logLevel, null, { doc: "Lowest level that is logged.", defaultText: "`info`" }),
  debug: logs(["DEBUG"], looseFlag, false, "Whether to log at level `debug` if no log level is set."),

  store: store(["APP_STORE"], oneOf("sqlite", "memory"), "sqlite", "Where executions are kept. With `memory` they end with the process."),
  dataDir: store(["APP_DATA_DIR"], text, "./data", "Folder of the SQLite store. Only one instance at a time may use it."),
  retentionMs: store(["APP_RETENTION"], duration("s"), 86_400_000, "How long an execution is kept after its end."),
  untriggeredRetentionMs: store(["APP_RETENTION_UNTRIGGERED"], duration("s"), 604_800_000, "How long an untriggered execution is kept."),

  appRedisHost: redis(["APP_REDIS_HOST"], host, null, "Host of Redis. If it is set, `REDIS_URL` and `REDIS_HOST` are ignored."),
  appRedisPort: redis(["APP_REDIS_PORT"], linkedPort, 6379, "Port of Redis, used with `APP_REDIS_HOST`."),
  appRedisDb: redis(["APP_REDIS_DB"], integer(0), 0, "Database number, used with `APP_REDIS_HOST`."),
  appRedisPassword: redis(["APP_REDIS_PASSWORD"], secret, null, "Password for Redis, used with `APP_REDIS_HOST`."),
  redisUrl: redis(["REDIS_URL"], redisAddress, null, "URL of Redis, for example `redis://:password@host:6379/0`."),
  redisHost: redis(["REDIS_HOST"], host, null, "Host of Redis, used if neither `APP_REDIS_HOST` nor `REDIS_URL` is set."),
  redisPort: redis(["REDIS_PORT"], linkedPort, 6379, "Port of Redis, used with `REDIS_HOST`."),
  redisDb: redis(["REDIS_DB"], integer(0), 0, "Database number, used with `REDIS_HOST`."),
  redisUsername: redis(["REDIS_USERNAME"], text, null, "User for Redis, used with `REDIS_HOST`."),
  redisPassword: redis(["REDIS_PASSWORD"], secret, null, "Password for Redis, used with `REDIS_HOST`."),
  redisRequired: redis(
    ["APP_REDIS_REQUIRED"],
    flag,
    false,
    "Whether the instance refuses to start if it cannot use Redis. Otherwise it runs alone on the embedded store, and `/health` says `degraded: true`.",
  ),

  redisCluster: redis(
    ["APP_REDIS_CLUSTER"],
    flag,
    false,
    "Whether the address is that of a node of a Redis Cluster. Troupe finds the other nodes through it.",
  ),
  redisTimeoutMs: redis(
    ["APP_REDIS_TIMEOUT"],
    duration("s"),
    1500,
    "How long a call to Redis may take. After that it is sent again, or the request that needs it is refused.",
  ),

  kafkaBrokers: kafka(
    ["APP_KAFKA_BOOTSTRAP_SERVERS", "KAFKA_BOOTSTRAP_SERVERS"],
    brokers,
    null,
    "Addresses of Kafka's brokers. If they are set, Troupe publishes events.",
  ),
  kafkaPrefix: kafka(["APP_KAFKA_PREFIX"], topicPrefix, "troupe", "Beginning of the topics' names, as in `troupe.events`."),
  kafkaPartitions: kafka(
    ["APP_KAFKA_PARTITIONS"],
    integer(1, 10_000),
    16,
    "Number of partitions of `troupe.events`, if this instance creates that topic.",
  ),
  reconnectDelayMs: kafka(["APP_RETRY_DELAY"], duration("s"), 1000, "Pause before the instance tries again to connect to Redis or Kafka."),

  lanes: instances(
    ["APP_LANES"],
    integer(1, 16_384),
    64,
    "Number of lanes that executions are divided into and instances share. The first instance that uses a Redis fixes it for that Redis.",
  ),
  leaseTtlMs: instances(
    ["APP_LEASE_TTL"],
    duration("s"),
    3000,
    "How long an instance may be silent before others take over its executions.",
  ),
  leaseRenewMs: instances(["APP_LEASE_RENEW"], duration("s"), 1000, "How often an instance renews its leases, at most a third of the TTL."),
  overflowAfterMs: instances(
    ["APP_OVERFLOW_AFTER"],
    duration("ms"),
    100,
    "Nodes that would wait longer than this for a thread are offered to the other instances. A bare number is milliseconds.",
  ),
  outboxBytesMax: instances(
    ["APP_OUTBOX_BYTES_MAX"],
    bytes,
    256 * 2 ** 20,
    "Size of the events of all instances that may wait for Kafka. Above it, new executions and triggers get 503.",
  ),
  outboxBytesHold: instances(
    ["APP_OUTBOX_BYTES_HOLD"],
    bytes,
    512 * 2 ** 20,
    "Size of the events of all instances above which no node starts until Kafka is back.",
  ),

  threads: running(["WORKER_CONCURRENCY"], integer(1, 256), availableParallelism(), {
    doc: "Number of threads that run nodes.",
    defaultText: "the number of cores",
  }),
  slotsPerThread: running(
    ["APP_SLOTS_PER_THREAD"],
    integer(1, 1_000_000),
    5000,
    "Number of attempts that one thread runs at the same time. It is high because most nodes wait for other services.",
  ),
  maxRunningExecutions: running(["MAX_CONCURRENT_WORKFLOWS"], integer(1), null, {
    doc: "Number of executions that may run at the same time. Further ones wait as PENDING.",
    defaultText: "unlimited",
  }),
  maxAttempts: running(
    ["APP_MAX_RETRIES"],
    integer(0, 1000),
    3,
    "Number of attempts of a failing node, including the first, if its `retry` has no `max_attempts`. 0 counts as 1.",
  ),
  initialIntervalMs: running(
    ["APP_BASE_BACKOFF"],
    duration("ms"),
    1000,
    "Pause before the second attempt, doubled for each further one. A bare number is milliseconds.",
  ),
  nodeTimeoutMs: running(["APP_NODE_TIMEOUT"], duration("s"), 3_600_000, "How long an attempt may run, if its node has no `timeout`."),
  abortGraceMs: running(
    ["APP_ABORT_GRACE"],
    duration("s"),
    5000,
    "How long an attempt may take to stop after its abort signal. After that its thread is ended.",
  ),

  handlersDir: handlers(["APP_HANDLERS_DIR"], text, null, {
    doc: "Folder of your own handlers. If you set it and the folder does not exist, the server refuses to start.",
    defaultText: "`./handlers`, if it exists",
  }),
  handlersWatch: handlers(
    ["APP_HANDLERS_WATCH"],
    flag,
    false,
    "Whether a change in that folder reloads your handlers, for development. `SIGHUP` reloads them in any case.",
  ),
  externalServices: handlers(
    ["APP_EXTERNAL_SERVICES"],
    oneOf("mock", "live"),
    "mock",
    "`live`: `call_external_service` calls its URL. `mock`: it makes up an answer.",
  ),
  httpAllowPrivate: handlers(["APP_HTTP_ALLOW_PRIVATE"], flag, false, "Whether nodes may call private and local addresses."),
  mockLatencyMs: handlers(["APP_MOCK_LATENCY_MS"], latency, { min: 1000, max: 2000 }, "How long a mock takes to answer."),
  llmBaseUrl: handlers(["APP_LLM_BASE_URL"], url("http:", "https:"), null, {
    doc: "Address of an OpenAI-compatible server for `llm` nodes, for example `https://host/v1`.",
    defaultText: "none: `llm` nodes are mocks",
  }),
  llmApiKey: handlers(["APP_LLM_API_KEY"], secret, null, "Key for the server of `llm` nodes."),
  llmModel: handlers(["APP_LLM_MODEL"], text, "gpt-4o-mini", "Model that an `llm` node uses if it names none."),

  bodyBytesMax: limits(["APP_BODY_BYTES_MAX"], bytes, 32 * 2 ** 20, "Largest body of a request. A larger one gets 413."),
  bodiesBytesMax: limits(
    ["APP_BODIES_BYTES_MAX"],
    bytes,
    256 * 2 ** 20,
    "Total size of the bodies above 64 KiB that wait or are worked on. Further ones get 503 with `Retry-After`. At most 64 MiB of them are in memory.",
  ),
  answersAtOnce: limits(
    ["APP_ANSWERS_AT_ONCE"],
    integer(1),
    8,
    "Number of answers above 4 MiB that may be sent at the same time. Further ones become 503 with `Retry-After`. All answers above 256 KiB together may hold 16 MiB times this number.",
  ),
  connectionsMax: limits(["APP_CONNECTIONS_MAX"], integer(1), null, {
    doc: "Number of connections that may be open at the same time. At this number the port is closed until there are fewer. The start warns if the limit of open files leaves fewer than 100.",
    defaultText: "80 % of the limit of open files, after 64 files for the server itself",
  }),
  outputBytesMax: limits(["APP_OUTPUT_BYTES_MAX"], bytes, 32 * 2 ** 20, "Largest output of a node, as JSON. A larger one fails the node."),
  nodesMax: limits(["APP_NODES_MAX"], integer(1), 100_000, "Largest number of nodes in a definition."),
  edgesMax: limits(["APP_EDGES_MAX"], integer(1), 1_000_000, "Largest number of dependencies in a definition, over all its nodes."),
  nestingMax: limits(["APP_NESTING_MAX"], integer(8, 1000), 128, "Largest number of levels in a body or an output."),
  mailboxMax: limits(["APP_MAILBOX_MAX"], integer(1), 10_000, "Number of commands that may wait for one execution. Further ones get 503."),
  waitersMax: limits(
    ["APP_WAITERS_MAX"],
    integer(0),
    1000,
    "Number of requests with `?wait` that may wait at the same time. Further ones are answered without waiting.",
  ),
} as const;

/** The values of all settings, by their keys in the table. */
export type Values = { readonly [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never };

/** The meaning of a setting whose default depends on the machine, or cannot be shown as it is. */
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
