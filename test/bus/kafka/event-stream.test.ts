/** The event stream on a real broker: topics, records, order, what is too large, and a broker that is paused or killed. */
import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { Kafka, logLevel } from "kafkajs";
import type { EventRecord, EventStream } from "../../../src/bus/event-stream.ts";
import { connectKafkaStream, type KafkaOptions } from "../../../src/bus/kafka/event-stream.ts";
import { systemClock } from "../../../src/env/clock.ts";
import { type LogEntry, recordingLog } from "../../env/log/recording-log.ts";
import { sharedKafka } from "../../services/kafka.ts";
import { Understood } from "../relay/documented-reader.ts";
import { consume, type StreamConsumer } from "./stream-consumer.ts";

const TIMEOUT_MS = 60_000;

let brokers: readonly string[];
const open: { stop(): Promise<void> }[] = [];
let prefixes = 0;
let prefix = "";

beforeAll(async () => {
  brokers = await sharedKafka();
}, TIMEOUT_MS);
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop();
});

type Streaming = { readonly stream: EventStream; readonly said: readonly LogEntry[] };

/** A stream with topics of its own; a later call of the test has the same topics. */
function streaming(over: Partial<KafkaOptions> = {}): Streaming {
  const { log, entries } = recordingLog();
  const stream = connectKafkaStream({
    brokers,
    clientId: "troupe-test",
    reconnectDelayMs: 100,
    topicPrefix: prefix,
    partitions: 4,
    clock: systemClock,
    log,
    ...over,
  });
  open.push({ stop: () => stream.close() });
  return { stream, said: entries };
}

async function available({ stream, said }: Streaming): Promise<EventStream> {
  for (const untilMs = Date.now() + 20_000; !stream.health().available; await Bun.sleep(10)) {
    if (Date.now() > untilMs) throw new Error(`Kafka is not available: ${JSON.stringify(stream.health())} ${JSON.stringify(said)}`);
  }
  return stream;
}

async function consuming(listener?: Parameters<typeof consume>[2]): Promise<StreamConsumer> {
  const consumer = await consume(brokers, [`${prefix}.events`, `${prefix}.dead-letters`], listener);
  open.push(consumer);
  return consumer;
}

/** Events `from`..`to`, each with so many characters. */
function record(execution: string, from: number, to: number, characters = 1, over: Partial<EventRecord> = {}): EventRecord {
  const lines = Array.from({ length: to - from + 1 }, (_, at) => JSON.stringify(["e", from + at, "x".repeat(characters)]));
  return { execution, from, to, epoch: 1, events: `[${lines.join(",\n")}]`, status: "RUNNING", closed: false, ...over };
}

function newTopics(): void {
  prefix = `t${crypto.randomUUID().slice(0, 8)}-${++prefixes}`;
}

async function asAdmin<Answer>(act: (admin: ReturnType<Kafka["admin"]>) => Promise<Answer>): Promise<Answer> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await act(admin);
  } finally {
    await admin.disconnect();
  }
}

