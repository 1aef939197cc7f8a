/** The needs of a Kafka broker: Java, the jars from Maven, and a formatted log folder to copy. They are fetched once, then kept. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, isRoot, moveIntoPlace, type Outcome, runAll } from "./services-install.ts";

/** The version of Kafka, which is also that of the image in docker-compose.yml. */
export const KAFKA_VERSION = "4.1.0";
const JAVA_MIN = 17;
/** The version of log4j that Kafka brings. Without this binding, Kafka logs nothing. */
const LOG_BINDING_VERSION = "2.24.3";
const SAID_SHOWN = 3_000;
const ADVICE =
  `Needed are Java ${JAVA_MIN} or newer and Maven (on Debian \`apt-get install default-jre-headless maven\`, on macOS \`brew install openjdk maven\`), ` +
  "and a Maven repository that they reach; or set TROUPE_TEST_KAFKA to the brokers of a Kafka that tests may use.";

/** The files that a broker is started from. */
export type KafkaProgram = {
  readonly java: string;
  /** All jars, as Java wants them. */
  readonly classPath: string;
  /** A formatted log folder for a broker and controller with node id 1. Each broker starts from a copy. */
  readonly formatted: string;
};

/** The machine as this script sees it, so that a test can be another machine. */
export type KafkaMachine = {
  /** The path of a Java that is new enough, or null. */
  java(): string | null;
  hasMaven(): boolean;
  /** Installs Java and Maven; null if this user may not. */
  readonly installTools: (() => Outcome) | null;
  /** The folder of the jars and of the formatted folder. */
  readonly folder: string;
  /** Fetches the jars and formats a folder, whole or not at all. */
  fetch(java: string, folder: string): Outcome;
};

/** The files of a broker. Throws with a sentence that says what to install if they cannot be had. */
export function kafkaProgram(machine: KafkaMachine = thisMachine()): KafkaProgram {
  const { folder, installTools } = machine;
  let said = "";
  const isFetched = (): boolean => existsSync(folder);
  const lacks = (): boolean => machine.java() === null || (!isFetched() && !machine.hasMaven());
  if (lacks() && installTools !== null) said = installTools().said;
  const java = machine.java();
  if (java === null || lacks()) {
    const missing = [java === null ? `Java ${JAVA_MIN}` : "", isFetched() || machine.hasMaven() ? "" : "Maven"].filter(
      (each) => each !== "",
    );
    throw new Error(`Kafka cannot be started: there is no ${missing.join(" and no ")}. ${said.slice(-SAID_SHOWN)}\n${ADVICE}`);
  }
  if (!isFetched()) {
    const outcome = machine.fetch(java, folder);
    if (!outcome.ok) throw new Error(`Kafka's jars could not be fetched: ${outcome.said.slice(-SAID_SHOWN)}\n${ADVICE}`);
  }
  return { java, classPath: join(folder, "jars/*"), formatted: join(folder, "formatted") };
}

/**
 * A broker's configuration, broker and controller in one, for one machine. After a `kill -9` a controller lets the same broker in
 * again only when its session has ended: 9 s by default.
 */
export function kafkaProperties({ port, controllerPort, dataDir }: { port: number; controllerPort: number; dataDir: string }): string {
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${dataDir}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
`;
}

function thisMachine(): KafkaMachine {
  return {
    java: newEnoughJava,
    hasMaven: () => Bun.which("mvn") !== null,
    installTools: isRoot() && Bun.which("apt-get") !== null ? installToolsByApt : null,
    folder: join(cacheFolder(), `kafka-${KAFKA_VERSION}`),
    fetch: fetchByMaven,
  };
}

function newEnoughJava(): string | null {
  const home = process.env.JAVA_HOME;
  const candidates = [...(home ? [join(home, "bin/java")] : []), Bun.which("java")];
  return candidates.find((path): path is string => path !== null && existsSync(path) && majorOf(path) >= JAVA_MIN) ?? null;
}

function majorOf(java: string): number {
  const run = Bun.spawnSync([java, "-version"]);
  const [, major] = /version "(\d+)/.exec(`${run.stderr.toString()}${run.stdout.toString()}`) ?? [];
  return Number(major ?? 0);
}

function installToolsByApt(): Outcome {
  console.error("Installing Java and Maven for Kafka (apt-get), once ...");
  return runAll([
    ["apt-get", "update"],
    ["apt-get", "install", "-y", "--no-install-recommends", "default-jre-headless", "maven"],
  ]);
}

/**
 * Fetches jars into a repository of its own, not the user's: two Mavens that fill the same one at once may break it. Settings (mirrors,
 * proxies) are the user's.
 */
function fetchByMaven(java: string, folder: string): Outcome {
  console.error(`Fetching Kafka ${KAFKA_VERSION} (Maven, into ${folder}), once ...`);
  mkdirSync(cacheFolder(), { recursive: true });
  const temporary = mkdtempSync(`${folder}.`);
  const complete = join(temporary, "complete");
  const formatted = join(complete, "formatted");
  mkdirSync(formatted, { recursive: true });
  writeFileSync(join(temporary, "pom.xml"), pom());
  const properties = join(temporary, "server.properties");
  writeFileSync(properties, kafkaProperties({ port: 9092, controllerPort: 9093, dataDir: formatted }));
  const clusterId = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64url");
  const mvn = ["mvn", "--batch-mode", "--quiet", "-f", join(temporary, "pom.xml"), `-Dmaven.repo.local=${join(temporary, "repository")}`];
  try {
    const outcome = runAll([
      [...mvn, "dependency:copy-dependencies", `-DoutputDirectory=${join(complete, "jars")}`],
      [java, "-cp", join(complete, "jars/*"), "kafka.tools.StorageTool", "format", "-t", clusterId, "-c", properties],
    ]);
    if (outcome.ok) moveIntoPlace(complete, folder);
    return outcome;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function pom(): string {
  const dependency = (group: string, artifact: string, version: string) =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>troupe</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${dependency("org.apache.kafka", "kafka_2.13", KAFKA_VERSION)}
    ${dependency("org.apache.kafka", "kafka-tools", KAFKA_VERSION)}
    ${dependency("org.apache.logging.log4j", "log4j-slf4j-impl", LOG_BINDING_VERSION)}
  </dependencies>
</project>
`;
}

if (import.meta.main) console.log(kafkaProgram());
