/** The checker's own reader of the event stream: everything that the topic holds, with a kafkajs consumer of its own. */
import { Kafka, logLevel } from "kafkajs";
import type { StreamEvent, StreamRecord } from "./evidence.ts";

const FORMAT_VERSION = 1;

export type Listener = {
  /** Every record so far, in the order of its partition. */
  readonly records: readonly StreamRecord[];
  stop(): Promise<void>;
};

/** Reads from the beginning of the topic and goes on until it is stopped. Rejects where Kafka does not answer. */
export async function listen({ brokers, prefix }: { readonly brokers: readonly string[]; readonly prefix: string }): Promise<Listener> {
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId: "checker",
    logLevel: logLevel.NOTHING,
    retry: { retries: 100, maxRetryTime: 1_000 },
  });
  const consumer = kafka.consumer({
    groupId: `checker-${crypto.randomUUID()}`,
    retry: { retries: 100, restartOnFailure: async () => true },
  });
  const records: StreamRecord[] = [];
  /** The reader's own repeats are no doubles of the stream's: by partition, the last offset. */
  const offsets = new Map<number, bigint>();
  await consumer.connect();
  await consumer.subscribe({ topics: [`${prefix}.events`], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      const offset = BigInt(message.offset);
      if (offset <= (offsets.get(partition) ?? -1n)) return;
      offsets.set(partition, offset);
      records.push(recordOf(String(message.value), Number(message.timestamp)));
    },
  });
  return { records, stop: () => consumer.disconnect() };
}

function recordOf(value: string, sentMs: number): StreamRecord {
  const { version, execution, epoch, from, to, events, rewound } = JSON.parse(value) as {
    version: number;
    execution: string;
    epoch: number;
    from?: number;
    to: number;
    events?: StreamEvent[];
    rewound?: boolean;
  };
  if (version !== FORMAT_VERSION) throw new Error(`A record of version ${version}: ${value.slice(0, 300)}`);
  return { execution, epoch, sentMs, from: from ?? to + 1, to, events: events ?? null, rewound: rewound === true };
}
