/**
 * Who else was measured, and what each promises: without that a figure beside ours says nothing. Each claim was looked up in the
 * documentation or the source of that version; the addresses stand beside the claims.
 */
import type { Variant } from "../case.ts";

/** A row of figures. */
export type Rival = {
  readonly title: string;
  readonly case: string;
  /** Without n; without a part where it has one for every shape of ours. */
  readonly variant: Variant;
};

export const RIVALS: readonly Rival[] = [
  { title: "BullMQ, Redis", case: "bullmq", variant: { store: "redis" } },
  { title: "BullMQ, no root, all added before", case: "bullmq", variant: { store: "redis", part: "fan-out-added" } },
  { title: "effect, memory", case: "effect", variant: { store: "memory" } },
  { title: "poolifier, tasks alone", case: "thread-pool", variant: { store: "memory" } },
];

/** What is asked of each, in the order of a table's rows. */
export const QUESTIONS = {
  measured: "what is measured",
  graphs: "graphs",
  before: "a dependent begins when",
  killed: "after `kill -9` of the process",
  redis: "after a crash of Redis (`everysec`)",
  place: "where nodes run",
  retries: "retries",
  results: "results",
  afterwards: "what can be asked afterwards",
  machines: "several machines",
} as const;

export type Promises = { readonly name: string; readonly answers: Readonly<Record<keyof typeof QUESTIONS, string>> };

/** Ours first. */
export const PROMISES: readonly Promises[] = [
  {
    // docs/guarantees.md, each with its test.
    name: "Troupe",
    answers: {
      measured: "from the trigger of an execution that is created to the end that who waits is told; diamonds from their creation",
      graphs: "any without cycles, given as data",
      before: "its dependencies' results are durable: synced (SQLite) or acknowledged by Redis; in memory noted",
      killed: "executions go on by themselves, on Redis at another instance within 5 s; in memory they are gone",
      redis: "about the last second may be lost; what is left is consistent, and is done again from there",
      place: "two threads; who blocks or ends one harms no other node",
      retries: "as the node says, with times that outlive a restart",
      results: "recorded once; a node may run more than once",
      afterwards: "every event and output, for 24 hours",
      machines: "yes, on Redis; one that was taken for dead writes nothing more",
    },
  },
  {
    name: "BullMQ 6.7.0",
    answers: {
      // bench/rivals/bullmq.ts
      measured:
        "from adding a root, which adds n → join as one flow before it completes, to the `completed` of the join; Bun's Redis client, one worker, " +
        "20 at once (a chain: 1), locks of 10 minutes, jobs removed when completed. *All added before*: no root, and the jobs are in Redis before time begins",
      // https://docs.bullmq.io/guide/flows: "nodes of trees of arbitrary depth"
      graphs: "trees, children before their parent; several dependents of one node are for its function to add",
      // https://docs.bullmq.io/guide/flows; moveToFinished-14.lua: the parent is released in the script that completes its last child
      before: "Redis has acknowledged all its children",
      // https://docs.bullmq.io/guide/jobs/stalled; worker-options.d.ts: lockDuration, stalledInterval 30 s, maxStalledCount 1
      killed: "jobs are in Redis; those that ran are given out again when their lock is over (30 s by default), once by default",
      // https://docs.bullmq.io/guide/going-to-production: "Usually, 1 second per write is enough"
      redis: "about the last second may be lost",
      // https://docs.bullmq.io/guide/workers/sandboxed-processors
      place: "as measured in the worker's own thread: who blocks it blocks all; files of their own may run in processes or threads",
      // https://docs.bullmq.io/guide/retrying-failing-jobs
      retries: "as the job says, kept in Redis; none by default",
      // https://docs.bullmq.io/guide/jobs/job-ids; removeLock.lua: who has lost the lock is refused
      results: "recorded once; a job may run more than once, and what it had added is added again unless it has an id that is still there",
      // https://docs.bullmq.io/guide/queues/auto-removal-of-jobs: by default jobs are kept
      afterwards: "as measured nothing; by default every job with its result",
      // https://docs.bullmq.io/guide/parallelism-and-concurrency
      machines: "yes, any number of workers on one Redis",
    },
  },
  {
    name: "effect 4.1.0, `WorkflowEngine.layerMemory`",
    answers: {
      // bench/rivals/effect.ts
      measured: "from `execute` to its result; activities made beforehand, tracing off, a new engine each round since it forgets nothing",
      // https://effect.website/docs/v4/api/effect/unstable/workflow/WorkflowEngine and effect/src/workflow/WorkflowEngine.ts
      graphs: "whatever the program does",
      before: "its dependencies' results are in a map",
      // The same file: "keeps state only in memory and is not suitable for production workflows that require durability"
      // https://effect.website/docs/v4/api/effect/unstable/cluster/ClusterWorkflowEngine
      killed: "all is gone; its cluster engine, which can keep its messages in a database, was not measured",
      redis: "–",
      place: "the caller's own thread: who blocks it blocks all",
      // effect/src/workflow/Activity.ts: retry; retryOnInterrupt
      retries: "as the program says, in memory",
      // Activity.ts: "Only completed activity results are memoized"
      results: "one for each name and attempt of an activity in an execution",
      afterwards: "the result, until the process ends",
      machines: "no",
    },
  },
  {
    name: "poolifier 5.3.2",
    answers: {
      // bench/rivals/thread-pool.ts
      measured: "n tasks by `mapExecute`, in turn to two threads without a queue of its own, until the last result",
      // https://github.com/poolifier/poolifier/blob/master/docs/api.md
      graphs: "none: tasks know nothing of each other",
      before: "–",
      killed: "all is gone",
      redis: "–",
      // Tried on Bun 1.4.5: the promise of a task whose thread ended was open after 3 s; the pool went on.
      place: "two threads; what had begun in a thread that ends is never answered (tried on Bun)",
      // Tried: the promise rejects with what the task threw.
      retries: "none",
      results: "not recorded",
      afterwards: "nothing",
      machines: "no",
    },
  },
];
