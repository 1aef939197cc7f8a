/** What a run of the suite found, as it is kept in a JSON file, and the figures that are made of it. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import type { Variant } from "./case.ts";
import { isMetric, type MetricName } from "./metrics.ts";

const resultsSchema = v.object({
  format: v.literal(1),
  commit: v.string(),
  startedAt: v.string(),
  machine: v.object({
    cores: v.number(),
    processor: v.string(),
    memoryGiB: v.number(),
    system: v.string(),
    bun: v.string(),
    threads: v.number(),
    fsyncMs: v.number(),
    redis: v.nullable(v.string()),
    kafka: v.nullable(v.string()),
    loadBefore: v.number(),
    loadAfter: v.number(),
  }),
  figures: v.array(
    v.object({
      case: v.string(),
      variant: v.object({
        store: v.optional(v.picklist(["memory", "sqlite", "redis", "redis+kafka"])),
        n: v.optional(v.number()),
        size: v.optional(v.number()),
        atOnce: v.optional(v.number()),
        instances: v.optional(v.number()),
        rate: v.optional(v.number()),
        minutes: v.optional(v.number()),
        part: v.optional(v.string()),
      }),
      metric: v.pipe(v.string(), v.check(isMetric, "an unknown metric")),
      /** One for each round, in order: figures of one group and round were measured side by side. */
      rounds: v.array(v.number()),
    }),
  ),
});

export type Machine = v.InferOutput<typeof resultsSchema>["machine"];

export type Figure = {
  readonly case: string;
  readonly variant: Variant;
  readonly metric: MetricName;
  readonly rounds: readonly number[];
};

export type Results = {
  readonly format: 1;
  readonly commit: string;
  readonly startedAt: string;
  readonly machine: Machine;
  readonly figures: readonly Figure[];
};

/** Throws with a sentence where the file is not what this suite writes. */
export function readResults(path: string): Results {
  const parsed = v.safeParse(resultsSchema, JSON.parse(readFileSync(path, "utf8")));
  if (!parsed.success) throw new Error(`${path} holds no results of this suite: ${parsed.issues[0].message}`);
  return parsed.output as Results;
}

/** What stands for a figure's rounds. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[middle - 1] ?? Number.NaN, sorted[middle] ?? Number.NaN];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

/** The value that so large a share of all does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** `fan-out redis n=10000`: the same for the same form of a case, whatever the order of its parts. */
export function nameOf({ case: name, variant }: { readonly case: string; readonly variant: Variant }): string {
  const { store, part, n, size, atOnce, instances, rate, minutes } = variant;
  const numbers = Object.entries({ n, size, atOnce, instances, rate, minutes }).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${value}`],
  );
  return [name, ...(store === undefined ? [] : [store]), ...(part === undefined ? [] : [part]), ...numbers].join(" ");
}

/** The figure of this form, or undefined where it was not measured. */
export function figureOf(results: Results, name: string, variant: Variant, metric: MetricName): Figure | undefined {
  const wanted = nameOf({ case: name, variant });
  return results.figures.find((figure) => figure.metric === metric && nameOf(figure) === wanted);
}

/** The median over rounds of the quotient of each: noise that harmed both falls out. */
export function ratio(ours: Figure, theirs: Figure): number {
  const quotients = ours.rounds.flatMap((value, round) => {
    const other = theirs.rounds[round];
    return other === undefined ? [] : [value / other];
  });
  return median(quotients);
}
