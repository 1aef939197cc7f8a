/** What the suite measures, in groups that are measured side by side, and what we want of it. */
import type { StoreKind, Variant } from "./case.ts";
import type { Goal, RatioGoal } from "./goal.ts";
import type { SubjectName } from "./group.ts";
import type { MetricName } from "./metrics.ts";
import {
  BESIDE_CALLS,
  BESIDE_CHAIN,
  BESIDE_DIAMONDS,
  BESIDE_FAN_OUT,
  BESIDE_ONE_NODE,
  RIVAL_RATIOS,
  SMALL_CEILINGS,
} from "./rivals/compared.ts";
import { ONE_REQUEST } from "./steady-acts.ts";

export type Group = {
  /** What the command line knows it by. */
  readonly key: string;
  readonly title: string;
  readonly subjects: readonly SubjectName[];
  /** Where more than the fewest are needed. */
  readonly rounds?: number;
};

const STORES: readonly StoreKind[] = ["memory", "sqlite", "redis", "redis+kafka"];
const OVERLOADED: readonly StoreKind[] = ["sqlite", "redis", "redis+kafka"];
const RESTING: readonly StoreKind[] = ["sqlite", "redis", "redis+kafka"];

const WAITING: readonly StoreKind[] = ["memory", "sqlite", "redis"];

const CPU_RAW: SubjectName = { case: "cpu", variant: { part: "raw" } };

/** Executions a second that arrive, whatever becomes of those before them. */
export const STEADY_FORMS: readonly Variant[] = [{ rate: 300 }, { rate: 1_000 }, { rate: 1_000, part: ONE_REQUEST }];

export const GROUPS: readonly Group[] = [
  { key: "fan-out-10", title: "Fan-out, narrow", subjects: onStores("fan-out", { n: 10 }) },
  { key: "fan-out-100", title: "Fan-out of 100", subjects: onStores("fan-out", { n: 100 }) },
  { key: "fan-out-1000", title: "Fan-out of 1,000", subjects: onStores("fan-out", { n: 1_000 }) },
  {
    key: "fan-out-10000",
    title: "Fan-out of 10,000 beside others, and of 100,000",
    subjects: [...onStores("fan-out", { n: 10_000 }), ...BESIDE_FAN_OUT, ...onStores("fan-out", { n: 99_998 })],
  },
  { key: "diamonds", title: "5-node diamonds, 1,000 at once", subjects: [...onStores("diamonds", { atOnce: 1_000 }), ...BESIDE_DIAMONDS] },
  { key: "chain", title: "A chain of 200", subjects: [...onStores("chain", { n: 200 }), ...BESIDE_CHAIN] },
  { key: "depth", title: "Chains of 20 and 2,000", subjects: [20, 2_000].flatMap((n) => onStores("chain", { n })) },
  {
    key: "at-once",
    title: "5-node diamonds, 1 to 10,000 at once",
    subjects: [1, 10, 100, 10_000].flatMap((atOnce) => onStores("diamonds", { atOnce })),
  },
  { key: "outputs-100", title: "Outputs of 100 bytes", subjects: onStores("outputs", { n: 1_000, size: 100 }) },
  {
    key: "outputs-10000",
    title: "Outputs of 10 KB, read by the last node and not",
    subjects: [...onStores("outputs", { n: 1_000, size: 10_000 }), ...onStores("outputs", { n: 1_000, size: 10_000, part: "read" })],
  },
  { key: "outputs-1000000", title: "Outputs of 1 MB", subjects: onStores("outputs", { n: 100, size: 1_000_000 }) },
  { key: "one-node", title: "One node over HTTP, and others in the process", subjects: [...onStores("one-node", {}), ...BESIDE_ONE_NODE] },
  {
    key: "rest",
    title: "Created and triggered over HTTP",
    subjects: [{ case: "rest", variant: { store: "memory", part: "health" } }, ...onStores("rest", {})],
  },
  { key: "steady", title: "A steady load over HTTP", subjects: STEADY_FORMS.flatMap((form) => onStores("steady", form)) },
  { key: "overload", title: "Twice the capacity over HTTP", subjects: onStores("overload", { part: ONE_REQUEST }, OVERLOADED) },
  ...["redis" as const, "redis+kafka" as const].flatMap((store) =>
    [1_000, 20].map((n) => ({
      key: `instances-${n}`,
      title: `1 to 3 instances on ${store}, 1 → ${n} → 1`,
      subjects: [1, 2, 3].map((instances) => ({ case: "instances", variant: { store, n, instances } })),
    })),
  ),
  { key: "relay", title: "The relay alone", subjects: [4, 20].map((n) => ({ case: "relay", variant: { store: "redis+kafka", n } })) },
  {
    key: "waits",
    title: "10,000 nodes that wait a second, made up and by live calls",
    subjects: [...onStores("waits", { n: 10_000 }, WAITING), ...onStores("calls", { n: 10_000 }, WAITING), ...BESIDE_CALLS],
  },
  {
    key: "cpu",
    title: "Nodes that compute, beside raw Workers",
    subjects: [CPU_RAW, ...onStores("cpu", {}, ["memory", "sqlite"])],
  },
  { key: "footprint", title: "Memory of 100,000 nodes", subjects: onStores("footprint", { n: 100_000 }, ["memory", "sqlite"]) },
  { key: "idle", title: "At rest", subjects: onStores("idle", {}, RESTING) },
  { key: "start", title: "From the start to the first answer", subjects: onStores("start", {}, ["memory", "sqlite", "redis"]) },
  { key: "small-commits", title: "Small commits without an engine", subjects: SMALL_CEILINGS },
  { key: "micro", title: "Parts alone", subjects: parts() },
];

