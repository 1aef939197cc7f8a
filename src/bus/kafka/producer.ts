/**
 * Sends records to the leaders of their partitions: one request a broker, made by ourselves and sent by a connection of kafkajs.
 * Not idempotent, and to be called with one send at a time: with several, kafkajs 2.2.4 loses what a paused broker had acknowledged.
 */
import { type Admin, KafkaJSProtocolError } from "kafkajs";
import Connection from "kafkajs/src/network/connection.js";
import defaultSocketFactory from "kafkajs/src/network/socketFactory.js";
import produceResponse from "kafkajs/src/protocol/requests/produce/v3/response.js";
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import { type BatchRecord, type PartitionRecords, type Produced, produceBody, TIMELESS } from "./batch.ts";
import { CONNECTION_TIMEOUT_MS, type KafkaAddress, REQUEST_TIMEOUT_MS } from "./client.ts";
import { partitionOf } from "./partition.ts";

export type KafkaProducer = {
  /** Reads anew who leads each partition. */
  refresh(): Promise<void>;
  /**
   * Resolves when every record is at all replicas that are in sync; those of one key are in the order given. Rejects where any
   * is not; some may be there then.
   */
  send(topic: string, headers: Produced["headers"], records: readonly BatchRecord[]): Promise<void>;
  /** After what is in flight. */
  disconnect(): Promise<void>;
};

export type KafkaProducerOptions = KafkaAddress & {
  /** Connected. */
  readonly admin: Admin;
  readonly topics: readonly string[];
  /** The time that records are stamped with; default: the clock's. */
  readonly stampMs?: () => number;
  readonly clock: Clock;
  readonly log: Log;
};

/** How long Kafka is not asked again whether it takes the time of records. */
const TIMELESS_MS = 60_000;
const PRODUCE = { apiKey: 0, apiVersion: 3, apiName: "Produce" };

/** To be refreshed before it sends. */
export function createKafkaProducer(options: KafkaProducerOptions): KafkaProducer {
  return new Producer(options);
}

type Broker = { readonly nodeId: number; readonly host: string; readonly port: number };

class Producer implements KafkaProducer {
  readonly #options: KafkaProducerOptions;
  /** By topic, for each partition the node that leads it. */
  #leaders = new Map<string, readonly number[]>();
  #brokers = new Map<number, Broker>();
  readonly #connections = new Map<string, Connection>();
  /** Kafka has refused the time of records: until then they have none. Null where it takes it, as far as is known. */
  #timelessUntilMs: number | null = null;

  constructor(options: KafkaProducerOptions) {
    this.#options = options;
  }

