/** The Kafka broker of the tests comes back after a kill -9 with what it had. */
import { expect, test } from "bun:test";
import { Kafka, logLevel } from "kafkajs";
import { startKafka } from "./kafka.ts";

test("a Kafka broker for tests comes back after kill -9 on the same port with its topics", async () => {
  const broker = await startKafka();
  const { brokers, pid } = broker;
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry: { retries: 3 } }).admin();
  try {
    await admin.createTopics({ topics: [{ topic: "kept", numPartitions: 3 }] });
    await broker.kill9();
    await broker.restart();
    expect([broker.brokers, broker.pid === pid]).toEqual([brokers, false]);
    expect(await admin.listTopics()).toEqual(["kept"]);
  } finally {
    await admin.disconnect();
    await broker.stop();
  }
});
