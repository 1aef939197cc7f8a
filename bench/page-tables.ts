/** The tables of docs/performance.md by the names that its markers give them, each from a run's figures. */
import { machineSentence } from "./facts.ts";
import type { Variant } from "./case.ts";
import { cellOf, exactly, markdownTable, missingOf, type Row, storesTable, withNote } from "./markdown.ts";
import { ASSUMED, onPaper } from "./million.ts";
import { METRICS, type MetricName } from "./metrics.ts";
import { figureOf, median, type Results } from "./results.ts";
import { ceilingsTable, promisesTable, rivalsTable } from "./rivals-table.ts";
import { STORE_KINDS, STORE_NAMES } from "./stores.ts";
import { ONE_REQUEST } from "./steady-acts.ts";
import { GOALS, STEADY_FORMS } from "./suite.ts";
import { ratiosOf, shownRatio } from "./table.ts";

export const TABLES: Readonly<Record<string, (results: Results) => string>> = {
  machine: ({ machine, startedAt, commit, figures }) => {
    const rounds = figures.map((figure) => figure.rounds.length);
    const medians =
      rounds.length === 0
        ? "nothing was measured"
        : `medians of ${[...new Set([Math.min(...rounds), Math.max(...rounds)])].join(" to ")} rounds`;
    return `${machineSentence(machine)}. ${startedAt.slice(0, 10)}, commit ${commit}; ${medians}.`;
  },
  goals: (results) => goalsTable(results),
  ratios: (results) => ratiosTable(results),
  widths: (results) => storesTable(results, "nodes/s", ofN("fan-out", "nodes/s", WIDTHS)),
  depths: (results) => storesTable(results, "ms a step", ofN("chain", "ms a step", DEPTHS)),
  "at-once": (results) => storesTable(results, "executions/s", AT_ONCE),
  outputs: (results) => storesTable(results, "1 → n → 1, outputs of n", OUTPUTS),
  instances: (results) => instancesTable(results),
  http: (results) => storesTable(results, "over HTTP", HTTP),
  steady: (results) => storesTable(results, "5 nodes at a fixed rate", STEADY),
  overload: (results) => storesTable(results, "twice the capacity", OVERLOAD, ["sqlite", "redis", "redis+kafka"]),
  threads: (results) => storesTable(results, "two threads", THREADS, ["memory", "sqlite", "redis"]),
  footprint: (results) => storesTable(results, "a server", FOOTPRINT),
  micro: (results) => microTable(results),
  rivals: (results) => rivalsTable(results),
  promises: () => promisesTable(),
  ceilings: (results) => ceilingsTable(results),
  "costs-wide": (results) => storesTable(results, "1 → 10,000 → 1", costRows("fan-out", { n: 10_000 })),
  "costs-small": (results) => storesTable(results, "5 nodes, 1,000 at once", costRows("diamonds", { atOnce: 1_000 })),
  "costs-chain": (results) => storesTable(results, "a chain of 200", costRows("chain", { n: 200 })),
  "million-wide": (results) => millionTable(results, "fan-out", { n: 10_000 }),
  "million-small": (results) => millionTable(results, "diamonds", { atOnce: 1_000 }),
};

const WIDTHS: readonly (readonly [number, string])[] = [
  [10, "1 → 10 → 1"],
  [100, "1 → 100 → 1"],
  [1_000, "1 → 1,000 → 1"],
  [10_000, "1 → 10,000 → 1"],
  [99_998, "1 → 99,998 → 1"],
];
const DEPTHS: readonly (readonly [number, string])[] = [
  [20, "a chain of 20"],
  [200, "a chain of 200"],
  [2_000, "a chain of 2,000"],
];

function ofN(name: string, metric: MetricName, values: readonly (readonly [number, string])[]): Row[] {
  return values.map(([n, label]) => ({ label, case: name, variant: { n }, metric }));
}

const AT_ONCE: readonly Row[] = [1, 10, 100, 1_000, 10_000].map((atOnce) => ({
  label: atOnce === 1 ? "one after the other" : `${atOnce.toLocaleString("en")} at once`,
  case: "diamonds",
  variant: { atOnce },
  metric: "executions/s",
}));

const OUTPUTS: readonly Row[] = [
  { label: "1,000 × 100 B", n: 1_000, size: 100 },
  { label: "1,000 × 10 KB", n: 1_000, size: 10_000 },
  { label: "1,000 × 10 KB, all read by the last node", n: 1_000, size: 10_000, part: "read" },
  { label: "100 × 1 MB", n: 100, size: 1_000_000 },
].flatMap(({ label, ...variant }) =>
  (["nodes/s", "MB/s"] as const).map((metric) => ({ label: `${label}, ${metric}`, case: "outputs", variant, metric })),
);

