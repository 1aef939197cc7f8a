import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { configurationPage } from "../../../scripts/configuration-docs.ts";
import { type Config, configFromEnvironment, type Environment, readConfig } from "../../../src/env/config/config.ts";
import { withoutPassword } from "../../../src/env/config/redis-url.ts";
import { SETTINGS } from "../../../src/env/config/settings.ts";

function configOf(environment: Environment): Config {
  const result = readConfig(environment);
  if (!result.ok) throw new Error(`expected a configuration, got faults: ${result.faults.join(" ")}`);
  return result.config;
}

function faultsOf(environment: Environment): readonly string[] {
  const result = readConfig(environment);
  return result.ok ? [] : result.faults;
}

function warningsOf(environment: Environment): readonly string[] {
  const result = readConfig(environment);
  return result.ok ? result.warnings : [];
}

describe("the configuration", () => {
  test("needs nothing: every setting has a default", () => {
    const { instanceName, ...config } = configOf({});
    expect(instanceName.length).toBeGreaterThan(0);
    expect(config).toEqual({
      host: "127.0.0.1",
      port: 8000,
      access: { mode: "auto", hosts: null, origins: [] },
      logLevel: "info",
      store: "sqlite",
      dataDir: "./data",
      redis: null,
      redisRequired: false,
      kafka: null,
      reconnectDelayMs: 1000,
      lanes: 64,
      lease: { ttlMs: 3000, renewMs: 1000 },
      overflowAfterMs: 100,
      outboxBytes: { max: 268_435_456, hold: 536_870_912 },
      threads: availableParallelism(),
      slotsPerThread: 5000,
      abortGraceMs: 5000,
      drainGraceMs: 8000,
      drainDelayMs: 0,
      maxRunningExecutions: null,
      retry: { maxAttempts: 3, initialIntervalMs: 1000 },
      nodeTimeoutMs: 3_600_000,
      handlersDir: "./handlers",
      handlersWatch: false,
      handlersDirIsSet: false,
      handlers: { mockLatencyMs: { min: 1000, max: 2000 }, externalServices: "mock", httpAllowPrivate: false, llm: null },
      limits: {
        bodyBytes: 33_554_432,
        bodiesBytes: 268_435_456,
        answersAtOnce: 8,
        connections: null,
        outputBytes: 33_554_432,
        nodes: 100_000,
        edges: 1_000_000,
        nesting: 128,
        mailbox: 10_000,
        waiters: 1000,
      },
      retention: { finishedMs: 86_400_000, untriggeredMs: 604_800_000 },
    });
    expect(warningsOf({})).toEqual([]);
  });

  test("takes each setting from its variable", () => {
    const config = configOf({
      HOST: "0.0.0.0",
      PORT: "9000",
      WORKER_ID: "one",
      APP_STORE: "Memory",
      APP_DATA_DIR: "/data",
      APP_HANDLERS_DIR: "./mine",
      WORKER_CONCURRENCY: "4",
      APP_SLOTS_PER_THREAD: "10",
      MAX_CONCURRENT_WORKFLOWS: "20",
      APP_DRAIN_GRACE: "1m",
      APP_ABORT_GRACE: "250ms",
      APP_NODE_TIMEOUT: "1h30m",
      APP_RETENTION: "2d",
      APP_RETENTION_UNTRIGGERED: "90",
      APP_EXTERNAL_SERVICES: "live",
      APP_HTTP_ALLOW_PRIVATE: "True",
      APP_BODY_BYTES_MAX: "1.5MiB",
      APP_OUTPUT_BYTES_MAX: "64 kb",
      APP_NODES_MAX: "10",
      APP_EDGES_MAX: "11",
      APP_NESTING_MAX: "12",
      APP_MAILBOX_MAX: "13",
      APP_WAITERS_MAX: "14",
    });
    expect(config).toMatchObject({
      host: "0.0.0.0",
      port: 9000,
      instanceName: "one",
      store: "memory",
      dataDir: "/data",
      handlersDir: "./mine",
      handlersDirIsSet: true,
      threads: 4,
      slotsPerThread: 10,
      maxRunningExecutions: 20,
      drainGraceMs: 60_000,
      abortGraceMs: 250,
      nodeTimeoutMs: 5_400_000,
      retention: { finishedMs: 172_800_000, untriggeredMs: 90_000 },
      handlers: { externalServices: "live", httpAllowPrivate: true },
      limits: { bodyBytes: 1_572_864, outputBytes: 65_536, nodes: 10, edges: 11, nesting: 12, mailbox: 13, waiters: 14 },
    });
  });

  test("counts an empty variable, or one of spaces, as unset", () => {
    expect(configOf({ PORT: "", HOST: "  ", APP_REDIS_HOST: "", APP_REDIS_PASSWORD: "" })).toEqual(configOf({}));
  });

  test("names every fault at once: the variable, what was given, what is expected", () => {
    const faults = faultsOf({ PORT: "80a", APP_STORE: "postgres", APP_BODY_BYTES_MAX: "lots", LOG_LEVEL: "loud", WORKER_CONCURRENCY: "0" });
    expect(faults).toEqual([
      'PORT is "80a": expected a whole number from 0 to 65535.',
      expect.stringContaining('LOG_LEVEL is "loud": expected a log level: trace, debug, info'),
      'APP_STORE is "postgres": expected "sqlite" or "memory".',
      'WORKER_CONCURRENCY is "0": expected a whole number from 1 to 256.',
      expect.stringContaining('APP_BODY_BYTES_MAX is "lots": expected a size such as "32MiB"'),
    ]);
  });

  test("warns of an unknown variable that begins with APP_, and of no other", () => {
    expect(warningsOf({ APP_BODY_MAX: "1", PATH: "/bin", APP_EMPTY: "" })).toEqual([
      "APP_BODY_MAX is not a setting of Troupe and has no effect; docs/configuration.md lists them all.",
    ]);
  });

  test("of this process is read from its own environment", () => {
    expect(configFromEnvironment()).toEqual(readConfig(process.env));
  });

  test("is described line by line in docs/configuration.md", () => {
    const page = readFileSync(`${import.meta.dir}/../../../docs/configuration.md`, "utf8");
    expect(page === configurationPage() ? "current" : "not current: run `npm run docs` and commit docs/configuration.md").toBe("current");
    for (const name of Object.values(SETTINGS).flatMap((setting) => setting.names)) expect(page).toContain(`\`${name}\``);
  });

  test("shows every default in a form that it would take itself", () => {
    for (const { kind, fallback, names } of Object.values(SETTINGS) as {
      kind: { parse(text: string): unknown; show(value: never): string };
      fallback: unknown;
      names: readonly string[];
    }[]) {
      if (fallback !== null) expect([names[0], kind.parse(kind.show(fallback as never))]).toEqual([names[0], fallback]);
    }
  });
});

