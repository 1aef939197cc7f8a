/**
 * Small executions that come at a fixed rate over HTTP for minutes, with retention on: what each costs in time, CPU and bytes, where
 * there is no burst to share them with (Linux: it reads /proc).
 */
import { rmSync } from "node:fs";
import { RedisClient } from "bun";
import { type BenchServer, startBenchServer } from "../bench-server.ts";
import { type Case, needed, type ServicesOfRun } from "../case.ts";
import { bytesIn, bytesWrittenBy, cpuUsOf } from "../costs.ts";
import { benchFolder } from "../bench-engine.ts";
import { rssBytesOf } from "../facts.ts";
import { untilAllEnded, withClients } from "../http-client.ts";
import { percentile } from "../results.ts";
import { actOf } from "../steady-acts.ts";
import { steadily } from "../steady-load.ts";

const RATE = 1_000;
const MINUTES = 0.1;
const MINUTE_MS = 60_000;
const WARM_MS = 4_000;
const RETENTION = "60";
const MIB = 2 ** 20;

export const steadyCase: Case = {
  name: "steady",
  title:
    "executions of 1 → 3 → 1 noop nodes that arrive at a fixed `rate` for `minutes` over HTTP, from when each was due to its end; `part` one-request: created and triggered by one request",
  async start(variant, services) {
    const { rate = RATE, minutes = MINUTES, part } = variant;
    const act = actOf(part);
    const dir = benchFolder();
    const server = await startBenchServer({
      ...{ store: needed(variant.store ?? null), services, dir },
      environment: { APP_RETENTION: RETENTION, APP_RETENTION_UNTRIGGERED: RETENTION },
    });
    const costs = costsOf(server, dir, services);
    await steadily(server.url, { rate, forMs: WARM_MS, act });
    return {
      async round() {
        const before = await costs.now();
        const startedMs = performance.now();
        const { times, refused, lastRefusal } = await steadily(server.url, { rate, forMs: minutes * MINUTE_MS, act });
        if (times.length === 0) throw new Error(`All were refused, the last with: ${lastRefusal}`);
        const seconds = (performance.now() - startedMs) / 1_000;
        await withClients(server.url, 1, (_, client) => untilAllEnded(client));
        const after = await costs.now();
        const each = (name: keyof Counted): number => (after[name] - before[name]) / times.length;
        return {
          "executions/s": times.length / seconds,
          refused,
          "p50 ms": percentile(times, 0.5),
          "p99 ms": percentile(times, 0.99),
          "µs CPU an execution": each("cpuUs"),
          ...(services.redis !== null && { "µs Redis CPU an execution": each("redisCpuUs") }),
          "bytes written an execution": each("written"),
          "bytes kept an execution": each("kept"),
          "MiB stored": after.kept / MIB,
          "MiB RSS": rssBytesOf(server.pid) / MIB,
        };
      },
      async stop() {
        costs.close();
        await server.stop();
        rmSync(dir, { recursive: true, force: true });
      },
    };
  },
};

type Counted = { readonly cpuUs: number; readonly redisCpuUs: number; readonly written: number; readonly kept: number };

/** Of the server with its Redis. What is kept: the folder's files, or Redis' memory. */
function costsOf({ pid }: BenchServer, dir: string, { redis }: ServicesOfRun): { now(): Promise<Counted>; close(): void } {
  const probe = redis === null ? null : new RedisClient(redis.url);
  return {
    async now() {
      const memory = probe === null ? 0 : Number(/^used_memory:(\d+)/m.exec(String(await probe.send("INFO", ["memory"])))?.[1]);
      return {
        cpuUs: cpuUsOf(pid),
        redisCpuUs: redis === null ? 0 : cpuUsOf(redis.pid),
        written: bytesWrittenBy(pid) + (redis === null ? 0 : bytesWrittenBy(redis.pid)),
        kept: redis === null ? bytesIn(dir) : memory,
      };
    },
    close: () => probe?.close(),
  };
}
