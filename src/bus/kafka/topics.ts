/** The topics of Troupe: their names, and the creation of missing ones. */
import type { Admin } from "kafkajs";
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";

export type Topics = {
  /** The topic of events, for other systems (docs/events.md). */
  readonly events: string;
  /** The topic of what the stream could not accept, with the reason. */
  readonly deadLetters: string;
};

export function topicNames(prefix: string): Topics {
  return { events: `${prefix}.events`, deadLetters: `${prefix}.dead-letters` };
}

/** The wanted topics. `partitions`: of the topic of events, if it is missing. */
export type WantedTopics = { readonly topics: Topics; readonly partitions: number };

const COPIES_MAX = 3;
const LEADERS_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 50;

/**
 * Creates missing topics. Resolves when every topic exists and each of its partitions has a leader. Existing topics stay as they are.
 * Several instances may do this at once.
 */
export async function ensureTopics(admin: Admin, { topics, partitions }: WantedTopics, clock: Clock, log: Log): Promise<void> {
  const wanted = [
    { topic: topics.events, numPartitions: partitions },
    { topic: topics.deadLetters, numPartitions: 1 },
  ];
  const there = new Set(await admin.listTopics());
  const missing = wanted.filter(({ topic }) => !there.has(topic));
  if (missing.length > 0) {
    const { brokers } = await admin.describeCluster();
    const replicationFactor = Math.min(COPIES_MAX, brokers.length);
    // One by one: another instance may be creating some of them now, which is no fault.
    for (const topic of missing) await admin.createTopics({ topics: [{ ...topic, replicationFactor }], waitForLeaders: false });
    log.info("Kafka topics were created.", { topics: missing.map(({ topic }) => topic), partitions, replicationFactor });
  }
  await leadersOf(admin, topics, clock);
  await warnOfOtherPartitions(admin, topics.events, partitions, log);
}

async function leadersOf(admin: Admin, topics: Topics, clock: Clock): Promise<void> {
  const names = [topics.events, topics.deadLetters];
  const untilMs = clock.monotonicMs() + LEADERS_WITHIN_MS;
  for (;;) {
    const reason = await whyNotLed(admin, names);
    if (reason === null) return;
    if (clock.monotonicMs() > untilMs) throw new Error(`Kafka has no leaders for the topics ${names.join(", ")}: ${reason}`);
    await new Promise<void>((resolve) => void clock.after(LOOK_EVERY_MS, resolve));
  }
}

/** The reason why topics have no leaders. A topic that was just created is not known to every broker at once, which comes as an error. */
async function whyNotLed(admin: Admin, names: string[]): Promise<string | null> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: names });
    const orphans = topics.flatMap(({ name, partitions }) => partitions.filter(({ leader }) => leader < 0).map(() => name));
    return orphans.length === 0 ? null : `${orphans.length} partitions of ${orphans[0]}.`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Warns about another number of partitions. Adding some would send an execution's next events elsewhere than its last: only the operator
 * may decide that.
 */
async function warnOfOtherPartitions(admin: Admin, topic: string, wanted: number, log: Log): Promise<void> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const partitions = topics[0]?.partitions.length ?? 0;
  if (partitions !== wanted)
    log.warn("A Kafka topic exists with another number of partitions: Troupe leaves it as it is.", { topic, partitions, wanted });
}
