/** Rounds of something that is simply done again and again: as many as fit in a second, and what stands for a round is their median. */
import type { Measured, ServicesOfRun, Subject } from "../case.ts";
import { countCosts } from "../costs.ts";
import { median } from "../results.ts";

const ROUND_MS = 500;
const WARM_MS = 1_500;
const FEWEST = 3;

export async function timedRounds(options: {
  readonly services: ServicesOfRun;
  /** Nodes (or what stands for them) of one run. */
  readonly nodes: number;
  /** Rejects where not everything was done. */
  readonly run: () => Promise<void> | void;
  /** After every round, not timed. */
  readonly clean?: () => Promise<void> | void;
  readonly measure: (ms: number) => Measured;
  readonly stop: () => Promise<void> | void;
}): Promise<Subject> {
  const { services, nodes, run, clean, measure, stop } = options;
  const costs = countCosts(services);
  await timesOf(run, WARM_MS);
  await clean?.();
  return {
    async round() {
      await costs.begin();
      const times = await timesOf(run, ROUND_MS);
      // Calls are scripts, and nobody here has any.
      const { "Redis calls a node": _, ...perNode } = await costs.perNode(times.length * nodes);
      await clean?.();
      return { ...measure(median(times)), ...perNode };
    },
    async stop() {
      costs.close();
      await stop();
    },
  };
}

/** Milliseconds of each. */
async function timesOf(run: () => Promise<void> | void, forMs: number): Promise<number[]> {
  const times: number[] = [];
  const endMs = performance.now() + forMs;
  while (times.length < FEWEST || performance.now() < endMs) {
    const startedMs = performance.now();
    await run();
    times.push(performance.now() - startedMs);
  }
  return times;
}