describe("the event stream in Kafka", () => {
  test(
    "the topics are made once, with their partitions, also when several instances start at the same time",
    async () => {
      newTopics();
      const several = Array.from({ length: 4 }, () => streaming({ partitions: 5 }));
      for (const each of several) await available(each);
      const { topics } = await asAdmin((admin) => admin.fetchTopicMetadata({ topics: [`${prefix}.events`, `${prefix}.dead-letters`] }));
      expect(Object.fromEntries(topics.map(({ name, partitions }) => [name, partitions.length]))).toEqual({
        [`${prefix}.events`]: 5,
        [`${prefix}.dead-letters`]: 1,
      });
      expect(several.flatMap(({ said }) => said.filter(({ level }) => level === "warn" || level === "error"))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "records are stamped by the clock that is given, and where Kafka refuses its time they go without one: Kafka is there",
    async () => {
      newTopics();
      const hour = 3_600_000;
      // As on a machine whose own clock is two hours ahead.
      const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + 2 * hour };
      const right = streaming({ clock, stampMs: () => systemClock.nowMs() });
      await available(right);
      const wrong = streaming({ clock });
      await available(wrong);
      const consumer = await consuming();
      await right.stream.publish([record("x", 1, 2)]);
      for (let from = 3; from < 9; from += 2) await wrong.stream.publish([record("x", from, from + 1)]);
      await right.stream.publish([record("x", 9, 10)]);
      await consumer.until(() => consumer.consumed.length === 5, "all five records");
      const times = consumer.consumed.map(({ message }) => Number(message.timestamp));
      expect(times.slice(1, 4)).toEqual([-1, -1, -1]);
      for (const time of [times[0], times[4]]) expect(Math.abs((time ?? 0) - Date.now())).toBeLessThan(hour);
      const understood = new Understood();
      for (const value of consumer.values(`${prefix}.events`)) understood.read(value);
      expect(understood.words("x")).toHaveLength(10);
      expect([right, wrong].map(({ stream }) => stream.health())).toEqual([{ available: true }, { available: true }]);
      expect(right.said.filter(({ level }) => level === "warn")).toEqual([]);
      expect(wrong.said.filter(({ level }) => level === "warn").map(({ message }) => message)).toEqual([
        expect.stringContaining("Kafka refuses the time of events"),
      ]);
    },
    TIMEOUT_MS,
  );

  test(
    "a record is as docs/events.md says, under the execution's key",
    async () => {
      newTopics();
      const stream = await available(streaming());
      const consumer = await consuming();
      await stream.publish([record("x", 3, 4, 1, { epoch: 7, status: "COMPLETED", closed: true })]);
      await stream.publish([{ execution: "x", rewoundTo: 2, epoch: 8 }]);
      await stream.publish([{ ...record("x", 3, 5), epoch: 8, events: { omitted: "gone" } }]);
      await consumer.until(() => consumer.consumed.length === 4, "three records and a dead letter");
      expect(consumer.values(`${prefix}.dead-letters`).map((value) => JSON.parse(value))).toEqual([
        { version: 1, execution: "x", from: 3, to: 5, epoch: 8, reason: "gone", bytes: 0, head: "" },
      ]);
      expect(consumer.values(`${prefix}.events`).map((value) => JSON.parse(value))).toEqual([
        {
          version: 1,
          execution: "x",
          epoch: 7,
          from: 3,
          to: 4,
          status: "COMPLETED",
          closed: true,
          events: [
            ["e", 3, "x"],
            ["e", 4, "x"],
          ],
        },
        { version: 1, execution: "x", epoch: 8, rewound: true, to: 2 },
        { version: 1, execution: "x", epoch: 8, from: 3, to: 5, status: "RUNNING", closed: false, omitted: "gone" },
      ]);
      const events = consumer.consumed.filter(({ topic }) => topic === `${prefix}.events`);
      const [first] = events;
      expect(String(first?.message.key)).toBe("x");
      expect(Object.fromEntries(Object.entries(first?.message.headers ?? {}).map(([name, value]) => [name, String(value)]))).toEqual({
        "content-type": "application/json",
        "troupe-record": "1",
      });
      expect(new Set(events.map(({ partition }) => partition)).size).toBe(1);
    },
    TIMEOUT_MS,
  );

  test(
    "many lanes at a time: every execution's events come in order and without a gap",
    async () => {
      newTopics();
      const stream = await available(streaming());
      const understood = new Understood();
      const consumer = await consuming(({ message }) => understood.read(String(message.value)));
      const lane = async (at: number): Promise<void> => {
        for (let sequence = 1; sequence <= 20; sequence++) {
          await stream.publish(Array.from({ length: 10 }, (_, each) => record(`x${at}-${each}`, sequence, sequence)));
        }
      };
      await Promise.all(Array.from({ length: 30 }, (_, at) => lane(at)));
      const complete = () => understood.histories.size === 300 && [...understood.histories.values()].every(({ length }) => length === 20);
      await consumer.until(complete, "20 events of each of 300 executions");
      expect(consumer.consumed).toHaveLength(6_000);
    },
    TIMEOUT_MS,
  );

  test(
    "what all lanes publish at the same time is one request, and what comes while that is in flight is the next",
    async () => {
      newTopics();
      // Each request has a time of its own.
      let requests = 0;
      const stream = await available(streaming({ clock: { ...systemClock, nowMs: () => Date.now() + 60_000 * ++requests } }));
      const consumer = await consuming();
      requests = 0;
      const publishAll = (sequence: number) =>
        Promise.all(
          Array.from({ length: 64 }, (_, lane) =>
            stream.publish([record(`x${lane}`, sequence, sequence), record(`y${lane}`, sequence, sequence)]),
          ),
        );
      await Promise.all([1, 2, 3].map(publishAll));
      expect(requests).toBe(1);
      const answered = publishAll(4);
      // In the next microtask it is on its way.
      await null;
      await null;
      await Promise.all([answered, publishAll(5), publishAll(6)]);
      expect(requests).toBe(3);
      await consumer.until(() => consumer.consumed.length === 6 * 128, "all records");
      expect(new Set(consumer.consumed.map(({ message }) => message.timestamp)).size).toBe(requests);
    },
    TIMEOUT_MS,
  );

  test(
    "a record of 1.5 MB is cut between events; what stands behind it comes too",
    async () => {
      newTopics();
      const stream = await available(streaming());
      const understood = new Understood();
      const consumer = await consuming(({ message }) => understood.read(String(message.value)));
      await stream.publish([record("wide", 1, 20_000, 60, { status: "COMPLETED", closed: true }), record("wide", 20_001, 20_001)]);
      await consumer.until(() => understood.words("wide").length === 20_001, "all events of the wide one");
      const values = consumer.values(`${prefix}.events`);
      const heads = values.map((value) => JSON.parse(value) as { from: number; to: number; status: string | null; closed: boolean });
      expect(values.every((value) => value.length <= 900_000)).toBe(true);
      expect(heads.map(({ status, closed }) => [status, closed])).toEqual([
        [null, false],
        ["COMPLETED", true],
        ["RUNNING", false],
      ]);
      expect(heads[1]?.from).toBe((heads[0]?.to ?? 0) + 1);
    },
    TIMEOUT_MS,
  );

  test(
    "where the broker takes less than expected, requests become smaller, and nothing is lost",
    async () => {
      newTopics();
      await smallTopic(20_000);
      const { stream, said } = streaming();
      await available({ stream, said });
      const understood = new Understood();
      const consumer = await consuming(({ message }) => understood.read(String(message.value)));
      const several = Array.from({ length: 50 }, (_, at) => record(`x${at}`, 1, 10, 100));
      await stream.publish([...several, record("large", 1, 1_000, 100)]);
      await consumer.until(() => understood.words("large").length === 1_000 && understood.histories.size === 51, "all events");
      expect([...understood.histories.values()].flat().filter((event) => typeof event === "string")).toEqual([]);
      const warnings = said.filter(({ level }) => level === "warn").map(({ message }) => message);
      expect(warnings[0]).toBe("A Kafka topic exists with another number of partitions: Troupe leaves it as it is.");
      expect(warnings[1]).toStartWith("Kafka accepts less than expected");
      expect(consumer.values(`${prefix}.dead-letters`)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "an event that the broker never takes leaves a stub and a dead letter, and what stands behind it comes",
    async () => {
      newTopics();
      await smallTopic(20_000);
      const { stream, said } = streaming();
      await available({ stream, said });
      const understood = new Understood();
      const consumer = await consuming(({ topic, message }) => {
        if (topic.endsWith(".events")) understood.read(String(message.value));
      });
      await stream.publish([record("x", 1, 2), record("x", 3, 3, 50_000), record("x", 4, 4), record("y", 1, 1)]);
      await consumer.until(() => understood.words("x").length === 4 && understood.words("y").length === 1, "what stands behind it");
      await consumer.until(() => consumer.values(`${prefix}.dead-letters`).length > 0, "a dead letter");
      expect(understood.words("x")).toEqual(["e", "e", "omitted", "e"]);
      const letter = JSON.parse(consumer.values(`${prefix}.dead-letters`)[0] ?? "");
      expect(letter).toMatchObject({ version: 1, execution: "x", from: 3, to: 3, epoch: 1 });
      expect(letter.reason).toContain("Kafka does not take a record of 50");
      expect(letter.head).toStartWith(`[["e",3,"xxx`);
      expect(letter.bytes).toBeGreaterThan(50_000);
      expect(said.some(({ level }) => level === "error")).toBe(true);
    },
    TIMEOUT_MS,
  );
});

async function smallTopic(bytesMax: number): Promise<void> {
  const configEntries = [{ name: "max.message.bytes", value: String(bytesMax) }];
  await asAdmin((admin) =>
    admin.createTopics({ topics: [{ topic: `${prefix}.events`, numPartitions: 1, replicationFactor: 1, configEntries }] }),
  );
}
