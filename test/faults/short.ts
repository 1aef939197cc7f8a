/** The short form of the fault tests, as a test file plays it: one system for all plans of the file, one test for each. */
import { afterAll, beforeAll, test } from "bun:test";
import { seedFromEnvironment } from "../process/chance.ts";
import { endAll } from "../process/server.ts";
import type { Plan } from "./plans.ts";
import { run, wrongIn } from "./run.ts";
import { startSystem, type System, type SystemOptions } from "./system.ts";
import { tableOf } from "./table.ts";

const START_MS = 240_000;
/** Of one test, on a busy machine. */
export const RUN_MS = 600_000;
const SHOWN = 20;

/** The system that the tests of a file share: ask for it within a test. */
export type SharedSystem = { readonly seed: number; system(): System };

export function shareSystem(optionsOf: () => Promise<SystemOptions> = async () => ({ proxied: true })): SharedSystem {
  const seed = seedFromEnvironment();
  let system: System | undefined;
  beforeAll(async () => {
    process.stderr.write(`Seed of the faults: ${seed} (TEST_SEED=${seed} harms in the same order again)\n`);
    system = await startSystem(await optionsOf());
  }, START_MS);
  afterAll(async () => {
    await system?.stop();
    await endAll();
  }, START_MS);
  return {
    seed,
    system() {
      if (system === undefined) throw new Error("The system is started before the first test of its file, and asked for in one.");
      return system;
    },
  };
}

export function playPlans(shared: SharedSystem, plans: readonly Plan[]): void {
  for (const plan of plans) {
    test(
      plan.name,
      async () => {
        const [system, seed] = [shared.system(), shared.seed];
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
}
