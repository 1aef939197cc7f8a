/**
 * The event stream in Kafka. Records of all lanes that wait at the same moment go in one request, one request is in flight, and no request
 * is larger than Kafka accepts. A record that it will never accept is replaced by a stub, so that nothing waits behind it.
 */
import { KafkaJSProtocolError } from "kafkajs";
import type { Clock } from "../../env/clock.ts";
import { within } from "../../env/deadline.ts";
import type { Log } from "../../env/log/log.ts";
import type { EventRecord, EventStream, Omitted, StreamRecord } from "../event-stream.ts";
import type { KafkaAddress } from "./client.ts";
import { type KafkaConnection, openKafkaConnection } from "./connection.ts";
import type { KafkaProducer } from "./producer.ts";
import { deadLetterOf, HEADERS, type Message, type Outgoing, stubOf, toMessages } from "./records.ts";
import { type Topics, topicNames } from "./topics.ts";

export type KafkaOptions = KafkaAddress & {
  readonly reconnectDelayMs: number;
  /** The beginning of the topics' names; default `troupe`. */
  readonly topicPrefix?: string;
  /** The partitions of topics that are created; default 16. */
  readonly partitions?: number;
  /** The largest record and request; default 900 KB, because Kafka accepts 1 MiB by default. */
  readonly requestBytesMax?: number;
  /** The time that records are stamped with; default: the clock's. */
  readonly stampMs?: () => number;
  readonly clock: Clock;
  readonly log: Log;
};

const PARTITIONS = 16;
const REQUEST_BYTES_MAX = 900_000;
/** The smallest limit of a request, however little a broker accepts. */
const REQUEST_BYTES_LEAST = 8 * 1024;
const SILENT_MS = 2_000;
const CLOSE_WITHIN_MS = 1_000;

/** Begins to connect. It publishes once it is connected, and rejects before. Never throws. */
export function connectKafkaStream(options: KafkaOptions): EventStream {
  return new KafkaStream(options);
}

/** The records of one call. `next`: the first of its messages that is not sent. */
type Job = {
  readonly records: readonly StreamRecord[];
  messages: readonly Outgoing[] | null;
  next: number;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
};

class KafkaStream implements EventStream {
  readonly #options: KafkaOptions;
  readonly #topics: Topics;
  readonly #connection: KafkaConnection;
  #jobs: Job[] = [];
  #sending = false;
  #sentAtMs: number | null = null;
  #bytesMax: number;

