/**
 * Two builds side by side on one Redis: the one that was landed last, and this one. Instances are replaced one by one under load, from
 * the old build to the new one and back, and the checker of the fault tests compares what handlers wrote, REST says and the stream says.
 */
import { afterAll, describe } from "bun:test";
import { join } from "node:path";
import { until } from "../process/facts.ts";
import { sharedKafka } from "../services/kafka.ts";
import { type Copy, copyOf } from "./changed-copy.ts";
import type { Line } from "./checker/evidence.ts";
import { readWitness, WITNESS_FILE } from "./checker/witness.ts";
import type { Instance } from "./instances.ts";
import { fan } from "./load.ts";
import type { Plan } from "./plans.ts";
import type { Report } from "./run.ts";
import { playPlans, shareSystem } from "./short.ts";
import type { System } from "./system.ts";

/** The build that a rolling upgrade comes from. Each release moves it to the one before. */
const RELEASED = "bafc6d6";
const LANES = 64;
/** So many executions are to be run by both builds together while they stand side by side. */
const TOGETHER = 3;

let released: Copy | undefined;
/** Processes. */
const ofThisBuild = new Set<number>();
afterAll(() => released?.remove());

/** Every lane is owned, evenly. */
async function isEven({ instances }: System): Promise<void> {
  await until(`even shares of ${LANES} lanes`, async () => {
    const lanes = await Promise.all(instances.map(({ url }) => lanesOf(url)));
    return lanes.every((each) => each === LANES / instances.length);
  });
}

async function lanesOf(url: string): Promise<number> {
  try {
    const health = (await (await fetch(`${url}/health`)).json()) as { readonly cluster: { readonly lanes: number } | null };
    return health.cluster?.lanes ?? 0;
  } catch {
    return 0;
  }
}

/** Executions of which both of these processes have run nodes. */
function runByBoth(system: System, pids: readonly (number | null)[]): number {
  const byExecution = Map.groupBy(readWitness(join(system.home.dir, WITNESS_FILE)), ({ execution }) => execution);
  return [...byExecution.values()].filter((lines) => pids.every((pid) => lines.some((line) => line.pid === pid))).length;
}

async function replace(system: System, instance: Instance, main: string | undefined): Promise<number> {
  await instance.stop("SIGTERM");
  instance.runs(main);
  await instance.start();
  await isEven(system);
  const pids = system.instances.map(({ pid }) => pid);
  await until("nodes of the same executions run at both", async () => runByBoth(system, pids) >= TOGETHER);
  return runByBoth(system, pids);
}

/**
 * Nodes that this build has run again. The one before may: where an outcome reaches the store in the moment in which that build takes
 * the lane, it runs the attempt again.
 */
function twiceHere(lines: readonly Line[]): readonly string[] {
  const begun = Map.groupBy(
    lines.filter(({ kind }) => kind === "begin"),
    ({ key }) => key,
  );
  return [...begun].flatMap(([key, again]) => (again.slice(1).some(({ pid }) => ofThisBuild.has(pid)) ? [key] : []));
}

const PLAN: Plan = {
  name: "there and back",
  load: (random) => ({
    ...{ executions: 8, overMs: 4_000, deadlineMs: 180_000, goesOn: true },
    shapeOf: () => fan(random, { width: 40, msMin: 30, msMax: 60 }),
  }),
  async fault(system) {
    const [first, second] = system.instances as readonly [Instance, Instance];
    let together = 0;
    let replaced = 0;
    await isEven(system);
    // Back as long as an older one lives: from then on it needs a backup.
    for (const [instance, main] of [
      [first, undefined],
      [first, released?.main],
      [second, undefined],
      [first, undefined],
    ] as const) {
      together += await replace(system, instance, main);
      replaced += 1;
      if (main === undefined) ofThisBuild.add(instance.pid ?? 0);
    }
    const died = system.instances.reduce((sum, { deaths }) => sum + deaths.length, 0);
    return { replaced, "run by both": together, died };
  },
  also: ({ counts, verdict, lines }: Report) => [
    ...(counts.died === 0 ? [] : [`${counts.died} instances died by themselves`]),
    ...verdict.sameAttemptTwice.map((twice) => `the same attempt twice: ${twice}`),
    ...twiceHere(lines).map((key) => `${key} ran twice, though no instance was killed`),
  ],
};

describe("instances of the last build and of this one, of which each is replaced by the other under load, lose and double nothing:", () => {
  const shared = shareSystem(async () => {
    released = copyOf(RELEASED);
    return {
      instances: 2,
      brokers: await sharedKafka(),
      copy: released,
      environment: { APP_SLOTS_PER_THREAD: "2", APP_OVERFLOW_AFTER: "50ms" },
    };
  });
  playPlans(shared, [PLAN]);
});
