/** How rounds are made, the same for our own cases and for others: one after the other, or many under way. */
import { median } from "./results.ts";

const ROUND_MS = 500;
const FEWEST = 3;
const CLIENTS_A_MS = 100;

/** So much is run before anything counts. */
export const WARM_MS = 1_500;
/** So many runs are a round at the most. */
export const RUNS_MOST = 400;

/** `prepare` is not timed. Milliseconds of each `run`, until so many are done or so much time is over. */
export async function timesOf<Prepared>(
  prepare: () => Promise<Prepared>,
  run: (prepared: Prepared) => Promise<void>,
  withinMs: number,
  most: number,
): Promise<number[]> {
  const times: number[] = [];
  const endMs = performance.now() + withinMs;
  while (times.length < most && performance.now() < endMs) {
    const prepared = await prepare();
    const startedMs = performance.now();
    await run(prepared);
    times.push(performance.now() - startedMs);
  }
  return times;
}

/** As many as a round has room for, by how long they took once they were warm. */
export function runsOfRound(warmTimes: readonly number[], most: number = RUNS_MOST): number {
  return Math.min(most, Math.max(FEWEST, Math.round(ROUND_MS / median(warmTimes.slice(warmTimes.length >> 1)))));
}

/** Milliseconds for `count` runs, `atOnce` under way at a time. */
export async function msOfMany(run: () => Promise<unknown>, count: number, atOnce: number): Promise<number> {
  let left = count;
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: Math.min(atOnce, count) }, async (_, client) => {
      // Clients do not all come in one and the same turn.
      await Bun.sleep(client / CLIENTS_A_MS);
      while (left-- > 0) await run();
    }),
  );
  return performance.now() - startedMs;
}
