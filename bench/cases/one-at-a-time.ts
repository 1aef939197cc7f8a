/** Executions of one definition one after the other, in a second's round; what is created is not timed, as a client creates before it triggers. */
import { type Measured, needed, type ServicesOfRun, type Subject, type Variant } from "../case.ts";
import { countCosts } from "../costs.ts";
import { type BenchEngine, startBenchEngine } from "../bench-engine.ts";
import { median } from "../results.ts";
import { RUNS_MOST, runsOfRound, timesOf, WARM_MS } from "../rounds.ts";

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
  const { variant, services, nodes, environment = {}, runsMost = RUNS_MOST, measure } = options;
  const bench = await startBenchEngine({ store: needed(variant.store ?? null), services, environment });
  const definition = await bench.definition(options.definition);
  const costs = countCosts(services);
  const runs = runsOfRound(await completedTimes(bench, definition, WARM_MS, runsMost), runsMost);
  return {
    async round() {
      await costs.begin();
      const times = await completedTimes(bench, definition, Number.POSITIVE_INFINITY, runs);
      return { ...measure(median(times)), ...(await costs.perNode(runs * nodes)) };
    },
    async stop() {
      costs.close();
      await bench.stop();
    },
  };
}

/** Rejects where one of them has not completed. */
async function completedTimes(
  bench: BenchEngine,
  definition: Parameters<BenchEngine["create"]>[0],
  withinMs: number,
  most: number,
): Promise<number[]> {
  const ids: string[] = [];
  const create = async (): Promise<string> => {
    const id = await bench.create(definition);
    ids.push(id);
    return id;
  };
  const times = await timesOf(create, bench.run, withinMs, most);
  await bench.assertCompleted(ids);
  return times;
}
