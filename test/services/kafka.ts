/** A real Kafka broker (KRaft, broker and controller in one) for tests, benchmarks and developers. It starts in about 3 s and takes 240 MB. */
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kafkaProgram, kafkaProperties } from "../../scripts/services-kafka.ts";
import { keptFolder } from "./keeper.ts";
import { freePort } from "./ports.ts";
import { onFreePort, type Service, startService } from "./service.ts";

const HOST = "127.0.0.1";
const PROBE_TIMEOUT_MS = 2_000;
const STOP_GRACE_MS = 15_000;
/** A small heap, a quick start, and one thread for garbage: it shares two cores with what is tested. */
const JVM_FLAGS = ["-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dorg.apache.logging.log4j.level=WARN"];

export type KafkaService = Service & { readonly brokers: readonly string[] };

export type KafkaOptions = {
  readonly port?: number;
  /** Where it keeps its files; stays there after `stop`. Without it a folder of its own that goes with it. */
  readonly dir?: string;
  /** More of the broker's settings, for example `{ "message.max.bytes": "100000" }`. */
  readonly properties?: Readonly<Record<string, string>>;
};

/** Resolves when the broker answers a request for its metadata. */
export function startKafka({ port: given, dir: givenDir, properties = {} }: KafkaOptions = {}): Promise<KafkaService> {
  const { java, classPath, formatted } = kafkaProgram();
  const dir = givenDir ?? keptFolder("kafka");
  const dataDir = join(dir, "data");
  const propertiesFile = join(dir, "server.properties");
  return onFreePort(given, freePort, async (port) => {
    const more = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
    mkdirSync(dir, { recursive: true });
    writeFileSync(propertiesFile, `${kafkaProperties({ port, controllerPort: freePort(), dataDir })}${more.join("")}`);
    const service = await startService({
      name: "Kafka",
      port,
      dir,
      isDirOurs: givenDir === undefined,
      dataDir,
      command: [java, ...JVM_FLAGS, "-cp", classPath, "kafka.Kafka", propertiesFile],
      prepare: () => {
        if (!existsSync(dataDir)) cpSync(formatted, dataDir, { recursive: true });
      },
      isReady: () => answers(port),
      stopGraceMs: STOP_GRACE_MS,
    });
    return Object.defineProperty(service as KafkaService, "brokers", { value: [`${HOST}:${port}`], enumerable: true });
  });
}

let own: Promise<KafkaService> | undefined;

/**
 * The brokers that all tests of a run share: each test has topics (and groups) with names of its own. `npm test` starts it and
 * names it in TROUPE_TEST_KAFKA; a test file that runs alone gets one of its own.
 */
export async function sharedKafka(): Promise<readonly string[]> {
  const named = process.env.TROUPE_TEST_KAFKA;
  if (named) return named.split(",");
  own ??= startKafka();
  return (await own).brokers;
}

/** A request for the metadata of no topic (Metadata, version 1), answered with at least one broker: it is registered, and serves. */
async function answers(port: number): Promise<boolean> {
  const request = Buffer.alloc(18);
  request.writeInt32BE(14, 0); // bytes that follow
  request.writeInt16BE(3, 4); // Metadata
  request.writeInt16BE(1, 6); // version
  request.writeInt32BE(1, 8); // correlation id
  request.writeInt16BE(-1, 12); // client id: none
  request.writeInt32BE(0, 14); // topics: none
  const answer = Promise.withResolvers<boolean>();
  let received = Buffer.alloc(0);
  const socket = await Bun.connect({
    hostname: HOST,
    port,
    socket: {
      data(_, bytes) {
        received = Buffer.concat([received, bytes]);
        // Bytes that follow, correlation id, brokers.
        if (received.length >= 12) answer.resolve(received.readInt32BE(8) > 0);
      },
      close: () => answer.resolve(false),
    },
  });
  const late = setTimeout(() => answer.resolve(false), PROBE_TIMEOUT_MS);
  socket.write(request);
  const isAnswered = await answer.promise;
  clearTimeout(late);
  socket.end();
  return isAnswered;
}
