/** Records of packed events through kafkajs, acknowledged by all replicas, one request in flight: what no stream through kafkajs can be faster than. */
import type { KafkaOfRun, ServicesOfRun, Subject } from "../case.ts";
import { createKafkaClient } from "../../src/bus/kafka/client.ts";
import { createLog } from "../../src/env/log/log.ts";
import { CHUNK_EVENTS, packedEvents } from "./packed-events.ts";
import { timedRounds } from "./timed-rounds.ts";

const ACKS_ALL = -1;
const PARTITIONS = 16;
/** Kafka takes 1 MiB by default, and a record has a head. */
const REQUEST_BYTES = 900_000;
const RECORD_HEAD_BYTES = 150;

/** `events`: of one record. */
export async function kafkaCeiling(events = CHUNK_EVENTS, services: ServicesOfRun, { brokers, prefix }: KafkaOfRun): Promise<Subject> {
  const kafka = createKafkaClient({ clientId: "bench", brokers: brokers.split(",") }, createLog({ level: "warn", instance: "bench" }));
  const topic = `${prefix}-ceiling`;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: 1 }], waitForLeaders: true });
  // A topic that was just made has no leader for a moment.
  const producer = kafka.producer({ allowAutoTopicCreation: false, maxInFlightRequests: 1, retry: { retries: 10, initialRetryTime: 100 } });
  await producer.connect();
  const value = packedEvents(events);
  const records = Math.max(1, Math.floor(REQUEST_BYTES / (value.length + RECORD_HEAD_BYTES)));
  const messages = Array.from({ length: records }, (_, execution) => ({ key: `execution-${execution}`, value }));
  return await timedRounds({
    services: { ...services, redis: null },
    nodes: records * events,
    async run() {
      const answers = await producer.send({ topic, acks: ACKS_ALL, messages });
      if (answers.length === 0 || answers.some(({ errorCode }) => errorCode !== 0)) throw new Error("Kafka has not taken a request.");
    },
    measure: (ms) => ({ "events/s": ((records * events) / ms) * 1_000 }),
    async stop() {
      await producer.disconnect();
      await admin.deleteTopics({ topics: [topic] });
      await admin.disconnect();
    },
  });
}
