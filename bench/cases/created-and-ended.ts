/** Many executions inside the process: from the first create, each triggered in the same act, to the last end that a waiting client is told. */
import type { BenchEngine } from "../bench-engine.ts";

const CLIENTS_A_MS = 100;
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
  let left = count;
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: Math.min(atOnce, count) }, async (_, client) => {
      // Clients do not all come in one and the same turn.
      await Bun.sleep(client / CLIENTS_A_MS);
      while (left-- > 0) ids.push(await bench.runNew(definition));
    }),
  );
  const ms = performance.now() - startedMs;
  if (ids.length !== count) throw new Error(`${ids.length} of ${count} executions have ended.`);
  await bench.assertCompleted(ids.filter((_, at) => at % SAMPLED_EACH === 0));
  return ms;
}