describe("values", () => {
  const durations: [string, number | null][] = [
    ["5", 5000],
    ["0.5", 500],
    ["1.5h", 5_400_000],
    ["2m 30s", 150_000],
    ["10S", 10_000],
    ["-5s", null],
    ["Infinity", null],
    ["5 parsecs", null],
    ["1h and more", null],
    ["400d", null],
  ];
  test.each(durations)("a duration of %p is %p milliseconds (null: refused)", (given, ms) => {
    const result = readConfig({ APP_NODE_TIMEOUT: given });
    expect(result.ok ? result.config.nodeTimeoutMs : null).toBe(ms);
  });

  const sizes: [string, number | null][] = [
    ["1000", 1000],
    ["32MiB", 33_554_432],
    ["32mb", 33_554_432],
    ["1 GiB", 1_073_741_824],
    ["10b", 10],
    ["0", null],
    ["-1", null],
    ["1TB", null],
    ["9999999999999g", null],
  ];
  test.each(sizes)("a size of %p is %p bytes (null: refused)", (given, bytes) => {
    const result = readConfig({ APP_BODY_BYTES_MAX: given });
    expect(result.ok ? result.config.limits.bodyBytes : null).toBe(bytes);
  });

  const latencies: [string, { min: number; max: number } | null][] = [
    ["0", { min: 0, max: 0 }],
    ["5-10", { min: 5, max: 10 }],
    ["5 - 10", { min: 5, max: 10 }],
    ["10-5", null],
    ["fast", null],
  ];
  test.each(latencies)("a latency of %p is %j (null: refused)", (given, latency) => {
    const result = readConfig({ APP_MOCK_LATENCY_MS: given });
    expect(result.ok ? result.config.handlers.mockLatencyMs : null).toEqual(latency);
  });

  test("hosts come without protocol and port", () => {
    expect(configOf({ HOST: "::1" }).host).toBe("::1");
    expect(faultsOf({ APP_REDIS_HOST: "redis:6379", REDIS_HOST: "redis://x" })).toHaveLength(2);
  });
});

