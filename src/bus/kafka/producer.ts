/**
 * The producer: it sends records with that of kafkajs. It is not idempotent, and takes one send at a time: with several, kafkajs 2.2.4
 * loses what a paused broker had acknowledged. kafkajs retries nothing here: a retry leaves out a partition that has moved to a broker that
 * answered the first try, and reports its records as sent.
 */
import { type ICustomPartitioner, KafkaJSError, KafkaJSProtocolError, type Producer as KafkajsProducer } from "kafkajs";
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import { createKafkaClient, type KafkaAddress, REQUEST_TIMEOUT_MS } from "./client.ts";
import { partitionOf } from "./partition.ts";
import type { Message } from "./records.ts";

export type KafkaProducer = {
  connect(): Promise<void>;
  /**
   * Sends messages. Resolves when all in-sync replicas have every record; those of one key are in the given order. Rejects if any is
   * missing; some may be there then.
   */
  send(topic: string, headers: Headers, messages: readonly Message[]): Promise<void>;
  /** Disconnects after what is in flight. */
  disconnect(): Promise<void>;
};

export type KafkaProducerOptions = KafkaAddress & {
  /** The time that records are stamped with; default: the clock's. */
  readonly stampMs?: () => number;
  readonly clock: Clock;
  readonly log: Log;
};

type Headers = Readonly<Record<string, string>>;

const ACKS_ALL = -1;
/** The mark for no time: Kafka accepts such a record, whatever its clock says. */
const TIMELESS = -1;
/** The time for which Kafka is not asked again whether it accepts the time of records. */
const TIMELESS_MS = 60_000;

/** A producer. Connect it before it sends. */
export function createKafkaProducer(options: KafkaProducerOptions): KafkaProducer {
  return new Producer(options);
}

class Producer implements KafkaProducer {
  readonly #options: KafkaProducerOptions;
  readonly #producer: KafkajsProducer;
  /** The time until which records have no time, because Kafka has refused theirs. Null if it accepts it, as far as is known. */
  #timelessUntilMs: number | null = null;
  /** Resolves when no send is under way. */
  #quiet: Promise<unknown> = Promise.resolve();

  constructor(options: KafkaProducerOptions) {
    this.#options = options;
    this.#producer = createKafkaClient(options, options.log).producer({
      allowAutoTopicCreation: false,
      createPartitioner: byKey,
      retry: { retries: 0 },
    });
  }

  connect(): Promise<void> {
    return this.#producer.connect();
  }

  send(topic: string, headers: Headers, messages: readonly Message[]): Promise<void> {
    const sent = this.#sendStamped(topic, headers, messages);
    this.#quiet = sent.catch(() => undefined);
    return sent;
  }

  async disconnect(): Promise<void> {
    await this.#producer.disconnect();
    // kafkajs connects again when a send fails that was in flight.
    await this.#quiet;
    await this.#producer.disconnect();
  }

  async #sendStamped(topic: string, headers: Headers, messages: readonly Message[]): Promise<void> {
    const stampMs = this.#stampMs();
    try {
      await this.#send(topic, headers, stampMs, messages);
      if (stampMs !== TIMELESS) this.#timeTaken();
    } catch (error) {
      const refusal = refusalIn(error);
      if (refusal === null) throw error;
      if (refusal.type === "INVALID_TIMESTAMP" && stampMs !== TIMELESS) this.#timeRefused(stampMs, refusal);
      // Once more at once, for a partition whose leader has changed: kafkajs has looked up the new leader.
      else if (!refusal.retriable) throw refusal;
      await this.#send(topic, headers, this.#stampMs(), messages);
    }
  }

  #stampMs(): number {
    const { clock, stampMs = () => clock.nowMs() } = this.#options;
    return this.#timelessUntilMs !== null && clock.monotonicMs() < this.#timelessUntilMs ? TIMELESS : Math.floor(stampMs());
  }

  /** Logs once that a time was refused, until that is over. The two clocks differ, but Kafka is there, so nothing waits for it. */
  #timeRefused(stampMs: number, refusal: KafkaJSProtocolError): void {
    const { clock, log } = this.#options;
    if (this.#timelessUntilMs === null) {
      log.warn(
        "Kafka refuses the time of events: its clock and that of Redis are too far apart (message.timestamp.after.max.ms). They are sent without a time until Kafka accepts it again.",
        { stamp: new Date(stampMs).toISOString(), reason: refusal.message },
      );
    }
    this.#timelessUntilMs = clock.monotonicMs() + TIMELESS_MS;
  }

  #timeTaken(): void {
    if (this.#timelessUntilMs !== null) this.#options.log.info("Kafka takes the time of events again.");
    this.#timelessUntilMs = null;
  }

  async #send(topic: string, headers: Headers, stampMs: number, messages: readonly Message[]): Promise<void> {
    const { requestTimeoutMs = REQUEST_TIMEOUT_MS } = this.#options;
    const timestamp = String(stampMs);
    const stamped = messages.map(({ key, value }) => ({ key, value, headers, timestamp }));
    await this.#producer.sendBatch({ topicMessages: [{ topic, messages: stamped }], acks: ACKS_ALL, timeout: requestTimeoutMs });
  }
}

/** Our own partitioner. That of kafkajs gives the same answer, by 64-bit objects: 8 µs a record. */
const byKey: ICustomPartitioner =
  () =>
  ({ partitionMetadata, message: { key } }) =>
    partitionOf(String(key), partitionMetadata.length);

/** The broker's refusal: kafkajs wraps errors that it would have tried again. Null if no answer came. */
function refusalIn(error: unknown): KafkaJSProtocolError | null {
  const cause = error instanceof KafkaJSError ? (error.cause ?? error) : error;
  return cause instanceof KafkaJSProtocolError ? cause : null;
}
