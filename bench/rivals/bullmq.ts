/**
 * BullMQ on Bun, on a Redis with the settings that ours has. A flow is a tree whose children run before their parent, so it knows no
 * node with several dependents: what is before the fan is a job that adds the rest as a flow, durably, before it completes.
 * The settings are those that were the fastest here: Bun's own Redis client (ioredis costs half as much CPU again), jobs removed
 * when they are done, workers in this process, one connection for all that is written.
 */
import { RedisClient } from "bun";
import { createBunRedisClient, type FlowJob, FlowProducer, type Job, Queue, Worker } from "bullmq";
import { type Case, needed } from "../case.ts";
import { type Rival, rivalSubject, type Shape, shapeOf } from "./shapes.ts";

const QUEUE = "noop";
/** Tried: 1 to 4 workers, each with 5 to 1,000 at once. Of all this had the least CPU a node, by a few percent; a chain wants 1. */
const WORKERS = 1;
const CONCURRENCY = 20;
/** Longer than a round takes: no lock is renewed meanwhile, which is one thing less to do. */
const LOCK_MS = 600_000;

export const bullmqCase: Case = {
  name: "bullmq",
  title: "BullMQ on Redis: part=fan-out (from adding the root), fan-out-added (n → join, all added before), diamonds, chain, one-node",
  async start(variant, services) {
    const shape = shapeOf(variant);
    const rival = await startBullmq(needed(services.redis).url, shape, { isAddedBefore: variant.part === "fan-out-added" });
    return await rivalSubject(rival, shape, variant, services);
  },
};

export type BullmqSettings = { readonly isAddedBefore?: boolean; readonly workers?: number; readonly concurrency?: number };

async function startBullmq(url: string, shape: Shape, settings: BullmqSettings): Promise<Rival> {
  const { isAddedBefore = false, workers: count = WORKERS, concurrency = shape.kind === "chain" ? 1 : CONCURRENCY } = settings;
  const connect = () => createBunRedisClient(new RedisClient(url));
  const connection = connect();
  const queue = new Queue(QUEUE, { connection });
  const flows = new FlowProducer({ connection });
  const jobs = await workOn({
    count,
    start: (work) => new Worker(QUEUE, work, { connection: connect(), concurrency, lockDuration: LOCK_MS, removeOnComplete: { count: 0 } }),
    async work(job) {
      if (job.name === "root") await flows.add(joinOf(job.data, shape.width));
      return null;
    },
  });
  let executions = 0;

  function add(lastId: string): Promise<unknown> {
    if (isAddedBefore) return queue.resume();
    switch (shape.kind) {
      case "fan-out":
      case "diamonds":
        return queue.add("root", lastId);
      case "chain":
        return flows.add(chainOf(lastId, shape.width));
      case "one-node":
        return queue.add("node", null, { jobId: lastId });
    }
  }

  return {
    async prepare() {
      if (!isAddedBefore) return;
      await queue.pause();
      await flows.add(joinOf(idOf(executions), shape.width));
    },
    async run() {
      const lastId = idOf(executions++);
      const ended = jobs.endOf(lastId);
      await add(lastId);
      await ended;
    },
    async check(done) {
      const wanted = done * (isAddedBefore ? shape.nodes - 1 : shape.nodes);
      const completed = jobs.takeCompleted();
      if (completed !== wanted) throw new Error(`BullMQ has completed ${completed} jobs of ${wanted}.`);
      const left = await queue.getJobCounts();
      if (Object.values(left).some((jobs) => jobs > 0)) throw new Error(`BullMQ has jobs left: ${JSON.stringify(left)}.`);
    },
    async stop() {
      await jobs.stop();
      await flows.close();
      await queue.close();
    },
  };
}

type Work = (job: Job) => Promise<null>;
type Workers = { readonly count: number; readonly start: (work: Work) => Worker; readonly work: Work };

/** Works on what is added from now on: a function of this process, which needs no message to run (a file may be "sandboxed"). */
async function workOn({ count, start, work }: Workers) {
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  let completed = 0;
  function fail(error: Error): void {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }
  const workers = Array.from({ length: count }, () => {
    const worker = start(work);
    // Redis has it by then.
    worker.on("completed", ({ id = "" }) => {
      completed += 1;
      waiting.get(id)?.resolve();
      waiting.delete(id);
    });
    worker.on("failed", (_job, error) => fail(error));
    worker.on("error", fail);
    return worker;
  });
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));
  return {
    /** `id`: of a job that is not added yet. */
    endOf(id: string): Promise<void> {
      const ended = Promise.withResolvers<void>();
      waiting.set(id, ended);
      return ended.promise;
    },
    /** Those since it was asked last. */
    takeCompleted(): number {
      const count = completed;
      completed = 0;
      return count;
    },
    stop: () => Promise.all(workers.map((worker) => worker.close())),
  };
}

function idOf(execution: number): string {
  return `last-${execution}`;
}

function joinOf(lastId: string, width: number) {
  return { name: "join", queueName: QUEUE, opts: { jobId: lastId }, children: Array.from({ length: width }, node) };
}

/** The first to run is the innermost. */
function chainOf(lastId: string, length: number) {
  let inner = node();
  for (let i = 2; i < length; i++) inner = { ...node(), children: [inner] };
  return { ...node(), opts: { jobId: lastId }, children: length > 1 ? [inner] : [] };
}

type Inner = NonNullable<FlowJob["children"]>[number];

function node(): Inner {
  return { name: "node", queueName: QUEUE };
}
