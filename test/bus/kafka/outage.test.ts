/** The way from the outbox into Kafka, while the broker is paused, killed, or not there at first: nothing is lost, and nothing comes out of order. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { Kafka, logLevel } from "kafkajs";
import type { EventStream } from "../../../src/bus/event-stream.ts";
import { createByteBudget } from "../../../src/bus/relay/written-entries.ts";
import { connectKafkaStream } from "../../../src/bus/kafka/event-stream.ts";
import { createKafkaProducer } from "../../../src/bus/kafka/producer.ts";
import { createOutboxRelay, type OutboxRelay } from "../../../src/bus/relay/relay.ts";
import { systemClock } from "../../../src/env/clock.ts";
import { emptySharedMemory, openSharedMemoryStore } from "../../../src/store/memory/shared-memory-store.ts";
import type { Lease } from "../../../src/store/store.ts";
import { type LogEntry, recordingLog } from "../../env/log/recording-log.ts";
import { commitId, entryAfter, newExecution } from "../../store/made.ts";
import { until } from "../../process/facts.ts";
import { type KafkaService, startKafka } from "../../services/kafka.ts";
import { startProxy } from "../../services/proxy.ts";
import { Understood } from "../relay/documented-reader.ts";
import { consume } from "./stream-consumer.ts";

const TIMEOUT_MS = 180_000;
const LANES = 8;
const EXECUTIONS = Array.from({ length: 40 }, (_, at) => `execution-${at}`);

let broker: KafkaService;
let prefixes = 0;
const atTheEnd: (() => Promise<void>)[] = [];

beforeAll(async () => {
  // A killed broker is let in again when its old session has ended: 9 s by default.
  broker = await startKafka({ properties: { "broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "500" } });
}, TIMEOUT_MS);
afterAll(() => broker.stop());
afterEach(async () => {
  for (const act of atTheEnd.splice(0).reverse()) await act();
}, TIMEOUT_MS);

/** An instance that commits without a pause, and relays what it commits. */
class Instance {
  readonly store = openSharedMemoryStore({ files: emptySharedMemory(LANES), clock: systemClock });
  readonly prefix = `outage${process.pid}-${++prefixes}`;
  readonly said: readonly LogEntry[];
  readonly stream: EventStream;
  readonly relays: readonly OutboxRelay[];
  readonly sequences = new Map(EXECUTIONS.map((id) => [id, 1]));
  #leases: readonly Lease[] = [];
  #committing: Promise<void> | null = null;
  #stopping = false;
  #number = 0;

  constructor() {
    const { log, entries } = recordingLog();
    this.said = entries;
    this.stream = connectKafkaStream({
      brokers: broker.brokers,
      clientId: "troupe-test",
      reconnectDelayMs: 200,
      requestTimeoutMs: 1_500,
      topicPrefix: this.prefix,
      partitions: 3,
      clock: systemClock,
      log,
    });
    const budget = createByteBudget(50_000);
    this.relays = this.#lanes((lane) => createOutboxRelay({ store: this.store, lane, sink: this.stream, budget, clock: systemClock, log }));
    this.store.onOutbox((lane, entry, after, texts) => this.relays[lane]?.wrote(entry, after, texts));
    atTheEnd.push(async () => {
      await this.stop();
      for (const relay of this.relays) relay.stop();
      await this.stream.close();
    });
  }

  async begin(): Promise<void> {
    await this.store.create(EXECUTIONS.map((id) => newExecution(id)));
    this.#leases = await Promise.all(this.#lanes((lane) => this.store.acquire(lane, "boot-1")));
    this.#committing = this.#commitOnAndOn();
  }

