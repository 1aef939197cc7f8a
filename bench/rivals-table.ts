/** What others reach in the same run beside ours, what they promise, and what the machine gives without any engine. */
import type { StoreKind } from "./case.ts";
import { cellOf, markdownTable, withNote } from "./markdown.ts";
import type { MetricName } from "./metrics.ts";
import type { Figure, Results } from "./results.ts";
import { PROMISES, QUESTIONS, RIVALS } from "./rivals/promises.ts";
import { STORE_KINDS, STORE_NAMES } from "./stores.ts";

type Column = {
  readonly head: string;
  /** The case of ours, and the part of theirs. */
  readonly shape: string;
  readonly count: { readonly n?: number; readonly atOnce?: number };
  readonly metrics: readonly MetricName[];
};

const COLUMNS: readonly Column[] = [
  { head: "1 → 10,000 → 1, nodes/s", shape: "fan-out", count: { n: 10_000 }, metrics: ["nodes/s", "tasks/s"] },
  { head: "5 nodes, 1,000 at once, executions/s", shape: "diamonds", count: { atOnce: 1_000 }, metrics: ["executions/s"] },
  { head: "a chain of 200, ms a step", shape: "chain", count: { n: 200 }, metrics: ["ms a step"] },
  { head: "one node, p50 ms (ours over HTTP)", shape: "one-node", count: {}, metrics: ["p50 ms"] },
];

export function rivalsTable(results: Results): string {
  const ours = STORE_KINDS.map((store) => [
    `**Troupe**, ${STORE_NAMES[store]}`,
    ...COLUMNS.map(({ shape, count, metrics }) => cellOf(found(results, { name: shape, store, count, metrics }))),
  ]);
  const missing: string[] = [];
  const theirs = RIVALS.flatMap(({ title, case: name, variant: { store, part } }) => {
    const figures = COLUMNS.map(({ shape, count, metrics }) => found(results, { name, store, part: part ?? shape, count, metrics }));
    if (figures.every((figure) => figure === undefined)) missing.push(title);
    return figures.every((figure) => figure === undefined) ? [] : [[title, ...figures.map(cellOf)]];
  });
  const rows = [...ours.filter(([, ...cells]) => cells.some((cell) => cell !== "–")), ...theirs];
  return withNote(rows.length === 0 ? null : markdownTable([["", ...COLUMNS.map(({ head }) => head)], ...rows]), missing);
}

/** Looked up in their own documentation and source, whether or not they were measured. */
export function promisesTable(): string {
  const rows = (Object.keys(QUESTIONS) as (keyof typeof QUESTIONS)[]).map((key) => [
    QUESTIONS[key],
    ...PROMISES.map(({ answers }) => answers[key]),
  ]);
  return markdownTable([["", ...PROMISES.map(({ name }) => name)], ...rows]).replaceAll("---:", "---");
}

const CEILINGS: readonly (readonly [part: string, what: string])[] = [
  ["threads", "messages to two Workers and back, in batches"],
  ["sqlite", "packed commits to SQLite, synced"],
  ["redis", "packed commits to Redis"],
  ["kafka", "records to Kafka, through its usual client"],
];

export function ceilingsTable(results: Results): string {
  const missing: string[] = [];
  const rows = CEILINGS.flatMap(([part, what]) => {
    const figures = results.figures.filter(
      ({ case: name, variant, metric }) => name === "ceiling" && variant.part === part && / *\/s$/.test(metric),
    );
    if (figures.length === 0) missing.push(what);
    return figures.map((figure) => [
      figure.variant.n === undefined ? what : `${what}, ${figure.variant.n.toLocaleString("en")} in each`,
      `${cellOf(figure)} ${figure.metric}`,
    ]);
  });
  return withNote(
    rows.length === 0 ? null : markdownTable([["without an engine; an event stands for a node", "a second"], ...rows]),
    missing,
  );
}

type Wanted = Pick<Column, "count" | "metrics"> & { readonly name: string; readonly store: StoreKind | undefined; readonly part?: string };

/** Theirs names the shape as its part, ours as its case. A count that a figure does not name is the case's usual one. */
function found({ figures }: Results, { name, store, part, count, metrics }: Wanted): Figure | undefined {
  return figures.find(({ case: of, variant, metric }) => {
    const isShape = of === name && variant.store === store && (variant.part === undefined || variant.part === part);
    const isCount = (variant.n ?? count.n) === count.n && (variant.atOnce ?? count.atOnce) === count.atOnce;
    return isShape && isCount && metrics.includes(metric);
  });
}