  async refresh(): Promise<void> {
    const { admin, topics } = this.#options;
    const [metadata, cluster] = await Promise.all([admin.fetchTopicMetadata({ topics: [...topics] }), admin.describeCluster()]);
    this.#brokers = new Map(cluster.brokers.map((broker) => [broker.nodeId, broker]));
    this.#leaders = new Map(
      metadata.topics.map(({ name, partitions }) => {
        const leaders: number[] = [];
        for (const { partitionId, leader } of partitions) leaders[partitionId] = leader;
        return [name, leaders];
      }),
    );
  }

  async send(topic: string, headers: Produced["headers"], records: readonly BatchRecord[]): Promise<void> {
    const stampMs = this.#stampMs();
    try {
      await this.#send({ topic, headers, nowMs: stampMs }, records);
      if (stampMs !== TIMELESS) this.#timeTaken();
    } catch (error) {
      if (!(error instanceof KafkaJSProtocolError)) throw error;
      if (error.type === "INVALID_TIMESTAMP" && stampMs !== TIMELESS) this.#timeRefused(stampMs, error);
      // Once more at once, for a partition whose leader has changed.
      else if (error.retriable) await this.refresh();
      else throw error;
      await this.#send({ topic, headers, nowMs: this.#stampMs() }, records);
    }
  }

  async disconnect(): Promise<void> {
    await Promise.all(Array.from(this.#connections.values(), (connection) => connection.disconnect()));
  }

  #stampMs(): number {
    const { clock, stampMs = () => clock.nowMs() } = this.#options;
    return this.#timelessUntilMs !== null && clock.monotonicMs() < this.#timelessUntilMs ? TIMELESS : Math.floor(stampMs());
  }

  /** Told once, until it is over. Who stamps and who refuses is a matter of clocks: Kafka is there, and nothing waits for it. */
  #timeRefused(stampMs: number, error: KafkaJSProtocolError): void {
    const { clock, log } = this.#options;
    if (this.#timelessUntilMs === null) {
      log.warn(
        "Kafka refuses the time of events: its clock and that of Redis are too far apart (message.timestamp.after.max.ms). They go without a time until it takes it again.",
        { stamp: new Date(stampMs).toISOString(), reason: error.message },
      );
    }
    this.#timelessUntilMs = clock.monotonicMs() + TIMELESS_MS;
  }

  #timeTaken(): void {
    if (this.#timelessUntilMs !== null) this.#options.log.info("Kafka takes the time of events again.");
    this.#timelessUntilMs = null;
  }

  async #send(produced: Produced, records: readonly BatchRecord[]): Promise<void> {
    const { requestTimeoutMs = REQUEST_TIMEOUT_MS } = this.#options;
    const { topic } = produced;
    const leaders = this.#leaders.get(topic) ?? [];
    if (leaders.length === 0) throw new Error(`Kafka does not know the topic ${topic}.`);
    await Promise.all(
      Array.from(ofLeaders(records, leaders), async ([leader, partitions]) => {
        const connection = await this.#connectionTo(leader);
        const body = produceBody(produced, partitions, requestTimeoutMs);
        const encoded = { buf: body, buffer: body };
        await connection.send({ request: { ...PRODUCE, encode: () => Promise.resolve(encoded) }, response: produceResponse });
      }),
    );
  }

  async #connectionTo(leader: number): Promise<Connection> {
    const broker = this.#brokers.get(leader);
    if (broker === undefined) throw new Error(`Kafka has no leader for a partition now (node ${leader}).`);
    const { host, port } = broker;
    const address = `${host}:${port}`;
    const connection = this.#connections.get(address) ?? this.#newConnection(host, port);
    this.#connections.set(address, connection);
    // A broker ends what has been quiet for some minutes.
    if (!connection.isConnected()) await connection.connect();
    return connection;
  }

  #newConnection(host: string, port: number): Connection {
    const { clientId, requestTimeoutMs = REQUEST_TIMEOUT_MS, log } = this.#options;
    const say = (message: string, fields?: Record<string, unknown>): void => log.debug(`kafkajs: ${message}`, fields);
    const silent = (): void => undefined;
    // What fails is thrown as well, and told once where it is caught.
    const logger = { namespace: () => logger, debug: silent, info: silent, warn: say, error: say };
    return new Connection({
      host,
      port,
      clientId,
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: requestTimeoutMs,
      enforceRequestTimeout: true,
      socketFactory: defaultSocketFactory(),
      logger,
    });
  }
}

/** The records by partition, and those by the node that leads it. */
function ofLeaders(records: readonly BatchRecord[], leaders: readonly number[]): ReadonlyMap<number, readonly PartitionRecords[]> {
  const byPartition: (BatchRecord[] | undefined)[] = leaders.map(() => undefined);
  for (const record of records) {
    const partition = partitionOf(record.key, leaders.length);
    const there = byPartition[partition];
    if (there === undefined) byPartition[partition] = [record];
    else there.push(record);
  }
  const byLeader = new Map<number, PartitionRecords[]>();
  byPartition.forEach((ofPartition, partition) => {
    if (ofPartition === undefined) return;
    const leader = leaders[partition] as number;
    const there = byLeader.get(leader);
    if (there === undefined) byLeader.set(leader, [{ partition, records: ofPartition }]);
    else there.push({ partition, records: ofPartition });
  });
  return byLeader;
}
