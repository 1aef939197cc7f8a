/** The services of a run: one broker for all, and a redis-server for each subject that needs one, so that none meets what another left. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { KAFKA_VERSION } from "../scripts/services-kafka.ts";
import { type KafkaService, startKafka } from "../test/services/kafka.ts";
import { askRedis, type RedisService, startRedis } from "../test/services/redis.ts";
import type { KafkaOfRun, RedisOfRun, ServicesOfRun, StoreKind } from "./case.ts";
import { benchFolder } from "./bench-engine.ts";

export type SuiteServices = {
  /** What a subject on this store needs, started where it is not there yet. */
  forStore(store: StoreKind): Promise<ServicesOfRun>;
  /** Of what was started. */
  versions(): { readonly redis: string | null; readonly kafka: string | null };
  /** Ends the redis-servers that were given out; the broker stays. */
  release(): Promise<void>;
  stop(): Promise<void>;
};

/** Nothing starts before it is asked for. */
export function suiteServices(): SuiteServices {
  let broker: Promise<KafkaService> | null = null;
  let given: { readonly server: RedisService; readonly dir: string }[] = [];
  let prefixes = 0;
  let redisVersion: string | null = null;

  async function redis(): Promise<RedisOfRun> {
    const dir = benchFolder();
    const server = await startRedis({ appendOnly: "everysec", dir });
    given.push({ server, dir });
    redisVersion ??= /^redis_version:(\S+)/m.exec(String(await askRedis(server.port, "INFO", "server")))?.[1] ?? null;
    return { url: server.url, pid: server.pid };
  }

  async function kafka(): Promise<KafkaOfRun> {
    broker ??= startKafka();
    const { brokers, pid, dir } = await broker;
    prefixes += 1;
    return { brokers: brokers.join(), pid, dataDir: join(dir, "data"), prefix: `bench-${process.pid}-${prefixes}` };
  }

  async function release(): Promise<void> {
    for (const { server, dir } of given) {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    }
    given = [];
  }

  return {
    async forStore(store) {
      return {
        redis: store === "redis" || store === "redis+kafka" ? await redis() : null,
        kafka: store === "redis+kafka" ? await kafka() : null,
      };
    },
    versions: () => ({ redis: redisVersion, kafka: broker === null ? null : KAFKA_VERSION }),
    release,
    async stop() {
      await release();
      await (await broker)?.stop();
    },
  };
}
