/**
 * Many executions of n nodes in the middle through one Redis, on one instance or several. The client speaks to one of them, so with more
 * of them most executions are created at one and run at another. One instance has two threads, each of several has one.
 */
import { RedisClient } from "bun";
import { redisKeys } from "../../src/store/redis/keys.ts";
import { type BenchEngine, startBenchEngine, THREADS } from "../bench-engine.ts";
import { type BenchServer, startBenchServer } from "../bench-server.ts";
import { type Case, needed, type RedisOfRun } from "../case.ts";
import { fanOut } from "../definitions.ts";
import { healthOf, withClients } from "../http-client.ts";
import { createdAndEnded } from "./created-and-ended.ts";

const WIDTH = 20;
const AT_ONCE = 900;
const LANES = 64;
/** Nodes of a round, about; and the most executions of one. */
const NODES_A_ROUND = 200_000;
const EXECUTIONS_MOST = 4_000;
const POLL_MS = 10;

export const instancesCase: Case = {
  name: "instances",
  title: "executions of 1 → n → 1 noop nodes, 900 under way at a time, on 1 to 3 instances; with Kafka also until it has every event",
  async start(variant, services) {
    const { n: width = WIDTH, instances = 1 } = variant;
    const store = needed(variant.store ?? null);
    const threads = instances === 1 ? THREADS : 1;
    const bench = await startBenchEngine({ store, threads, services });
    const others: BenchServer[] = [];
    while (others.length < instances - 1) others.push(await startBenchServer({ store, threads, services }));
    await untilDivided(bench, others);
    const definition = await bench.definition(fanOut(width));
    const executions = Math.min(EXECUTIONS_MOST, Math.round(NODES_A_ROUND / (width + 2)));
    const nodes = executions * (width + 2);
    const outbox = openOutbox(needed(services.redis));
    await createdAndEnded(bench, definition, Math.ceil(executions / 4), AT_ONCE);
    await outbox.untilEmpty();
    return {
      async round() {
        const startedMs = performance.now();
        const ms = await createdAndEnded(bench, definition, executions, AT_ONCE);
        const rate = (tookMs: number): number => (nodes / tookMs) * 1_000;
        if (store !== "redis+kafka") return { "nodes/s": rate(ms) };
        await outbox.untilEmpty();
        return { "nodes/s": rate(ms), "nodes/s until Kafka has all": rate(performance.now() - startedMs) };
      },
      async stop() {
        outbox.close();
        await bench.stop();
        for (const other of others) await other.stop();
      },
    };
  },
};

/** Each has its share of the lanes, and none is on its way. */
async function untilDivided({ engine }: BenchEngine, others: readonly BenchServer[]): Promise<void> {
  const share = Math.ceil(LANES / (others.length + 1));
  const lanesOf = ({ url }: BenchServer): Promise<number> =>
    withClients(url, 1, async (_, client) => (await healthOf(client)).cluster?.lanes ?? 0);
  for (;;) {
    const lanes = [engine.health().cluster?.lanes ?? 0, ...(await Promise.all(others.map(lanesOf)))];
    if (Math.max(...lanes) <= share && lanes.reduce((sum, count) => sum + count) === LANES) return;
    await Bun.sleep(POLL_MS);
  }
}

/** Events that wait for Kafka, in Redis: what an instance says of them is a second old. Without Kafka there are none. */
function openOutbox({ url }: RedisOfRun): { untilEmpty(): Promise<void>; close(): void } {
  const client = new RedisClient(url);
  const keys = redisKeys("troupe", LANES).lanes.map(({ outbox }) => outbox);
  async function waiting(): Promise<number> {
    const lengths = await Promise.all(keys.map((key) => client.send("XLEN", [key])));
    return lengths.reduce((sum: number, length) => sum + Number(length), 0);
  }
  return {
    async untilEmpty() {
      while ((await waiting()) > 0) await Bun.sleep(POLL_MS);
    },
    close: () => client.close(),
  };
}
