/**
 * The connection to Kafka, for as long as the process runs. When something goes wrong with it, it is thrown away and made anew after a
 * while, again and again: a fresh client knows nothing of earlier brokers.
 */
import type { Admin } from "kafkajs";
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { StreamHealth } from "../event-stream.ts";
import { changedInside, createKafkaClient, type KafkaAddress } from "./client.ts";
import { createKafkaProducer, type KafkaProducer } from "./producer.ts";
import { ensureTopics, type Topics } from "./topics.ts";

export type KafkaConnection = {
  /** The producer; null while there is no connection. */
  readonly producer: KafkaProducer | null;
  health(): StreamHealth;
  /** Says that this producer has failed: the connection is made anew. */
  lost(producer: KafkaProducer, error: unknown): void;
  /** Says that Kafka has accepted something. */
  worked(): void;
  close(): Promise<void>;
};

export type KafkaConnectionOptions = KafkaAddress & {
  readonly topics: Topics;
  /** The partitions of missing topics. */
  readonly partitions: number;
  readonly reconnectDelayMs: number;
  readonly stampMs?: () => number;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with each new connection. */
  readonly onConnected: () => void;
};

type Connected = { readonly admin: Admin; readonly producer: KafkaProducer };

/** The period of questions to Kafka: when it goes away, nobody may be sending. */
const ASK_EVERY_MS = 5_000;

/** Begins to connect. Kafka may be away: then it connects when Kafka comes. */
export function openKafkaConnection(options: KafkaConnectionOptions): KafkaConnection {
  return new Connection(options);
}

class Connection implements KafkaConnection {
  readonly #options: KafkaConnectionOptions;
  #connected: Connected | null = null;
  #trouble: string | null = "The connection to Kafka is being made.";
  /** The time from the first fault until it is known to be over. */
  #awaySinceMs: number | null = null;
  /** Whether a send has failed: a new connection does not show that sends succeed. */
  #doubted = false;
  #cancelNext: () => void = () => undefined;
  #closed = false;

  constructor(options: KafkaConnectionOptions) {
    this.#options = options;
    if (changedInside !== null)
      options.log.warn("kafkajs has another version than Troupe was made for: an instance at rest may take more CPU.", {
        reason: changedInside,
      });
    void this.#connect();
  }

  get producer(): KafkaProducer | null {
    return this.#connected?.producer ?? null;
  }

  health(): StreamHealth {
    return this.#trouble === null ? { available: true } : { available: false, reason: this.#trouble };
  }

  lost(producer: KafkaProducer, error: unknown): void {
    const connected = this.#connected;
    if (connected?.producer !== producer) return;
    this.#connected = null;
    this.#cancelNext();
    void this.#disconnect(connected);
    this.#doubted = true;
    this.#away(error);
  }

  worked(): void {
    this.#doubted = false;
    if (this.#trouble !== null && this.#connected !== null) this.#there();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelNext();
    const connected = this.#connected;
    this.#connected = null;
    this.#trouble = "The connection to Kafka is closed.";
    if (connected !== null) await this.#disconnect(connected);
  }

  async #connect(): Promise<void> {
    const { clock, log, topics, partitions, onConnected } = this.#options;
    const admin = createKafkaClient(this.#options, log).admin();
    const producer = createKafkaProducer(this.#options);
    try {
      await admin.connect();
      await ensureTopics(admin, { topics, partitions }, clock, log);
      await producer.connect();
    } catch (error) {
      void this.#disconnect({ admin, producer });
      return this.#away(error);
    }
    if (this.#closed) return this.#disconnect({ admin, producer });
    this.#connected = { admin, producer };
    if (!this.#doubted) this.#there();
    this.#askLater(this.#connected);
    onConnected();
  }

  #there(): void {
    const { clock, log } = this.#options;
    this.#trouble = null;
    if (this.#awaySinceMs !== null) log.info("Kafka is there again.", { awayMs: Math.round(clock.monotonicMs() - this.#awaySinceMs) });
    this.#awaySinceMs = null;
  }

  /** Logs once that Kafka is away, until it is back. */
  #away(error: unknown): void {
    if (this.#closed) return;
    const { clock, log, brokers, reconnectDelayMs } = this.#options;
    const reason = error instanceof Error ? error.message : String(error);
    this.#trouble = `Kafka (${brokers.join(", ")}) is away: ${reason}`;
    if (this.#awaySinceMs === null) {
      this.#awaySinceMs = clock.monotonicMs();
      log.warn("Kafka is away: events wait in the outbox until it is there.", { brokers, reason });
    } else log.debug("Kafka is still away.", { reason });
    this.#cancelNext = clock.after(reconnectDelayMs, () => void this.#connect());
  }

  #askLater(connected: Connected): void {
    this.#cancelNext = this.#options.clock.after(ASK_EVERY_MS, () => void this.#ask(connected));
  }

  async #ask(connected: Connected): Promise<void> {
    try {
      await connected.admin.fetchTopicMetadata({ topics: [this.#options.topics.events] });
      if (this.#connected !== connected) return;
      this.worked();
      this.#askLater(connected);
    } catch (error) {
      this.lost(connected.producer, error);
    }
  }

  /** Ends a connection that may not answer any more. */
  async #disconnect({ admin, producer }: Connected): Promise<void> {
    for (const ended of await Promise.allSettled([admin.disconnect(), producer.disconnect()])) {
      if (ended.status === "rejected") this.#options.log.debug("A connection to Kafka did not end well.", { error: ended.reason });
    }
  }
}