  constructor(options: KafkaOptions) {
    const { topicPrefix = "troupe", partitions = PARTITIONS, requestBytesMax = REQUEST_BYTES_MAX } = options;
    this.#options = options;
    this.#topics = topicNames(topicPrefix);
    this.#bytesMax = requestBytesMax;
    this.#connection = openKafkaConnection({
      ...options,
      topics: this.#topics,
      partitions,
      onConnected: () => {
        this.#bytesMax = requestBytesMax;
      },
    });
  }

  publish(records: readonly StreamRecord[]): Promise<void> {
    return new Promise((done, failed) => {
      this.#jobs.push({ records, messages: null, next: 0, done, failed });
      if (this.#sending) return;
      this.#sending = true;
      // In the next microtask, so that what several lanes publish at once is one request.
      queueMicrotask(() => void this.#run());
    });
  }

  health() {
    const health = this.#connection.health();
    if (!health.available || this.#sentAtMs === null) return health;
    const silentMs = Math.round(this.#options.clock.monotonicMs() - this.#sentAtMs);
    return silentMs < SILENT_MS ? health : { available: false as const, reason: `Kafka has not answered for ${silentMs} ms.` };
  }

  async close(): Promise<void> {
    const { clock } = this.#options;
    // A broker that does not answer must not delay the end.
    await within(clock, CLOSE_WITHIN_MS, this.#connection.close(), () => undefined);
  }

  async #run(): Promise<void> {
    while (this.#jobs.length > 0) {
      const { producer } = this.#connection;
      if (producer === null) this.#failAll();
      else await this.#sendNext(producer);
    }
    this.#sending = false;
  }

  #failAll(): void {
    const health = this.#connection.health();
    const error = new Error(health.available ? "Kafka is away." : health.reason);
    for (const job of this.#jobs.splice(0)) job.failed(error);
  }

  /** Sends one request with what waits, the oldest first. */
  async #sendNext(producer: KafkaProducer): Promise<void> {
    const request: Outgoing[] = [];
    const jobs: Job[] = [];
    let bytes = 0;
    filling: for (const job of this.#jobs) {
      job.messages ??= job.records.flatMap((record) => toMessages(record, this.#bytesMax));
      jobs.push(job);
      for (; job.next < job.messages.length; job.next++) {
        const message = job.messages[job.next] as Outgoing;
        if (request.length > 0 && bytes + message.bytes > this.#bytesMax) break filling;
        request.push(message);
        bytes += message.bytes;
      }
    }
    try {
      for (const { record } of request) if (isStub(record)) await this.#bury(producer, record, record.events.omitted);
      if (request.length > 0) await this.#send(producer, request);
    } catch (error) {
      this.#jobs = this.#jobs.filter((job) => !jobs.includes(job));
      for (const job of jobs) job.failed(error);
      return this.#connection.lost(producer, error);
    }
    this.#connection.worked();
    const ended = jobs.filter(({ next, messages }) => next === messages?.length);
    this.#jobs = this.#jobs.slice(ended.length);
    for (const job of ended) job.done();
  }

  /** Sends records, in smaller and smaller requests if Kafka finds one too large, and a stub for what it never accepts. */
  async #send(producer: KafkaProducer, request: readonly Outgoing[]): Promise<void> {
    try {
      await this.#request(producer, this.#topics.events, request);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      this.#takeLess(request);
      const [only] = request;
      if (request.length > 1) {
        const middle = Math.ceil(request.length / 2);
        await this.#send(producer, request.slice(0, middle));
        await this.#send(producer, request.slice(middle));
      } else if (only !== undefined) await this.#sendPieces(producer, only, error);
    }
  }

  async #sendPieces(producer: KafkaProducer, { record, bytes }: Outgoing, error: Error): Promise<void> {
    const pieces = toMessages(record, Math.ceil(bytes / 2));
    if (pieces.length > 1) for (const piece of pieces) await this.#send(producer, [piece]);
    else if ("rewoundTo" in record || isStub(record)) throw error;
    else {
      const reason = `Kafka does not take a record of ${bytes} bytes: ${error.message}`;
      this.#options.log.error("An event is too large for Kafka: the stream has a stub for it.", { ...record, events: undefined, reason });
      await this.#bury(producer, record, reason);
      await this.#send(producer, [stubOf(record, reason)]);
    }
  }

  /** Sends a dead letter, with less of the text if even that is too large. Nothing waits for ever behind a letter. */
  async #bury(producer: KafkaProducer, record: EventRecord, reason: string): Promise<void> {
    for (const letter of [deadLetterOf(record, reason), deadLetterOf(record, reason, 0)]) {
      try {
        return await this.#request(producer, this.#topics.deadLetters, [letter]);
      } catch (error) {
        if (!isTooLarge(error)) throw error;
        this.#options.log.warn("A dead letter is too large for Kafka.", {
          topic: this.#topics.deadLetters,
          execution: record.execution,
          error,
        });
      }
    }
  }

  #takeLess(request: readonly Outgoing[]): void {
    const bytes = request.reduce((sum, each) => sum + each.bytes, 0);
    const less = Math.max(REQUEST_BYTES_LEAST, Math.floor(bytes / 2));
    if (less >= this.#bytesMax) return;
    this.#bytesMax = less;
    this.#options.log.warn(
      "Kafka accepts less than expected: requests are smaller from now on. Raise max.message.bytes of the topic to 1 MiB.",
      {
        topic: this.#topics.events,
        refusedBytes: bytes,
        requestBytesMax: less,
      },
    );
  }

  async #request(producer: KafkaProducer, topic: string, messages: readonly Message[]): Promise<void> {
    this.#sentAtMs = this.#options.clock.monotonicMs();
    try {
      await producer.send(topic, HEADERS, messages);
    } finally {
      this.#sentAtMs = null;
    }
  }
}

function isStub(record: StreamRecord): record is EventRecord & { readonly events: Omitted } {
  return !("rewoundTo" in record) && typeof record.events !== "string";
}

/** Whether Kafka refuses a request because of its size: the same request would be refused again. */
function isTooLarge(error: unknown): error is KafkaJSProtocolError {
  return error instanceof KafkaJSProtocolError && (error.type === "MESSAGE_TOO_LARGE" || error.type === "RECORD_LIST_TOO_LARGE");
}
