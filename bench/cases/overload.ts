/** More than a server can do: what it does at its capacity, then what becomes of executions that arrive twice as fast. */
import { RedisClient } from "bun";
import { redisKeys } from "../../src/store/redis/keys.ts";
import { startBenchServer } from "../bench-server.ts";
import { type Case, needed, type RedisOfRun } from "../case.ts";
import { openClient, untilAllEnded, withClients } from "../http-client.ts";
import { percentile } from "../results.ts";
import { type Act, actOf } from "../steady-acts.ts";
import { steadily } from "../steady-load.ts";

const MINUTES = 0.2;
const MINUTE_MS = 60_000;
const CAPACITY_MS = 4_000;
/** Enough that there is always something to do. */
const AT_CAPACITY = 512;
/** After a refusal. */
const AGAIN_MS = 50;
const TIMES = 2;
/** All open before it begins. */
const CONNECTIONS = 8_192;
const RETENTION = "60";
const LANES = 64;

export const overloadCase: Case = {
  name: "overload",
  title:
    "executions of 1 → 3 → 1 noop nodes that arrive over HTTP `n` times (2) as fast as they are done where each client waits for its answer",
  async start(variant, services) {
    const { minutes = MINUTES, n: timesCapacity = TIMES, part } = variant;
    const server = await startBenchServer({
      ...{ store: needed(variant.store ?? null), services },
      environment: { APP_RETENTION: RETENTION, APP_RETENTION_UNTRIGGERED: RETENTION },
    });
    const act = actOf(part);
    const leases = leasesIn(services.redis);
    await capacityOf(server.url, act);
    return {
      async round() {
        const capacity = await capacityOf(server.url, act);
        const before = await leases.epochs();
        const forMs = minutes * MINUTE_MS;
        const load = { rate: timesCapacity * capacity, forMs, act, connections: CONNECTIONS };
        const { times, doneInTime, refused, lastRefusal } = await steadily(server.url, load);
        if (times.length === 0) throw new Error(`All were refused, the last with: ${lastRefusal}`);
        await withClients(server.url, 1, (_, client) => untilAllEnded(client));
        const after = await leases.epochs();
        const goodput = (doneInTime / forMs) * 1_000;
        return {
          "executions/s at capacity": capacity,
          "executions/s": goodput,
          "goodput of capacity": goodput / capacity,
          "p50 ms": percentile(times, 0.5),
          "p99 ms": percentile(times, 0.99),
          "% refused": (100 * refused) / (refused + times.length),
          ...(services.redis !== null && { "leases lost": after.filter((epoch, lane) => epoch !== before[lane]).length }),
        };
      },
      async stop() {
        leases.close();
        await server.stop();
      },
    };
  },
};

/** Executions a second where each client asks again when it was answered. */
async function capacityOf(url: string, act: Act): Promise<number> {
  const startedMs = performance.now();
  const endMs = startedMs + CAPACITY_MS;
  let done = 0;
  const one = async (): Promise<void> => {
    const client = await openClient(url);
    while (performance.now() < endMs) {
      await act(client).then(
        () => (done += 1),
        () => Bun.sleep(AGAIN_MS),
      );
    }
    client.close();
  };
  await Promise.all(Array.from({ length: AT_CAPACITY }, one));
  return (done / (performance.now() - startedMs)) * 1_000;
}

/** Of every lane the epoch, which is another whenever the lane is taken: of the only instance after its lease has lapsed. */
function leasesIn(redis: RedisOfRun | null): { epochs(): Promise<readonly unknown[]>; close(): void } {
  if (redis === null) return { epochs: async () => [], close: () => undefined };
  const probe = new RedisClient(redis.url);
  const { lanes } = redisKeys("troupe", LANES);
  return {
    epochs: () => Promise.all(lanes.map(({ record }) => probe.send("HGET", [record, "epoch"]))),
    close: () => probe.close(),
  };
}
