/** The whole of it: Redis, Kafka and instances as real processes, with a proxy before Redis for each instance where asked for. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Environment, type Home, newHome } from "../process/server.ts";
import { type KafkaService, startKafka } from "../services/kafka.ts";
import { freePort } from "../services/ports.ts";
import { startProxy, type WireProxy } from "../services/proxy.ts";
import { type RedisService, startRedis } from "../services/redis.ts";
import { type Instance, keepLogs, newInstance } from "./instances.ts";
import { proxyRedis, type RedisProxy } from "./redis-proxy.ts";
import { type Replication, startReplication } from "./replication.ts";

export type System = {
  readonly home: Home;
  /** Where it has a replica: who is the master now. */
  readonly redis: RedisService;
  /** Null where Redis has no replica. */
  readonly replication: Replication | null;
  readonly stream: Stream;
  readonly instances: readonly Instance[];
  /** One for each instance, where the system is proxied. */
  readonly proxies: readonly RedisProxy[];
  readonly urls: readonly string[];
  /** Everything runs again, whatever was done to it. */
  heal(): Promise<void>;
  /** Keeps the logs of the instances and what the handlers wrote; answers where. */
  keep(): string;
  stop(): Promise<void>;
};

/** Where the events go. `broker` and `proxy`: null where the broker is also others'. */
export type Stream = {
  readonly brokers: readonly string[];
  readonly prefix: string;
  readonly broker: KafkaService | null;
  /** Before the broker, for everybody who asks it. */
  readonly proxy: WireProxy | null;
};

export type SystemOptions = {
  readonly instances?: number;
  readonly appendOnly?: "always" | "everysec";
  readonly proxied?: boolean;
  /** Redis has a replica, which may be promoted; then the system is proxied, too. */
  readonly replicated?: boolean;
  /** The entry of a changed copy of the sources, and the handlers that import it. */
  readonly copy?: { readonly main: string; readonly handlersDir: string } | undefined;
  readonly environment?: Environment;
  /** A broker that is shared with others; without it the system has one of its own, which may be harmed. */
  readonly brokers?: readonly string[];
};

const HANDLERS_DIR = join(import.meta.dir, "fixtures/handlers");

export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const { instances: count = 3, appendOnly = "everysec", replicated = false, proxied = replicated, copy, environment = {} } = options;
  const home = newHome();
  const [redis, stream] = await Promise.all([startRedis({ appendOnly }), streamOf(options.brokers)]);
  const replication = replicated ? await startReplication(redis, appendOnly) : null;
  const proxies = proxied ? await Promise.all(Array.from({ length: count }, () => proxyRedis(redis.port))) : [];
  const instances = Array.from({ length: count }, (_, number) =>
    newInstance({
      home,
      name: `instance-${number + 1}`,
      main: copy?.main,
      environment: {
        APP_HANDLERS_DIR: copy?.handlersDir ?? HANDLERS_DIR,
        REDIS_URL: `redis://127.0.0.1:${proxies[number]?.port ?? redis.port}`,
        KAFKA_BOOTSTRAP_SERVERS: stream.brokers.join(","),
        APP_KAFKA_PREFIX: stream.prefix,
        APP_REDIS_REQUIRED: "true",
        ...environment,
      },
    }),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(instances.map((instance) => instance.stop("SIGKILL")));
    for (const proxy of proxies) proxy.close();
    stream.proxy?.close();
    await Promise.all([redis.stop(), replication?.stop(), stream.broker?.stop()]);
  };
  try {
    await Promise.all(instances.map((instance) => instance.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    home,
    get redis() {
      return replication?.master ?? redis;
    },
    replication,
    stream,
    instances,
    proxies,
    urls: instances.map(({ url }) => url),
    async heal() {
      for (const instance of instances) instance.signal("SIGCONT");
      await Promise.all(instances.map((instance) => instance.start()));
    },
    keep() {
      const dir = mkdtempSync(join(tmpdir(), "troupe-faults-"));
      keepLogs(dir, instances, join(home.dir, "told.jsonl"));
      return dir;
    },
    stop,
  };
}

async function streamOf(brokers: readonly string[] | undefined): Promise<Stream> {
  const prefix = `faults-${crypto.randomUUID()}`;
  if (brokers !== undefined) return { brokers, prefix, broker: null, proxy: null };
  const port = freePort();
  const proxy = startProxy(port);
  // What the broker says of its own address leads everybody through the proxy.
  const broker = await startKafka({ port, properties: { "advertised.listeners": `PLAINTEXT://127.0.0.1:${proxy.port}` } });
  return { brokers: [`127.0.0.1:${proxy.port}`], prefix, broker, proxy };
}
