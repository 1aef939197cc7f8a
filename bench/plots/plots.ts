/** The plots of the page, from a run's figures. What was not measured is not drawn; a plot of which nothing was is left out. */
import type { StoreKind, Variant } from "../case.ts";
import type { MetricName } from "../metrics.ts";
import { figureOf, median, type Results } from "../results.ts";
import { RIVALS } from "../rivals/promises.ts";
import { STORE_KINDS, STORE_NAMES } from "../stores.ts";
import { barsPlot } from "./bars.ts";
import { linesPlot, type LinesPlot, type Point } from "./lines.ts";
import { HUES } from "./svg.ts";

const STORE_HUES: Readonly<Record<StoreKind, string>> = {
  memory: HUES.blue,
  sqlite: HUES.green,
  redis: HUES.orange,
  "redis+kafka": HUES.purple,
};

/** By file name; null where nothing of it was measured. */
export function plotsOf(results: Results): Readonly<Record<string, string | null>> {
  return { "widths.svg": widths(results), "at-once.svg": atOnce(results), "costs.svg": costs(results) };
}

/** The largest is 100,000 nodes in all. */
const WIDTHS = [10, 100, 1_000, 10_000, 99_998];
const RIVAL_WIDTHS = [10_000, 1_000];

function widths(results: Results): string | null {
  const lines = linesOf(results, { case: "fan-out", metric: "nodes/s", values: WIDTHS, variantOf: (n) => ({ n }) });
  if (lines.length === 0) return null;
  const marks = RIVALS.flatMap(({ title, case: name, variant }) => {
    for (const n of RIVAL_WIDTHS) {
      const figure =
        figureOf(results, name, { part: "fan-out", ...variant, n }, "nodes/s") ?? figureOf(results, name, { ...variant, n }, "tasks/s");
      if (figure !== undefined) return [{ name: title, x: n, y: median(figure.rounds) }];
    }
    return [];
  });
  return linesPlot({
    title: "Nodes a second by width",
    subtitle: `one execution of 1 → n → 1 noop nodes, from its trigger to its end${marks.length === 0 ? "" : "; others, who promise less, as diamonds"}`,
    caption: captionOf(results, SPREAD),
    x: { name: "n, the nodes that run side by side", ticks: [10, 100, 1_000, 10_000, 100_000] },
    y: { name: "nodes a second" },
    lines,
    marks,
  });
}

const AT_ONCE = [1, 10, 100, 1_000, 10_000];

function atOnce(results: Results): string | null {
  const lines = linesOf(results, { case: "diamonds", metric: "executions/s", values: AT_ONCE, variantOf: (atOnce) => ({ atOnce }) });
  if (lines.length === 0) return null;
  return linesPlot({
    title: "Executions a second by how many are under way",
    subtitle: "executions of 1 → 3 → 1 noop nodes, each created, triggered and waited for, inside the process",
    caption: captionOf(results, SPREAD),
    x: { name: "executions under way at a time", ticks: AT_ONCE },
    y: { name: "executions a second" },
    lines,
    marks: [],
  });
}

/** A point for each of the values. */
type Measured = {
  readonly case: string;
  readonly metric: MetricName;
  readonly values: readonly number[];
  readonly variantOf: (value: number) => Variant;
};

function linesOf(results: Results, { case: name, metric, values, variantOf }: Measured): LinesPlot["lines"] {
  return STORE_KINDS.flatMap((store) => {
    const points = values.flatMap((value): Point[] => {
      const figure = figureOf(results, name, { store, ...variantOf(value) }, metric);
      // Nothing done has no place on a logarithmic axis.
      if (figure === undefined || !(Math.min(...figure.rounds) > 0)) return [];
      return [{ x: value, y: median(figure.rounds), low: Math.min(...figure.rounds), high: Math.max(...figure.rounds) }];
    });
    return points.length === 0 ? [] : [{ name: STORE_NAMES[store], hue: STORE_HUES[store], points }];
  });
}

const PARTS = [
  { name: "main thread", hue: HUES.blue },
  { name: "other threads of the process", hue: HUES.sky },
  { name: "Redis", hue: HUES.orange },
  { name: "Kafka", hue: HUES.purple },
];

function costs(results: Results): string | null {
  const panels = [
    { name: "One execution of 1 → 10,000 → 1", case: "fan-out", variant: { n: 10_000 } },
    { name: "Executions of 5 nodes, 1,000 at once", case: "diamonds", variant: { atOnce: 1_000 } },
  ].flatMap(({ name, case: caseName, variant }) => {
    const bars = STORE_KINDS.flatMap((store) => {
      const value = (metric: MetricName): number | null => {
        const figure = figureOf(results, caseName, { store, ...variant }, metric);
        return figure === undefined ? null : median(figure.rounds);
      };
      const [all, main] = [value("µs CPU a node"), value("µs main thread a node")];
      if (all === null || main === null) return [];
      const values = [main, Math.max(0, all - main), value("µs Redis CPU a node") ?? 0, value("µs Kafka CPU a node") ?? 0];
      return [{ name: STORE_NAMES[store], values }];
    });
    return bars.length === 0 ? [] : [{ name, bars }];
  });
  if (panels.length === 0) return null;
  return barsPlot({
    title: "What a node costs",
    subtitle: "microseconds of CPU a node, by who spends them; the panels have scales of their own",
    caption: captionOf(results, "Medians of rounds"),
    unit: "µs a node",
    parts: PARTS,
    panels,
  });
}

const SPREAD = "Medians of rounds, and from the lowest to the highest";

function captionOf({ machine, startedAt, commit }: Results, what: string): string[] {
  const { cores, processor, memoryGiB, system, bun, threads, redis, kafka, loadBefore } = machine;
  const services = [redis === null ? [] : [`Redis ${redis}`], kafka === null ? [] : [`Kafka ${kafka}`]].flat();
  return [
    `${what}. ${startedAt.slice(0, 10)}, commit ${commit}, load ${loadBefore.toFixed(1)} before.`,
    `${cores} cores (${processor}), ${memoryGiB} GiB, ${system}, Bun ${bun}, ${threads} threads${["", ...services].join(", ")}.`,
  ];
}
