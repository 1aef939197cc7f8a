/** Executions of one definition one after the other, in a second's round; what is created is not timed, as a client creates before it triggers. */
import { type Measured, needed, type ServicesOfRun, type Subject, type Variant } from "../case.ts";
import { countCosts } from "../costs.ts";
import { type BenchEngine, startBenchEngine } from "../bench-engine.ts";
import { median } from "../results.ts";

const ROUND_MS = 500;
const FEWEST = 3;
const MOST = 400;
const WARM_MS = 1_500;

export async function oneAtATime(options: {
  readonly variant: Variant;
  readonly services: ServicesOfRun;
  readonly definition: unknown;
  readonly nodes: number;
  /** On top of the engine's settings. */
  readonly environment?: Readonly<Record<string, string>>;
  /** In a round, where that is less than what a second has room for. */
  readonly runsMost?: number;
  /** The round's median, in milliseconds, as what the case tells. */
  readonly measure: (ms: number) => Measured;
}): Promise<Subject> {
  const { variant, services, nodes, environment = {}, runsMost = MOST, measure } = options;
  const bench = await startBenchEngine({ store: needed(variant.store ?? null), services, environment });
  const definition = await bench.definition(options.definition);
  const costs = countCosts(services);
  const first = await timesOf(bench, definition, WARM_MS, runsMost);
  const runs = Math.min(runsMost, Math.max(FEWEST, Math.round(ROUND_MS / median(first.slice(first.length >> 1)))));
  return {
    async round() {
      await costs.begin();
      const times = await timesOf(bench, definition, Number.POSITIVE_INFINITY, runs);
      return { ...measure(median(times)), ...(await costs.perNode(runs * nodes)) };
    },
    async stop() {
      costs.close();
      await bench.stop();
    },
  };
}

/** Milliseconds of each, until so many are done or so much time is over. */
async function timesOf(
  bench: BenchEngine,
  definition: Parameters<BenchEngine["create"]>[0],
  withinMs: number,
  most: number,
): Promise<number[]> {
  const ids: string[] = [];
  const times: number[] = [];
  const endMs = performance.now() + withinMs;
  while (times.length < most && performance.now() < endMs) {
    const id = await bench.create(definition);
    ids.push(id);
    const startedMs = performance.now();
    await bench.run(id);
    times.push(performance.now() - startedMs);
  }
  await bench.assertCompleted(ids);
  return times;
}
