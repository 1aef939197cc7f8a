/** `npm run services`: a Redis and a Kafka for a developer, on their usual ports, until Ctrl-C. What they hold stays in ./data/services. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DataFolderFault, lockDataFolder } from "../src/store/sqlite/lock.ts";
import { startKafka } from "../test/services/kafka.ts";
import { isFree } from "../test/services/ports.ts";
import { startRedis } from "../test/services/redis.ts";
import { endWith } from "./ending.ts";

const root = join(import.meta.dir, "..");
const DATA = "data/services";
const REDIS_PORT = 6379;
const KAFKA_PORT = 9092;

export type Services = {
  /** The environment with which an instance uses them. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
};

export type ServicesOptions = {
  /** The ports: this one, or a free one; null if the service is not wanted. */
  readonly redis: number | "free" | null;
  readonly kafka: number | "free" | null;
  /** The folder of their data, for the next time. */
  readonly dir: string;
};

/** Starts services of one's own. Services that run elsewhere are left alone. Rejects with a sentence. */
export async function openServices({ redis, kafka, dir }: ServicesOptions): Promise<Services> {
  const release = lockFolder(dir);
  const started = await Promise.allSettled([
    redis === null ? null : startRedis({ appendOnly: "everysec", dir: folderIn(dir, "redis"), ...portOf(redis) }),
    kafka === null ? null : startKafka({ dir: folderIn(dir, "kafka"), ...portOf(kafka) }),
  ] as const);
  const [ofRedis, ofKafka] = started;
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((each) => (each.status === "fulfilled" ? each.value?.stop() : undefined)));
    release();
  };
  if (ofRedis.status === "rejected" || ofKafka.status === "rejected") {
    await stop();
    throw ofRedis.status === "rejected" ? ofRedis.reason : (ofKafka as PromiseRejectedResult).reason;
  }
  return {
    environment: {
      ...(ofRedis.value && { REDIS_URL: ofRedis.value.url }),
      ...(ofKafka.value && { KAFKA_BOOTSTRAP_SERVERS: ofKafka.value.brokers.join(",") }),
    },
    stop,
  };
}

function portOf(port: number | "free"): { readonly port?: number } {
  return port === "free" ? {} : { port };
}

function folderIn(dir: string, name: string): string {
  const path = join(dir, name);
  mkdirSync(path, { recursive: true });
  return path;
}

/** Locks the folder: two servers that write to the same files would spoil them. */
function lockFolder(dir: string): () => void {
  try {
    return lockDataFolder(dir).release;
  } catch (error) {
    if (!(error instanceof DataFolderFault && error.isInUse)) throw error;
    throw new Error(`Services run in ${dir} already: end those first.`, { cause: error });
  }
}

async function main(): Promise<void> {
  const taken = [
    ["Redis", REDIS_PORT],
    ["Kafka", KAFKA_PORT],
  ].filter(([, port]) => !isFree(Number(port)));
  if (taken.length > 0) {
    console.error(taken.map(([name, port]) => `${name} cannot be started: its port ${port} is taken. Is one running already?`).join("\n"));
    process.exit(1);
  }
  const { environment, stop } = await openServices({ redis: REDIS_PORT, kafka: KAFKA_PORT, dir: join(root, DATA) });
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  console.log(`
Redis and Kafka are ready; what they hold stays in ./${DATA}. Ctrl-C ends both.

  ${lines.join("\n  ")}

One instance   ${lines.join(" ")} npm run dev
Three          ${lines.join(" ")} npm run dev:cluster
`);
  endWith(stop);
  // Keeps this script alive.
  setInterval(() => undefined, 2 ** 30);
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  });
}
