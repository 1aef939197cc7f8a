/** Tables of a page: what was measured in rows and columns, and a note of what was not. */
import type { StoreKind, Variant } from "./case.ts";
import type { SubjectName } from "./group.ts";
import { METRICS, type MetricName } from "./metrics.ts";
import { type Figure, figureOf, median, nameOf, type Results } from "./results.ts";
import { STORE_KINDS, STORE_NAMES } from "./stores.ts";
import { GROUPS } from "./suite.ts";
import { shown } from "./table.ts";

/** The first row is the head; the first column to the left, the others to the right. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), `|${head.map((_, at) => (at === 0 ? "---" : "---:")).join("|")}|`, ...body.map(line)].join("\n");
}

/** What a row shows; where it holds a store, the columns' stores take its place. */
export type Row = { readonly label: string; readonly case: string; readonly variant: Variant; readonly metric: MetricName };

/** A column for each store. A row of which nothing was measured is left out, and named below if the suite would have measured it. */
export function storesTable(results: Results, head: string, rows: readonly Row[], stores: readonly StoreKind[] = STORE_KINDS): string {
  const missing: string[] = [];
  const shownRows = rows.flatMap(({ label, case: name, variant, metric }) => {
    const figures = stores.map((store) => figureOf(results, name, { ...variant, store }, metric));
    missing.push(
      ...missingOf(
        results,
        label,
        stores.map((store) => ({ case: name, variant: { ...variant, store } })),
      ),
    );
    return figures.every((figure) => figure === undefined) ? [] : [[label, ...figures.map(cellOf)]];
  });
  return withNote(
    shownRows.length === 0 ? null : markdownTable([[head, ...stores.map((store) => STORE_NAMES[store])], ...shownRows]),
    missing,
  );
}

/** What of these the suite measures and this run did not: the label alone where it is all of them. One of which only some metrics are there has no others. */
export function missingOf(results: Results, label: string, subjects: readonly SubjectName[]): string[] {
  const inSuite = subjects.filter((subject) => GROUPS.some((group) => group.subjects.some((each) => nameOf(each) === nameOf(subject))));
  const absent = inSuite.filter((subject) => !results.figures.some((figure) => nameOf(figure) === nameOf(subject)));
  if (absent.length === 0) return [];
  if (absent.length === inSuite.length) return [label];
  return [`${label} (${absent.map(({ variant: { store } }) => (store === undefined ? "alone" : STORE_NAMES[store])).join(", ")})`];
}

/** `412,000 (389,000 – 431,000)`: the median of the rounds, the lowest and the highest. */
export function cellOf(figure: Figure | undefined): string {
  if (figure === undefined) return "–";
  const { rounds, metric } = figure;
  return `${exactly(median(rounds), metric)} (${exactly(Math.min(...rounds), metric)} – ${exactly(Math.max(...rounds), metric)})`;
}

/** A very small one keeps two digits that mean something. */
export function exactly(value: number, metric: MetricName): string {
  const { digits } = METRICS[metric];
  return digits > 0 && value !== 0 && Math.abs(value) < 0.5 * 10 ** -digits ? value.toPrecision(2) : shown(value, metric);
}

/** The table, and what is not in it. */
export function withNote(table: string | null, missing: readonly string[]): string {
  const note = missing.length === 0 ? [] : [`*Not in this run: ${[...new Set(missing)].join("; ")}.*`];
  return [table ?? [], note].flat().join("\n\n");
}