const HTTP: readonly Row[] = [
  { label: "one node, trigger to result, one client: p50 ms", case: "one-node", variant: {}, metric: "p50 ms" },
  { label: "the same: p99 ms", case: "one-node", variant: {}, metric: "p99 ms" },
  { label: "created and triggered, 32 connections: executions/s", case: "rest", variant: {}, metric: "executions/s" },
  { label: "`GET /health`, the HTTP server alone: requests/s", case: "rest", variant: { part: "health" }, metric: "requests/s" },
];

const STEADY_METRICS: readonly MetricName[] = [
  "p50 ms",
  "p99 ms",
  "refused",
  "µs CPU an execution",
  "µs Redis CPU an execution",
  "bytes written an execution",
  "bytes kept an execution",
  "MiB RSS",
];
const STEADY: readonly Row[] = STEADY_FORMS.flatMap((variant) =>
  STEADY_METRICS.map((metric) => ({ label: `${steadyLabel(variant)}: ${metric}`, case: "steady", variant, metric })),
);

function steadyLabel({ rate = 0, part }: Variant): string {
  return `${rate.toLocaleString("en")}/s${part === ONE_REQUEST ? " by one request" : ""}`;
}

const OVERLOAD: readonly Row[] = (
  ["executions/s at capacity", "executions/s", "goodput of capacity", "p50 ms", "p99 ms", "% refused", "leases lost"] as const
).map((metric) => ({ label: metric, case: "overload", variant: { part: ONE_REQUEST }, metric }));

const THREADS: readonly Row[] = [
  { label: "10,000 nodes that each wait 1 s: ms in all", case: "waits", variant: { n: 10_000 }, metric: "ms in all" },
  { label: "10,000 live calls of 1 s: ms in all", case: "calls", variant: { n: 10_000 }, metric: "ms in all" },
  { label: "the same calls alone, by one thread: ms in all", case: "calls", variant: { n: 10_000, part: "fetch" }, metric: "ms in all" },
  { label: "the same calls by BullMQ: ms in all", case: "bullmq-calls", variant: { n: 10_000 }, metric: "ms in all" },
  { label: "200 nodes of 5 ms of CPU: speed-up over one thread", case: "cpu", variant: {}, metric: "speed-up" },
  { label: "the longest answer of `GET /health` meanwhile, ms", case: "cpu", variant: {}, metric: "longest answer ms" },
];

const FOOTPRINT: readonly Row[] = [
  ...(["bytes a node, live", "bytes a node, RSS at most", "MiB kept"] as const).map((metric) => ({
    label: `100,000 nodes in one execution: ${metric}`,
    case: "footprint",
    variant: { n: 100_000 },
    metric,
  })),
  { label: "at rest: % of a core", case: "idle", variant: {}, metric: "% of a core" },
  { label: "at rest for 10 s: bytes written", case: "idle", variant: {}, metric: "bytes written" },
  { label: "from the start to the first answer, ms", case: "start", variant: {}, metric: "ms in all" },
];

function costRows(name: string, variant: Variant): Row[] {
  const metrics = Object.keys(METRICS).filter((metric) => metric.endsWith(" a node")) as MetricName[];
  return metrics.map((metric) => ({ label: metric, case: name, variant, metric }));
}

/** `≥` or `≤` where it is reached; else in bold. */
function goalsTable(results: Results): string {
  const missing: string[] = [];
  const byRow = Map.groupBy(GOALS, ({ case: name, variant: { store: _, ...variant }, metric }) => titleOf(name, variant, metric));
  const rows = Array.from(byRow, ([title, goals]) => {
    missing.push(...missingOf(results, title, goals));
    const cells = STORE_KINDS.map((store) => {
      const goal = goals.find(({ variant }) => variant.store === store);
      if (goal === undefined) return "";
      const figure = figureOf(results, goal.case, goal.variant, goal.metric);
      if (figure === undefined) return "–";
      const found = median(figure.rounds);
      const [higher, shown, wanted] = [
        METRICS[goal.metric].better === "higher",
        exactly(found, goal.metric),
        goal.goal.toLocaleString("en"),
      ];
      if (higher ? found >= goal.goal : found <= goal.goal) return `${shown} ${higher ? "≥" : "≤"} ${wanted}`;
      return `**${shown} ${higher ? "<" : ">"} ${wanted}**`;
    });
    return [title, ...cells];
  }).filter(([, ...cells]) => cells.some((cell) => cell !== "" && cell !== "–"));
  return withNote(rows.length === 0 ? null : markdownTable([["", ...STORE_KINDS.map((store) => STORE_NAMES[store])], ...rows]), missing);
}

const TITLES: Readonly<Record<string, string>> = {
  "fan-out": "1 → 10,000 → 1",
  diamonds: "5 nodes, 1,000 executions at once",
  chain: "a chain of 200",
  "one-node": "one node over HTTP, trigger to result",
  rest: "created and triggered over HTTP",
  waits: "10,000 nodes that wait 1 s",
  calls: "10,000 live calls of 1 s",
  cpu: "`GET /health` while nodes compute",
  footprint: "100,000 nodes",
  idle: "at rest",
  start: "start to first answer",
  overload: "twice the capacity over HTTP",
};

