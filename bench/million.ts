/** What a million nodes a second would take, on paper: each part's cost of a node, as it was measured, and what one such part can take. */
import type { SubjectName } from "./group.ts";
import type { MetricName } from "./metrics.ts";
import { figureOf, median, type Results } from "./results.ts";

/** What no measurement of ours says. */
export const ASSUMED = {
  nodesPerSecond: 1_000_000,
  /** Of its time, a thread or core; of its memory, a server: above that queues grow and nothing is left for a bad day. */
  busyMost: 0.7,
  /** How long Redis keeps an execution after its end. The default is a day. */
  keptHours: 1,
  redisGiB: 32,
  brokerCores: 8,
  /** Each copy of an event costs a broker what the first one does. */
  replicas: 3,
  /** That a broker takes in, copies for others included: its disk and its network. */
  brokerMBs: 300,
  partitionMBs: 10,
  /** A lane goes to one owner whole: with eight for each owner the busiest has an eighth more than its share. */
  lanesPerOwner: 8,
} as const;

/** One part: what a node takes of it, how many nodes a second one of it takes, and how many of it a million take. */
export type Part = {
  readonly name: string;
  readonly taken: string;
  readonly eachPerSecond: number;
  readonly count: number;
};

export type OnPaper = {
  readonly parts: readonly Part[];
  /** Which part has no time left first, where there is one of each. Cores and partitions come by the dozen, and memory is full only after hours. */
  readonly firstFull: Part | null;
  readonly lanes: number | null;
  /** In Redis and out to Kafka, megabytes a second in all. */
  readonly redisMBs: number | null;
  readonly kafkaMBs: number | null;
};

/** Of a case that was measured with Redis and Kafka; parts whose cost was not measured are not in it. */
export function onPaper(results: Results, subject: SubjectName): OnPaper {
  const { busyMost, keptHours, redisGiB, brokerCores, replicas, brokerMBs, partitionMBs, nodesPerSecond, lanesPerOwner } = ASSUMED;
  const cost = (metric: MetricName): number | null => {
    const figure = figureOf(results, subject.case, subject.variant, metric);
    return figure === undefined ? null : median(figure.rounds);
  };
  const part = (name: string, taken: number | null, unit: string, capacity: number): Part[] => {
    // A cost that rounds to nothing fills nothing.
    if (taken === null || !(taken > 0)) return [];
    const eachPerSecond = capacity / taken;
    return [{ name, taken: `${shortly(taken)} ${unit}`, eachPerSecond, count: Math.ceil(nodesPerSecond / eachPerSecond) }];
  };
  const secondUs = 1e6 * busyMost;
  const [main, redis, kafkaUs, kafkaBytes] = [
    cost("µs main thread a node"),
    cost("µs Redis CPU a node"),
    cost("µs Kafka CPU a node"),
    cost("Kafka bytes a node"),
  ];
  const instances = part("instances, by their main threads", main, "µs", secondUs);
  const servers = part("Redis Cluster nodes, by CPU", redis, "µs", secondUs);
  const brokers = [
    ...part(`Kafka brokers, by CPU (${brokerCores} cores)`, copied(kafkaUs, replicas), "µs", secondUs * brokerCores),
    ...part(`Kafka brokers, by disk and network (${brokerMBs} MB/s)`, copied(kafkaBytes, replicas), "bytes", brokerMBs * 1e6),
  ];
  const memory = (redisGiB * 2 ** 30 * busyMost) / (keptHours * 3_600);
  const parts = [
    ...instances,
    ...part("cores of all instances", cost("µs CPU a node"), "µs", secondUs),
    ...servers,
    ...part(`Redis Cluster nodes, by memory (${redisGiB} GiB, ${keptHours} h kept)`, cost("Redis memory a node"), "bytes", memory),
    ...brokers,
    ...part(`Kafka partitions (${partitionMBs} MB/s)`, kafkaBytes, "bytes", partitionMBs * 1e6),
  ];
  const owners = Math.max(...[...instances, ...servers].map(({ count }) => count));
  const redisBytes = cost("Redis bytes a node");
  return {
    parts,
    firstFull: [...instances, ...servers, ...brokers].toSorted((a, b) => a.eachPerSecond - b.eachPerSecond)[0] ?? null,
    lanes: Number.isFinite(owners) ? lanesPerOwner * owners : null,
    redisMBs: redisBytes === null ? null : (redisBytes * nodesPerSecond) / 1e6,
    kafkaMBs: kafkaBytes === null ? null : (kafkaBytes * nodesPerSecond) / 1e6,
  };
}

function copied(cost: number | null, replicas: number): number | null {
  return cost === null ? null : cost * replicas;
}

/** Three digits. */
function shortly(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en");
}
