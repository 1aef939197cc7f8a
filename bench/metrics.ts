/** Everything that is measured, by the name that tables, JSON and plots know it by. */

export type Metric = { readonly better: "higher" | "lower"; readonly digits: number };

export const METRICS = {
  "nodes/s": { better: "higher", digits: 0 },
  "nodes/s until Kafka has all": { better: "higher", digits: 0 },
  "executions/s at capacity": { better: "higher", digits: 0 },
  "executions/s": { better: "higher", digits: 0 },
  "tasks/s": { better: "higher", digits: 0 },
  "events/s": { better: "higher", digits: 0 },
  "requests/s": { better: "higher", digits: 0 },
  "MB/s": { better: "higher", digits: 1 },
  "ms a step": { better: "lower", digits: 3 },
  "ms in all": { better: "lower", digits: 0 },
  "p50 ms": { better: "lower", digits: 2 },
  "p99 ms": { better: "lower", digits: 2 },
  "ns a call": { better: "lower", digits: 0 },
  "speed-up": { better: "higher", digits: 2 },
  "longest answer ms": { better: "lower", digits: 1 },
  "bytes a node, live": { better: "lower", digits: 0 },
  "bytes a node, RSS at most": { better: "lower", digits: 0 },
  "MiB kept": { better: "lower", digits: 1 },
  "MiB kept, live": { better: "lower", digits: 1 },
  "% of a core": { better: "lower", digits: 2 },
  "bytes written": { better: "lower", digits: 0 },
  refused: { better: "lower", digits: 0 },
  "% refused": { better: "lower", digits: 0 },
  "goodput of capacity": { better: "higher", digits: 2 },
  "leases lost": { better: "lower", digits: 0 },
  "µs CPU an execution": { better: "lower", digits: 0 },
  "µs Redis CPU an execution": { better: "lower", digits: 0 },
  "bytes written an execution": { better: "lower", digits: 0 },
  "bytes kept an execution": { better: "lower", digits: 0 },
  "MiB stored": { better: "lower", digits: 1 },
  "MiB RSS": { better: "lower", digits: 1 },
  "µs CPU a node": { better: "lower", digits: 2 },
  "µs main thread a node": { better: "lower", digits: 2 },
  "µs Redis CPU a node": { better: "lower", digits: 2 },
  "µs Kafka CPU a node": { better: "lower", digits: 2 },
  "Redis calls a node": { better: "lower", digits: 4 },
  "Redis bytes a node": { better: "lower", digits: 0 },
  "Redis memory a node": { better: "lower", digits: 0 },
  "Kafka bytes a node": { better: "lower", digits: 0 },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;

export function isMetric(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}
