/** Which rivals and ceilings are measured beside our own cases, and which figures are set against which. */
import type { StoreKind, Variant } from "../case.ts";
import type { RatioGoal } from "../goal.ts";
import type { SubjectName } from "../group.ts";

const FAN_OUT = 10_000;
const AT_ONCE = 1_000;
const CHAIN = 200;
const CALLS = 10_000;
const PACKED = 4_000;
/** About what one commit of a small execution has. */
const FEW = 4;

const BULLMQ_FAN_OUT: SubjectName = { case: "bullmq", variant: { store: "redis", part: "fan-out", n: FAN_OUT } };
const BULLMQ_ADDED: SubjectName = { case: "bullmq", variant: { store: "redis", part: "fan-out-added", n: FAN_OUT } };
const BULLMQ_DIAMONDS: SubjectName = { case: "bullmq", variant: { store: "redis", part: "diamonds", atOnce: AT_ONCE } };
const BULLMQ_CHAIN: SubjectName = { case: "bullmq", variant: { store: "redis", part: "chain", n: CHAIN } };
const EFFECT_FAN_OUT: SubjectName = { case: "effect", variant: { store: "memory", part: "fan-out", n: FAN_OUT } };
const EFFECT_DIAMONDS: SubjectName = { case: "effect", variant: { store: "memory", part: "diamonds", atOnce: AT_ONCE } };
const EFFECT_CHAIN: SubjectName = { case: "effect", variant: { store: "memory", part: "chain", n: CHAIN } };
const BULLMQ_CALLS: SubjectName = { case: "bullmq-calls", variant: { store: "redis", n: CALLS } };
const BARE_CALLS: SubjectName = { case: "calls", variant: { store: "memory", part: "fetch", n: CALLS } };
const THREAD_POOL: SubjectName = { case: "thread-pool", variant: { store: "memory", n: FAN_OUT } };
const THREADS: SubjectName = { case: "ceiling", variant: { store: "memory", part: "threads" } };
const SQLITE = ceiling("sqlite", "sqlite", PACKED);
const REDIS = ceiling("redis", "redis", PACKED);
const KAFKA = ceiling("redis+kafka", "kafka", PACKED);

/** Beside our fan-out of 10,000. */
export const BESIDE_FAN_OUT: readonly SubjectName[] = [
  ...[BULLMQ_FAN_OUT, BULLMQ_ADDED, EFFECT_FAN_OUT, THREAD_POOL],
  ...[THREADS, SQLITE, REDIS, KAFKA],
];
/** Beside our diamonds, 1,000 at once. */
export const BESIDE_DIAMONDS: readonly SubjectName[] = [BULLMQ_DIAMONDS, EFFECT_DIAMONDS];
/** Beside our chain of 200. */
export const BESIDE_CHAIN: readonly SubjectName[] = [BULLMQ_CHAIN, EFFECT_CHAIN];
/** Beside our one node over HTTP; theirs is measured in the process, without HTTP. */
export const BESIDE_ONE_NODE: readonly SubjectName[] = [
  { case: "bullmq", variant: { store: "redis", part: "one-node" } },
  { case: "effect", variant: { store: "memory", part: "one-node" } },
];
/** Beside our live calls. */
export const BESIDE_CALLS: readonly SubjectName[] = [BULLMQ_CALLS, BARE_CALLS];
/** What small commits reach without an engine. */
export const SMALL_CEILINGS: readonly SubjectName[] = [
  ceiling("sqlite", "sqlite", FEW),
  ceiling("redis", "redis", FEW),
  ceiling("redis+kafka", "kafka", FEW),
];

/** How many times better ours is; of a ceiling: how much of it ours reaches. */
export const RIVAL_RATIOS: readonly RatioGoal[] = [
  fanOut("redis", "BullMQ", BULLMQ_FAN_OUT, 25),
  fanOut("redis+kafka", "BullMQ", BULLMQ_FAN_OUT, 15),
  fanOut("redis", "BullMQ with all jobs added before", BULLMQ_ADDED),
  fanOut("redis+kafka", "BullMQ with all jobs added before", BULLMQ_ADDED),
  fanOut("memory", "effect", EFFECT_FAN_OUT),
  { ...fanOut("memory", "a bare thread pool", THREAD_POOL), theirMetric: "tasks/s" },
  fanOut("memory", "what two raw Workers pass on", THREADS),
  fanOut("sqlite", "raw packed commits", SQLITE),
  fanOut("redis", "raw packed commits", REDIS),
  { ...fanOut("redis+kafka", "raw packed records", KAFKA), theirMetric: "events/s" },
  diamonds("redis", "BullMQ", BULLMQ_DIAMONDS),
  diamonds("redis+kafka", "BullMQ", BULLMQ_DIAMONDS),
  diamonds("memory", "effect", EFFECT_DIAMONDS),
  chain("redis", "BullMQ", BULLMQ_CHAIN),
  chain("redis+kafka", "BullMQ", BULLMQ_CHAIN),
  chain("memory", "effect", EFFECT_CHAIN),
  calls("redis", "BullMQ", BULLMQ_CALLS),
  calls("memory", "the calls alone", BARE_CALLS),
];

function ceiling(store: StoreKind, part: string, n: number): SubjectName {
  return { case: "ceiling", variant: { store, part, n } };
}

function fanOut(store: StoreKind, whom: string, theirs: SubjectName, goal: number | null = null): RatioGoal {
  const ours: SubjectName = { case: "fan-out", variant: { store, n: FAN_OUT } };
  return { title: `fan-out of 10,000, ${store}, to ${whom}`, metric: "nodes/s", ours, theirs, goal };
}

function diamonds(store: StoreKind, whom: string, theirs: SubjectName): RatioGoal {
  const ours: SubjectName = { case: "diamonds", variant: { store, atOnce: AT_ONCE } };
  return { title: `diamonds, ${store}, to ${whom}`, metric: "executions/s", ours, theirs, goal: null };
}

function chain(store: StoreKind, whom: string, theirs: SubjectName): RatioGoal {
  const variant: Variant = { store, n: CHAIN };
  return { title: `steps of a chain, ${store}, to ${whom}`, metric: "ms a step", ours: { case: "chain", variant }, theirs, goal: null };
}

function calls(store: StoreKind, whom: string, theirs: SubjectName): RatioGoal {
  const ours: SubjectName = { case: "calls", variant: { store, n: CALLS } };
  return { title: `10,000 calls of 1 s, ${store}, to ${whom}`, metric: "ms in all", ours, theirs, goal: null };
}
