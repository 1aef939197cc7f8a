/**
 * Real instances on a real Redis and a real Kafka, harmed while they are under load; a checker that knows nothing of the
 * engine compares what handlers wrote down, what REST says and what the stream says. The long form is `npm run faults`.
 */
import { afterAll, beforeAll, describe, test } from "bun:test";
import { join } from "node:path";
import { chance, seedFromEnvironment } from "../process/chance.ts";
import { endAll } from "../process/server.ts";
import { readWitness, WITNESS_FILE } from "./checker/witness.ts";
import { emptyRedis } from "./emptied.ts";
import { applyLoad, fan } from "./load.ts";
import { SHORT_PLANS } from "./plans.ts";
import { readEnds } from "./reading.ts";
import { run, wrongIn } from "./run.ts";
import { startSystem, type System } from "./system.ts";
import { tableOf } from "./table.ts";

const START_MS = 120_000;
const RUN_MS = 240_000;
const SHOWN = 20;

describe("three instances lose nothing, double nothing and tell the stream everything in order, whatever happens:", () => {
  const seed = seedFromEnvironment();
  let system: System;
  beforeAll(async () => {
    process.stderr.write(`Seed of the faults: ${seed} (TEST_SEED=${seed} harms in the same order again)\n`);
    system = await startSystem({ proxied: true });
  }, START_MS);
  afterAll(async () => {
    await system.stop();
    await endAll();
  }, START_MS);

  for (const plan of SHORT_PLANS) {
    test(
      plan.name,
      async () => {
        const report = await run(system, { ...plan, seed });
        process.stderr.write(`${tableOf([report]).split("\n").at(-1)}\n`);
        const wrong = [...wrongIn(report), ...(plan.also?.(report) ?? [])];
        if (wrong.length === 0) return;
        const list = wrong.slice(0, SHOWN).join("\n  ");
        throw new Error(`${wrong.length} violations, with TEST_SEED=${seed}; the logs are in ${system.keep()}:\n  ${list}`);
      },
      RUN_MS,
    );
  }

  // The last: nothing runs on this Redis any more.
  test(
    "Redis that comes back empty is found out, and nothing is said or written as if nothing had been",
    async () => {
      const random = chance(seed);
      const load = { executions: 6, overMs: 100, deadlineMs: 60_000, shapeOf: () => fan(random) };
      const { orders } = await applyLoad(load, system.urls, crypto.randomUUID());
      await readEnds(orders, system.urls, RUN_MS / 4);
      const witness = join(system.home.dir, WITNESS_FILE);
      const { detectedMs, wrong } = await emptyRedis(system, orders, () => readWitness(witness).length);
      process.stderr.write(`An empty Redis was found out after ${Math.round(detectedMs)} ms\n`);
      if (wrong.length > 0) throw new Error(`${wrong.join("\n")}\nThe logs are in ${system.keep()}`);
    },
    RUN_MS,
  );
});
