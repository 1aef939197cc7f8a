/**
 * The same calls as jobs of BullMQ: in Redis before time begins, and one worker that may run all of them at once. Fewer at once are
 * slower, since a call takes a second whoever makes it.
 */
import { RedisClient } from "bun";
import { createBunRedisClient, Queue, Worker } from "bullmq";
import { type Case, needed } from "../case.ts";
import { startSlowService } from "../slow-service.ts";

const QUEUE = "calls";
const JOBS = 10_000;
/** Longer than a round takes, as in bullmq.ts. */
const LOCK_MS = 600_000;

export const bullmqCallsCase: Case = {
  name: "bullmq-calls",
  title:
    "BullMQ on Redis: n jobs that each call the service of `calls`, added before, from the resumption of the queue to the last `completed`",
  async start(variant, services) {
    const jobs = variant.n ?? JOBS;
    const service = await startSlowService();
    const { url } = needed(services.redis);
    const connect = () => createBunRedisClient(new RedisClient(url));
    const queue = new Queue(QUEUE, { connection: connect() });
    let left = 0;
    let ended = Promise.withResolvers<void>();
    const call = async (): Promise<string> => (await fetch(service.url)).text();
    const worker = new Worker(QUEUE, call, {
      connection: connect(),
      concurrency: jobs,
      lockDuration: LOCK_MS,
      removeOnComplete: { count: 0 },
    });
    worker.on("completed", () => {
      left -= 1;
      if (left === 0) ended.resolve();
    });
    worker.on("failed", (_job, error) => ended.reject(error));
    worker.on("error", (error) => ended.reject(error));
    await worker.waitUntilReady();
    return {
      async round() {
        await queue.pause();
        left = jobs;
        ended = Promise.withResolvers();
        await queue.addBulk(Array.from({ length: jobs }, () => ({ name: "call", data: null })));
        const startedMs = performance.now();
        await queue.resume();
        await ended.promise;
        return { "ms in all": performance.now() - startedMs };
      },
      async stop() {
        await worker.close();
        await queue.close();
        await service.stop();
      },
    };
  },
};
