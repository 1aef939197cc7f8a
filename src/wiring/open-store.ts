/**
 * The store that this process works on: Redis with the other instances, or the embedded store alone. Clients of services are
 * imported only if the settings name the service: together they take a quarter of a start.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../env/clock.ts";
import type { Config } from "../env/config/config.ts";
import { withoutPassword } from "../env/config/redis-url.ts";
import { systemIds } from "../env/ids.ts";
import type { Log } from "../env/log/log.ts";
import { systemTurns } from "../env/turns.ts";
import { emptyMemory, openMemoryStore } from "../store/memory/memory-store.ts";
import { type LeavableStore, moveExecutions } from "../store/move.ts";
import type { RedisAddress } from "../store/redis/calls/connection.ts";
import { BelowLevel, type SharedStore } from "../store/shared-store.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { DataFolderFault } from "../store/sqlite/lock.ts";
import { type Store, StoreFull, StoreUnavailable } from "../store/store.ts";
import type { ClusterOptions } from "../cluster/cluster.ts";

export type OpenedStore = {
  readonly store: Store;
  /** The kind of the store, for health and people. */
  readonly kind: "sqlite" | "memory" | "redis";
  readonly cluster: ClusterOptions | null;
  /** A service that the settings name and that this instance runs without, until it is started again. */
  readonly without: "Redis" | "Kafka" | null;
};

type RedisConfig = NonNullable<Config["redis"]>;

/** Opens the store. Rejects with an error whose message is for the user: a folder in use, or a required Redis that is away. */
export async function openStore(config: Config, log: Log): Promise<OpenedStore> {
  // Troupe publishes to Kafka from Redis, so Kafka alone is of no use.
  if (config.redis === null) return { ...(await openEmbedded(config)), cluster: null, without: config.kafka && "Kafka" };
  const redis = await openRedis(config, config.redis, log);
  if (redis === null) return { ...(await openEmbedded(config)), cluster: null, without: "Redis" };
  for (const warning of await redis.warnings()) log.warn(warning);
  await bringLocal(config, redis, log);
  return { store: redis, kind: "redis", cluster: await clusterOf(config, config.redis, redis, log), without: null };
}

function addressOf({ url, cluster }: RedisConfig): RedisAddress {
  return cluster ? { nodes: [url] } : { url };
}

/** The store in Redis; null if Redis does not answer and is not required. */
async function openRedis(config: Config, redis: RedisConfig, log: Log): Promise<SharedStore | null> {
  const where = withoutPassword(redis.url);
  const { openRedisStore } = await import("../store/redis/redis-store.ts");
  try {
    return await openRedisStore({
      address: addressOf(redis),
      lanes: config.lanes,
      commandTimeoutMs: redis.timeoutMs,
      reconnectDelayMs: config.reconnectDelayMs,
      outbox: config.kafka !== null,
      clock: systemClock,
      ids: systemIds,
      log,
    });
  } catch (error) {
    // Alone it would take up work that the others do not know of, while Redis is there.
    if (!(error instanceof StoreUnavailable) || error instanceof BelowLevel) throw error;
    if (config.redisRequired)
      throw new Error(`Redis at ${where} is required (APP_REDIS_REQUIRED) and cannot be used: ${error.message}`, {
        cause: error,
      });
    log.warn(
      `THIS INSTANCE RUNS ALONE, on its embedded store, until it is started again: Redis at ${where} cannot be used. ${error.message}`,
    );
    return null;
  }
}

/** Moves what this machine ran alone to Redis, where it goes on among the others. */
async function bringLocal(config: Config, redis: SharedStore, log: Log): Promise<void> {
  if (config.store !== "sqlite" || !existsSync(join(config.dataDir, "troupe.db"))) return;
  const file = await openUnlessInUse(config.dataDir);
  if (file === null) {
    log.warn("Another Troupe uses the data folder: this instance does not move the executions of its file to Redis.", {
      dataDir: config.dataDir,
    });
    return;
  }
  try {
    await moveExecutions({ from: file, to: redis, bootId: systemIds.next(), nowMs: systemClock.nowMs(), log });
  } catch (error) {
    if (!(error instanceof StoreFull)) throw error;
    log.error("Redis has no room for the executions of the local file: the rest of them stays there until the next start.", { error });
  } finally {
    await file.close();
  }
}

/**
 * The local store; null if another process has it: an instance with the same folder, which moves its executions, or one that
 * runs on it.
 */
async function openUnlessInUse(dataDir: string): Promise<LeavableStore | null> {
  try {
    return await openSqliteStore({ dataDir });
  } catch (error) {
    if (error instanceof DataFolderFault && error.isInUse) return null;
    throw error;
  }
}

async function openEmbedded(config: Config): Promise<Pick<OpenedStore, "store" | "kind">> {
  if (config.store === "memory") return { store: openMemoryStore(emptyMemory()), kind: "memory" };
  return { store: await openSqliteStore({ dataDir: config.dataDir }), kind: "sqlite" };
}

async function clusterOf(config: Config, redis: RedisConfig, store: SharedStore, log: Log): Promise<ClusterOptions> {
  const { kafka, reconnectDelayMs } = config;
  const { connectRedisDoorbell } = await import("../bus/redis/doorbell.ts");
  return {
    store,
    doorbell: connectRedisDoorbell({
      address: addressOf(redis),
      commandTimeoutMs: redis.timeoutMs,
      channel: "troupe:doorbell",
      bootId: systemIds.next(),
      reconnectDelayMs,
      clock: systemClock,
      turns: systemTurns,
      log,
    }),
    events:
      kafka &&
      (await import("../bus/kafka/event-stream.ts")).connectKafkaStream({
        brokers: kafka.brokers,
        clientId: config.instanceName,
        topicPrefix: kafka.prefix,
        partitions: kafka.partitions,
        // Kafka refuses a timestamp far ahead of its clock, and an instance's own clock may be wrong.
        stampMs: () => store.nowMs() ?? systemClock.nowMs(),
        reconnectDelayMs,
        clock: systemClock,
        log,
      }),
    name: config.instanceName,
    threads: config.threads,
    limits: {
      nodes: config.limits.nodes,
      edges: config.limits.edges,
      nesting: config.limits.nesting,
      bodyBytes: config.limits.bodyBytes,
      outputBytes: config.limits.outputBytes,
    },
    leaseTtlMs: config.lease.ttlMs,
    leaseRenewMs: config.lease.renewMs,
    overflowAfterMs: config.overflowAfterMs,
    outboxBytes: config.outboxBytes,
  };
}