describe("settings of the older systems", () => {
  const levels: [Environment, Config["logLevel"]][] = [
    [{ LOG_LEVEL: "WARNING" }, "warn"],
    [{ LOG_LEVEL: "Critical" }, "fatal"],
    [{ LOG_LEVEL: "INFO" }, "info"],
    [{ LOG_LEVEL: "off" }, "silent"],
    [{ APP_LOG_LEVEL: "ERROR", LOG_LEVEL: "debug" }, "error"],
    [{ DEBUG: "True" }, "debug"],
    [{ DEBUG: "1" }, "debug"],
    [{ DEBUG: "yes" }, "debug"],
    [{ DEBUG: "false" }, "info"],
    [{ DEBUG: "express:*" }, "info"],
    [{ DEBUG: "true", LOG_LEVEL: "error" }, "error"],
  ];
  test.each(levels)("%j gives the log level %p", (environment, level) => {
    expect(configOf(environment).logLevel).toBe(level);
  });

  test("APP_MAX_RETRIES counts attempts, at least one; APP_BASE_BACKOFF is milliseconds, APP_RETRY_DELAY seconds", () => {
    const config = configOf({ APP_MAX_RETRIES: "5", APP_BASE_BACKOFF: "200", APP_RETRY_DELAY: "2" });
    expect(config.retry).toEqual({ maxAttempts: 5, initialIntervalMs: 200 });
    expect(config.reconnectDelayMs).toBe(2000);
    expect(configOf({ APP_MAX_RETRIES: "0" }).retry.maxAttempts).toBe(1);
  });

  const addresses: [string, Environment, string | null][] = [
    ["nothing", {}, null],
    ["APP_REDIS_HOST alone", { APP_REDIS_HOST: "redis" }, "redis://redis:6379/0"],
    [
      "all of APP_REDIS_",
      { APP_REDIS_HOST: "r", APP_REDIS_PORT: "1", APP_REDIS_DB: "2", APP_REDIS_PASSWORD: "p@ss/w" },
      "redis://:p%40ss%2Fw@r:1/2",
    ],
    ["REDIS_URL", { REDIS_URL: "rediss://user:pw@r:7/3" }, "rediss://user:pw@r:7/3"],
    ["all of REDIS_", { REDIS_HOST: "r", REDIS_PORT: "1", REDIS_DB: "2", REDIS_USERNAME: "u", REDIS_PASSWORD: "p" }, "redis://u:p@r:1/2"],
    ["a user without a password", { REDIS_HOST: "r", REDIS_USERNAME: "u" }, "redis://u@r:6379/0"],
    ["an IPv6 address", { REDIS_HOST: "::1" }, "redis://[::1]:6379/0"],
    ["a REDIS_PORT as Kubernetes sets it", { REDIS_HOST: "redis", REDIS_PORT: "tcp://10.0.0.9:6380" }, "redis://redis:6380/0"],
    ["APP_REDIS_HOST before the others", { APP_REDIS_HOST: "a", REDIS_URL: "redis://b", REDIS_HOST: "c" }, "redis://a:6379/0"],
    ["REDIS_URL before REDIS_HOST", { REDIS_URL: "redis://b", REDIS_HOST: "c" }, "redis://b"],
    ["ports without a host", { REDIS_PORT: "1", APP_REDIS_DB: "3" }, null],
  ];
  test.each(addresses)("Redis: %s", (_, environment, url) => {
    expect(configOf(environment).redis).toEqual(url === null ? null : { url, cluster: false, timeoutMs: 1500 });
  });

  test("Redis settings that are passed over, or have no host, are warned of", () => {
    expect(warningsOf({ APP_REDIS_HOST: "a", REDIS_URL: "redis://b" })).toEqual([
      "REDIS_URL is passed over, because APP_REDIS_HOST is set.",
    ]);
    expect(warningsOf({ APP_REDIS_PASSWORD: "x" })).toEqual(["APP_REDIS_PASSWORD has no effect without APP_REDIS_HOST."]);
    expect(warningsOf({ REDIS_PASSWORD: "x" })).toEqual(["REDIS_PASSWORD has no effect without REDIS_HOST."]);
  });

  test("APP_REDIS_REQUIRED without any Redis is a fault", () => {
    expect(faultsOf({ APP_REDIS_REQUIRED: "true" })).toEqual([
      "APP_REDIS_REQUIRED is true, but no Redis is set: set APP_REDIS_HOST, REDIS_URL or REDIS_HOST.",
    ]);
    expect(configOf({ APP_REDIS_REQUIRED: "true", REDIS_HOST: "r" }).redisRequired).toBe(true);
  });

  test("a fault and a log never show a password", () => {
    expect(faultsOf({ REDIS_URL: "http://user:secret@r:6379" }).join()).not.toContain("secret");
    expect(withoutPassword("redis://user:se@cret@r:6379/0")).toBe("redis://***@r:6379/0");
    expect(withoutPassword("redis://r:6379/0")).toBe("redis://r:6379/0");
  });

  test("Kafka's brokers are a list, with the usual port where none is given", () => {
    const usual = { prefix: "troupe", partitions: 16 };
    expect(configOf({ APP_KAFKA_BOOTSTRAP_SERVERS: "a:9092, b" }).kafka).toEqual({ brokers: ["a:9092", "b:9092"], ...usual });
    expect(configOf({ KAFKA_BOOTSTRAP_SERVERS: "k:1" }).kafka).toEqual({ brokers: ["k:1"], ...usual });
    expect(faultsOf({ KAFKA_BOOTSTRAP_SERVERS: "http://k:1" })).toHaveLength(1);
  });

  test("Kafka without Redis is warned of, and a lease must outlive a lost renewal", () => {
    expect(warningsOf({ KAFKA_BOOTSTRAP_SERVERS: "k:1" })).toEqual([
      "Kafka has no effect without Redis: events are published from the outbox that Redis holds.",
    ]);
    expect(faultsOf({ APP_LEASE_TTL: "2s", APP_LEASE_RENEW: "1s" }).join()).toContain("less than three times");
  });

  test("an LLM server has an address, perhaps a key, and a model", () => {
    expect(configOf({ APP_LLM_BASE_URL: "http://h/v1/", APP_LLM_API_KEY: "k", APP_LLM_MODEL: "m" }).handlers.llm).toEqual({
      baseUrl: "http://h/v1",
      apiKey: "k",
      model: "m",
    });
    expect(warningsOf({ APP_LLM_API_KEY: "k" })).toEqual(["APP_LLM_API_KEY has no effect without APP_LLM_BASE_URL: llm nodes are mocks."]);
  });
});