export const GOALS: readonly Goal[] = [
  ...goals(onStores("fan-out", { n: 10_000 }), "nodes/s", [300_000, 200_000, 200_000, 120_000]),
  ...goals(onStores("diamonds", { atOnce: 1_000 }), "executions/s", [30_000, 20_000, 20_000, 12_000]),
  ...goals(onStores("chain", { n: 200 }), "ms a step", [0.03, 0.4, 0.2, 0.2]),
  ...goals(onStores("one-node"), "p50 ms", [0.5, 1, 1, 1]),
  ...goals(onStores("one-node"), "p99 ms", [3, 5, 5, 5]),
  ...goals(onStores("rest"), "executions/s", [8_000, 8_000, 8_000, 8_000]),
  ...goals(onStores("overload", { part: ONE_REQUEST }, OVERLOADED), "goodput of capacity", [0.8, 0.8, 0.8]),
  ...goals(onStores("overload", { part: ONE_REQUEST }, OVERLOADED), "p99 ms", [3_000, 3_000, 3_000]),
  ...goals(onStores("overload", { part: ONE_REQUEST }, ["redis", "redis+kafka"]), "leases lost", [0, 0]),
  ...goals(onStores("waits", { n: 10_000 }), "ms in all", [3_000, 3_000, 3_000]),
  ...goals(onStores("calls", { n: 10_000 }), "ms in all", [3_000, 3_000, 3_000]),
  ...goals(onStores("cpu"), "longest answer ms", [50, 50]),
  ...goals(onStores("footprint", { n: 100_000 }), "bytes a node, live", [1_024, 1_024]),
  ...goals(onStores("footprint", { n: 100_000 }), "bytes a node, RSS at most", [1_024, 1_024]),
  ...goals(onStores("footprint", { n: 100_000 }), "MiB kept", [8, 8]),
  ...goals(onStores("idle", {}, RESTING), "% of a core", [0.5, 0.5, 0.5]),
  ...goals(onStores("idle", {}, RESTING), "bytes written", [0, 0, 0]),
  ...goals(onStores("start"), "ms in all", [300, 300, 300]),
];

export const RATIOS: readonly RatioGoal[] = [
  ...RIVAL_RATIOS,
  ...STORES.map(
    (store): RatioGoal => ({
      title: `fan-out of 100,000 to one of 10,000, ${store}`,
      metric: "nodes/s",
      ours: { case: "fan-out", variant: { store, n: 99_998 } },
      theirs: { case: "fan-out", variant: { store, n: 10_000 } },
      goal: 0.8,
    }),
  ),
  ...onStores("cpu", {}, ["memory", "sqlite"]).map(
    (ours): RatioGoal => ({
      title: `200 × 5 ms of CPU to raw Workers, ${ours.variant.store}`,
      metric: "speed-up",
      ours,
      theirs: CPU_RAW,
      goal: 0.95,
    }),
  ),
];

function onStores(name: string, variant: Variant = {}, stores: readonly StoreKind[] = STORES): SubjectName[] {
  return stores.map((store) => ({ case: name, variant: { store, ...variant } }));
}

function parts(): SubjectName[] {
  const alone = ["mailbox", "decide-evolve", "template-parse", "template-resolve", "codec-encode", "codec-decode"];
  const rest = ["pool-1", "pool-512", "check-diamond", "check-1000"];
  return [
    ...[...alone, ...rest].map((part) => ({ case: "micro", variant: { part } })),
    ...["commit-1", "commit-100"].flatMap((part) => onStores("micro", { part }, ["memory", "sqlite", "redis"])),
  ];
}

/** One goal for each of the first subjects. */
function goals(subjects: readonly SubjectName[], metric: MetricName, values: readonly number[]): Goal[] {
  return values.map((goal, at) => ({ ...(subjects[at] as SubjectName), metric, goal }));
}

/**
 * The groups of which something is wanted, each with just that. `what`: a case or a group's key; `variant`: what is said of it.
 * What is no part of the suite is a group of its own, so that any form of a case can be measured.
 */
export function chosen(what: string | null, variant: Variant): readonly Group[] {
  const fits = (subject: SubjectName): boolean =>
    Object.entries(variant).every(([key, value]) => subject.variant[key as keyof Variant] === value);
  const found = GROUPS.flatMap((group) => {
    const isWhole = what === null || what === group.key;
    const subjects = group.subjects.filter((subject) => (isWhole || subject.case === what) && fits(subject));
    return subjects.length === 0 ? [] : [{ ...group, subjects }];
  });
  if (found.length > 0 || what === null) return found;
  return [{ key: what, title: what, subjects: [{ case: what, variant: { store: "memory", ...variant } }] }];
}
