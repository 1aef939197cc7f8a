/**
 * Real instances on a real Redis and a real Kafka, which are harmed while they are under load; a checker that knows nothing of
 * the engine compares what handlers wrote down, what REST says and what the stream says. The long form is `npm run faults`.
 */
import { describe, test } from "bun:test";
import { join } from "node:path";
import { chance } from "../process/chance.ts";
import { readWitness, WITNESS_FILE } from "./checker/witness.ts";
import { emptyRedis } from "./emptied.ts";
import { applyLoad, fan } from "./load.ts";
import { SHORT_SERVICE_PLANS } from "./plans.ts";
import { readEnds } from "./reading.ts";
import { playPlans, RUN_MS, shareSystem } from "./short.ts";

describe("three instances lose nothing, double nothing and tell the stream everything in order, whatever happens to Redis and Kafka:", () => {
  const shared = shareSystem();
  playPlans(shared, SHORT_SERVICE_PLANS);

  // The last: nothing runs on this Redis any more.
  test(
    "Redis that comes back empty is found out, and nothing is said or written as if nothing had been",
    async () => {
      const system = shared.system();
      const random = chance(shared.seed);
      const load = { executions: 6, overMs: 100, deadlineMs: 60_000, shapeOf: () => fan(random) };
      const { orders } = await applyLoad({ load, urls: system.urls, key: crypto.randomUUID() });
      await readEnds(orders, system.urls, RUN_MS / 4);
      const witness = join(system.home.dir, WITNESS_FILE);
      const { detectedMs, wrong } = await emptyRedis(system, orders, () => readWitness(witness).length);
      process.stderr.write(`An empty Redis was found out after ${Math.round(detectedMs)} ms\n`);
      if (wrong.length > 0) throw new Error(`${wrong.join("\n")}\nThe logs are in ${system.keep()}`);
    },
    RUN_MS,
  );
});
