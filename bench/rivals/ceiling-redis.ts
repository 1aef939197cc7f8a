/**
 * What a commit writes, as plain commands in a pipeline: a chunk of events to the execution's log and its summary. No fencing, no index,
 * no answer that says what was applied: what no log in Redis can be faster than.
 */
import { Redis } from "ioredis";
import type { RedisOfRun, ServicesOfRun, Subject } from "../case.ts";
import { CHUNK_EVENTS, packedEvents } from "./packed-events.ts";
import { timedRounds } from "./timed-rounds.ts";

const RUN_EVENTS = 64_000;
/** As many as the engine has lanes. */
const IN_FLIGHT = 64;
const SUMMARY = "12 1234 RUNNING 0 1763700000000 1763700000120 - ".padEnd(120, "0");

/** `events`: of one commit. */
export function redisCeiling(events = CHUNK_EVENTS, services: ServicesOfRun, { url }: RedisOfRun): Promise<Subject> {
  const redis = new Redis(url);
  const chunk = packedEvents(events);
  const commits = Math.ceil(RUN_EVENTS / events);
  const writers = Math.min(IN_FLIGHT, commits);
  let executions = 0;
  return timedRounds({
    services,
    nodes: commits * events,
    async run() {
      let next = 0;
      await Promise.all(
        Array.from({ length: writers }, async () => {
          const execution = executions++;
          while (next++ < commits) {
            const [length, stored] = await Promise.all([
              redis.rpush(`log:${execution}`, chunk),
              redis.set(`summary:${execution}`, SUMMARY),
            ]);
            if (length < 1 || stored !== "OK") throw new Error("Redis has not written a commit.");
          }
        }),
      );
    },
    clean: async () => void (await redis.flushdb("ASYNC")),
    measure: (ms) => ({ "nodes/s": ((commits * events) / ms) * 1_000 }),
    stop: () => redis.disconnect(),
  });
}