function titleOf(name: string, { n: _, ...variant }: Variant, metric: MetricName): string {
  const part = variant.part === undefined ? "" : ` (${variant.part})`;
  return `${TITLES[name] ?? name}${part}, ${metric}`;
}

function ratiosTable(results: Results): string {
  const rows = ratiosOf(results).map(({ title, found, goal }) => {
    const shown = shownRatio(found);
    if (goal === null) return [title, shown];
    return [title, found >= goal ? `${shown} ≥ ${goal}` : `**${shown} < ${goal}**`];
  });
  return withNote(rows.length === 0 ? null : markdownTable([["in the same run", "times"], ...rows]), rows.length === 0 ? ["ratios"] : []);
}

function instancesTable(results: Results): string {
  const counts = [1, 2, 3];
  const missing: string[] = [];
  const rows = [1_000, 20].flatMap((n) =>
    (["redis", "redis+kafka"] as const).flatMap((store) =>
      (["nodes/s", "nodes/s until Kafka has all"] as const).flatMap((metric) => {
        const label = `1 → ${n.toLocaleString("en")} → 1, ${STORE_NAMES[store]}${metric === "nodes/s" ? "" : ", until Kafka has every event"}`;
        const figures = counts.map((instances) => figureOf(results, "instances", { store, n, instances }, metric));
        if (figures.some((figure) => figure !== undefined)) return [[label, ...figures.map(cellOf)]];
        if (metric === "nodes/s") missing.push(label);
        return [];
      }),
    ),
  );
  const head = ["nodes/s, 900 executions at once", "one instance", "two", "three"];
  return withNote(rows.length === 0 ? null : markdownTable([head, ...rows]), missing);
}

const MICRO: readonly (readonly [part: string, what: string])[] = [
  ["mailbox", "a message told and received, of a batch of 512"],
  ["decide-evolve", "an outcome decided and applied, in a fan-out of 1,000"],
  ["template-parse", "a string with three templates parsed"],
  ["template-resolve", "a config of two strings filled in from params and a parent's output"],
  ["codec-encode", "an event packed, of 1,000"],
  ["codec-decode", "an event unpacked, of 1,000"],
  ["pool-1", "an attempt to a thread and back, alone"],
  ["pool-512", "an attempt to a thread and back, of 512 at once"],
  ["check-diamond", "a definition of 5 nodes checked, a node"],
  ["check-1000", "a definition of 1,000 nodes checked, a node"],
];

function microTable(results: Results): string {
  const missing: string[] = [];
  const row = (what: string, variant: Variant): string[][] => {
    const figure = figureOf(results, "micro", variant, "ns a call");
    if (figure === undefined) missing.push(what);
    return figure === undefined ? [] : [[what, cellOf(figure)]];
  };
  const commits = (["commit-1", "commit-100"] as const).flatMap((part) =>
    (["memory", "sqlite", "redis"] as const).flatMap((store) =>
      row(`a commit of ${part === "commit-1" ? "one entry" : "100 entries, an entry"}, ${STORE_NAMES[store]}`, { part, store }),
    ),
  );
  const rows = [...MICRO.flatMap(([part, what]) => row(what, { part })), ...commits];
  return withNote(rows.length === 0 ? null : markdownTable([["", "ns"], ...rows]), missing);
}

function millionTable(results: Results, name: string, variant: Variant): string {
  const { parts, firstFull, lanes, redisMBs, kafkaMBs } = onPaper(results, { case: name, variant: { ...variant, store: "redis+kafka" } });
  if (parts.length === 0) return withNote(null, [`${TITLES[name]} on ${STORE_NAMES["redis+kafka"]}`]);
  const rough = (value: number): string => Math.round(Number(value.toPrecision(3))).toLocaleString("en");
  const rows = parts.map((part) => [part.name, part.taken, rough(part.eachPerSecond), rough(part.count)]);
  const told = [
    firstFull === null
      ? []
      : [`First full in the moment, with one of each: **${firstFull.name}**, at ${rough(firstFull.eachPerSecond)} nodes/s.`],
    lanes === null ? [] : [`Lanes: ${lanes}.`],
    redisMBs === null ? [] : [`To Redis ${rough(redisMBs)} MB/s in all.`],
    kafkaMBs === null ? [] : [`To Kafka ${rough(kafkaMBs)} MB/s, before its copies.`],
  ];
  const head = ["", "a node takes", "one takes, nodes/s", `for ${ASSUMED.nodesPerSecond.toLocaleString("en")} nodes/s`];
  return `${markdownTable([head, ...rows])}\n\n${told.flat().join(" ")}`;
}
