/** The one table of a run: every figure with its spread and its goal, and the ratios that we want of some. */
import { METRICS, type MetricName } from "./metrics.ts";
import { type Figure, figureOf, median, nameOf, ratio, type Results } from "./results.ts";
import { GOALS, RATIOS } from "./suite.ts";

/** Lines for a terminal. */
export function tableOf(results: Results): string {
  const rows = results.figures.map((figure) => {
    const goal = goalOf(figure);
    const reached =
      goal === null ? "" : METRICS[figure.metric].better === "higher" ? median(figure.rounds) >= goal : median(figure.rounds) <= goal;
    return [
      nameOf(figure),
      figure.metric,
      shown(median(figure.rounds), figure.metric),
      `${shown(Math.min(...figure.rounds), figure.metric)} – ${shown(Math.max(...figure.rounds), figure.metric)}`,
      goal === null ? "" : shown(goal, figure.metric),
      reached === "" ? "" : reached ? "yes" : "NO",
    ];
  });
  const ratios = ratiosOf(results).map(({ title, found, goal }) => [
    title,
    "ratio",
    shownRatio(found),
    "",
    goal === null ? "" : goal.toFixed(2),
    goal === null ? "" : found >= goal ? "yes" : "NO",
  ]);
  return aligned([["case", "", "median", "lowest – highest round", "goal", "reached"], ...rows, ...ratios]);
}

/** `goal`: null where it is only worth knowing. */
export type FoundRatio = { readonly title: string; readonly found: number; readonly goal: number | null };

/** Those whose both sides were measured. */
export function ratiosOf(results: Results): FoundRatio[] {
  return RATIOS.flatMap(({ title, metric, ours, theirs, theirMetric = metric, goal }) => {
    const our = figureOf(results, ours.case, ours.variant, metric);
    const their = figureOf(results, theirs.case, theirs.variant, theirMetric);
    if (our === undefined || their === undefined) return [];
    return [{ title, found: METRICS[metric].better === "higher" ? ratio(our, their) : ratio(their, our), goal }];
  });
}

/** What we want of it, or null where nothing was said. */
export function goalOf(figure: Figure): number | null {
  const name = nameOf(figure);
  return GOALS.find((goal) => goal.metric === figure.metric && nameOf(goal) === name)?.goal ?? null;
}

/** A small one keeps two digits that mean something. */
export function shownRatio(ratio: number): string {
  return ratio < 0.1 ? ratio.toPrecision(2) : ratio.toFixed(2);
}

/** With as many digits as mean something. */
export function shown(value: number, metric: MetricName): string {
  const { digits } = METRICS[metric];
  if (digits > 0) return value.toFixed(digits);
  return Math.round(Number(value.toPrecision(3))).toLocaleString("en");
}

/** Columns as wide as they need; the first to the left, numbers to the right. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  "),
    )
    .join("\n");
}
