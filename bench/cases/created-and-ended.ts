/** Many executions inside the process: from the first create, each triggered in the same act, to the last end that a waiting client is told. */
import type { BenchEngine } from "../bench-engine.ts";
import { msOfMany } from "../rounds.ts";

/** Reading all of them back would take longer than running them. */
const SAMPLED_EACH = 97;

/** Milliseconds for `count` executions of one definition, `atOnce` under way at a time. Rejects where one of a sample has not completed. */
export async function createdAndEnded(
  bench: BenchEngine,
  definition: Parameters<BenchEngine["runNew"]>[0],
  count: number,
  atOnce: number,
): Promise<number> {
  const ids: string[] = [];
  const ms = await msOfMany(async () => ids.push(await bench.runNew(definition)), count, atOnce);
  if (ids.length !== count) throw new Error(`${ids.length} of ${count} executions have ended.`);
  await bench.assertCompleted(ids.filter((_, at) => at % SAMPLED_EACH === 0));
  return ms;
}
