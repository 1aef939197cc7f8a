/** `npm run services`: a Redis and a Kafka for a developer, on their usual ports, until Ctrl-C. What they hold stays in ./data/services. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startKafka } from "../test/services/kafka.ts";
import { isFree } from "../test/services/ports.ts";
import { startRedis } from "../test/services/redis.ts";
import { endWith } from "./ending.ts";

const root = join(import.meta.dir, "..");
const DATA = "data/services";
const REDIS_PORT = 6379;
const KAFKA_PORT = 9092;

export type Services = {
  /** What an instance is started with to use them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Those that ran already are left running. */
  stop(): Promise<void>;
};

export type Ports = { readonly redisPort?: number; readonly kafkaPort?: number; readonly dir?: string };

/** Starts what does not run yet: what listens on the usual port is taken for it. Rejects with a sentence. */
export async function openServices({
  redisPort = REDIS_PORT,
  kafkaPort = KAFKA_PORT,
  dir = join(root, DATA),
}: Ports = {}): Promise<Services> {
  const folder = (name: string): string => {
    const path = join(dir, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const starts = [
    isFree(redisPort) ? startRedis({ appendOnly: "everysec", port: redisPort, dir: folder("redis") }) : running("Redis", redisPort),
    isFree(kafkaPort) ? startKafka({ port: kafkaPort, dir: folder("kafka") }) : running("Kafka", kafkaPort),
  ];
  const started = await Promise.allSettled(starts);
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((each) => (each.status === "fulfilled" ? each.value?.stop() : undefined)));
  };
  const failed = started.find((each) => each.status === "rejected");
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return {
    environment: { REDIS_URL: `redis://127.0.0.1:${redisPort}`, KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${kafkaPort}` },
    stop,
  };
}

function running(name: string, port: number): null {
  console.error(`Port ${port} is taken: what listens there is used as ${name}, and left running.`);
  return null;
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
  const { environment, stop } = await openServices();
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  console.log(`
Redis and Kafka are ready; what they hold stays in ./${DATA}. Ctrl-C ends both.

  ${lines.join("\n  ")}

One instance   ${lines.join(" ")} npm run dev
Three          npm run dev:cluster
`);
  endWith(stop);
  // Until then there is something to wait for.
  setInterval(() => undefined, 2 ** 30);
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  });
}
