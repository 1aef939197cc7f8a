/** Results of the suite, made for tests. */
import type { Variant } from "../../bench/case.ts";
import type { MetricName } from "../../bench/metrics.ts";
import type { Figure, Results } from "../../bench/results.ts";

export function figure(name: string, variant: Variant, metric: MetricName, ...rounds: number[]): Figure {
  return { case: name, variant, metric, rounds };
}

export function resultsOf(...figures: Figure[]): Results {
  const machine = {
    cores: 2,
    processor: "a processor",
    memoryGiB: 8,
    system: "linux x64",
    bun: "1.0.0",
    threads: 2,
    fsyncMs: 0.1,
    redis: "7.0.0",
    kafka: null,
    loadBefore: 0.1,
    loadAfter: 0.2,
  };
  return { format: 1, commit: "abc1234", startedAt: "2026-01-02T03:04:05.000Z", machine, figures };
}
