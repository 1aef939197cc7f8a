/** A stranger's consumer of Kafka topics, from their beginning: what came, in order, and waiting until a fact holds. */
import { Kafka, type KafkaMessage, logLevel } from "kafkajs";

export type Consumed = { readonly topic: string; readonly partition: number; readonly message: KafkaMessage };

export type StreamConsumer = {
  readonly consumed: readonly Consumed[];
  /** Values of a topic, as texts. */
  values(topic: string): readonly string[];
  /** Resolves when the fact holds of what has come. Rejects after `withinMs` with what was waited for. */
  until(fact: () => boolean, what: string, withinMs?: number): Promise<void>;
  stop(): Promise<void>;
};

const WITHIN_MS = 30_000;

/** `listener` is told of each message as it comes. The topics must exist. */
export async function consume(
  brokers: readonly string[],
  topics: readonly string[],
  listener: (each: Consumed) => void = () => undefined,
): Promise<StreamConsumer> {
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId: "stranger",
    logLevel: logLevel.NOTHING,
    retry: { retries: 1_000, initialRetryTime: 100, maxRetryTime: 500, factor: 0.2, multiplier: 2, restartOnFailure: async () => true },
  });
  const consumer = kafka.consumer({ groupId: `stranger-${crypto.randomUUID()}`, sessionTimeout: 6_000, heartbeatInterval: 1_000 });
  const consumed: Consumed[] = [];
  let lookAgain: () => void = () => undefined;
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    eachMessage: async (each) => {
      consumed.push(each);
      listener(each);
      lookAgain();
    },
  });
  return {
    consumed,
    values: (topic) => consumed.filter((each) => each.topic === topic).map(({ message }) => String(message.value)),
    until: (fact, what, withinMs = WITHIN_MS) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`Not in the stream after ${withinMs} ms: ${what}.`)), withinMs);
        lookAgain = () => {
          if (!fact()) return;
          clearTimeout(timer);
          resolve();
        };
        lookAgain();
      }),
    stop: () => consumer.disconnect(),
  };
}