  /** No more commits. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#committing;
  }

  get events(): number {
    return [...this.sequences.values()].reduce((sum, each) => sum + each, 0);
  }

  async #commitOnAndOn(): Promise<void> {
    while (!this.#stopping) {
      this.#number += 1;
      for (const lease of this.#leases) {
        const mine = EXECUTIONS.filter((id) => this.store.laneOf(id) === lease.lane);
        const entries = mine.map((id) => entryAfter(this.sequences.get(id) ?? 0, id));
        await this.store.commit(lease.lane, { id: commitId(lease, this.#number), entries, cleanEnd: false });
        for (const { chunk, summary } of entries) this.sequences.set(summary.id, chunk.to);
      }
      await Bun.sleep(5);
    }
  }

  #lanes<Made>(make: (lane: number) => Made): Made[] {
    return Array.from({ length: LANES }, (_, lane) => make(lane));
  }
}

/** After the last commit: a stranger reads everything that was committed, from the first event on. */
async function readAll(instance: Instance): Promise<void> {
  await instance.stop();
  await until("Kafka is there again", () => instance.stream.health().available);
  expect(await Promise.all(instance.relays.map((relay) => relay.idle()))).toEqual(Array.from({ length: LANES }, () => true));
  const understood = new Understood();
  const faults: unknown[] = [];
  const consumer = await consume(broker.brokers, [`${instance.prefix}.events`], ({ message }) => {
    try {
      understood.read(String(message.value));
    } catch (error) {
      faults.push(error);
    }
  });
  atTheEnd.push(() => consumer.stop());
  const read = () => [...understood.histories.values()].reduce((sum, { length }) => sum + length, 0);
  await consumer.until(() => faults.length > 0 || read() === instance.events, `all ${instance.events} events`);
  expect(faults).toEqual([]);
  expect([...understood.histories].map(([id, { length }]) => [id, length]).toSorted()).toEqual([...instance.sequences].toSorted());
  expect(understood.rewinds).toBe(0);
}

/** An instance that commits while Kafka is there. */
async function committing(): Promise<Instance> {
  const instance = new Instance();
  await instance.begin();
  await until("Kafka is there", () => instance.stream.health().available);
  const before = instance.events;
  await until("some commits", () => instance.events > before + 1_000);
  return instance;
}

describe("the stream while Kafka is not there", () => {
  test(
    "a broker that is paused for longer than a request may take loses nothing",
    async () => {
      const instance = await committing();
      broker.pause();
      await until("the silence of Kafka is noticed", () => !instance.stream.health().available);
      await until("it is told", () => instance.said.some(({ level }) => level === "warn"));
      broker.resume();
      await until("Kafka is there again", () => instance.stream.health().available);
      await readAll(instance);
      expect(instance.said.filter(({ level }) => level === "warn").map(({ message }) => message)).toEqual([
        "Kafka is away: events wait in the outbox until it is there.",
      ]);
    },
    TIMEOUT_MS,
  );

  test(
    "a broker that is killed loses nothing, commits go on meanwhile, and who starts without it makes the topics when it comes",
    async () => {
      const instance = await committing();
      await broker.kill9();
      await until("the end of Kafka is noticed", () => !instance.stream.health().available);
      const away = instance.events;
      const newcomer = new Instance();
      await newcomer.begin();
      await until("commits without Kafka", () => Math.min(instance.events - away, newcomer.events) > 1_000);
      expect(newcomer.stream.health()).toMatchObject({ available: false });
      await broker.restart();
      await readAll(instance);
      await readAll(newcomer);
    },
    TIMEOUT_MS,
  );

  // Last: a broker that was paused takes a moment until it is let in again.
  test(
    "a producer that is given up while it sends leaves no connection: kafkajs makes one where a send fails",
    async () => {
      const topic = `given-up${process.pid}`;
      const admin = new Kafka({ brokers: [...broker.brokers], logLevel: logLevel.NOTHING }).admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
      await admin.disconnect();
      // Requests go to the broker itself, by the address that it tells. What is connected anew goes through the proxy.
      const proxy = startProxy(broker.port);
      atTheEnd.push(async () => proxy.close());
      const { log } = recordingLog();
      const address = { brokers: [`127.0.0.1:${proxy.port}`], clientId: "troupe-test", requestTimeoutMs: 1_500 };
      const producer = createKafkaProducer({ ...address, clock: systemClock, log });
      await producer.connect();
      await producer.send(topic, {}, [{ key: "k", value: "1" }]);
      expect(proxy.connections).toBe(1);
      broker.pause();
      atTheEnd.push(async () => broker.resume());
      const sent = producer.send(topic, {}, [{ key: "k", value: "2" }]);
      await Promise.allSettled([sent, producer.disconnect()]);
      await until("no connection is left", () => proxy.connections === 0);
    },
    TIMEOUT_MS,
  );
});
