/** Which host gets the next attempt, and which of what hosts have in hand leaves first. */
import type { Entry } from "./entry.ts";
import type { Runner } from "./host-handle.ts";

/** Of those that can be given more, with fewer than `most` in hand; null where there is none. */
export function leastBusy(runners: readonly Runner[], most: number): Runner | null {
  let best: Runner | null = null;
  for (const runner of runners) {
    if (runner.state !== "ready" || runner.silent || runner.room === 0 || runner.inHand >= most) continue;
    if (best === null || runner.inHand < best.inHand) best = runner;
  }
  return best;
}

/** Takes back up to `max` of those that would begin last and that `mayGo` allows. */
export function takeLastOf(runners: readonly Runner[], max: number, mayGo: (entry: Entry) => boolean): readonly Entry[] {
  const queued = runners.flatMap((runner) => (runner.state === "ready" ? runner.queuedEntries() : []));
  queued.sort((a, b) => a.attempt.priority - b.attempt.priority || b.order - a.order);
  const taken: Entry[] = [];
  for (const entry of queued) {
    if (taken.length === max) break;
    if (mayGo(entry) && entry.place?.takeBack(entry) === true) taken.push(entry);
  }
  return taken;
}
