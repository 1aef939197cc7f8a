/** Evens out hosts that were given as much each, of which one has begun all of it while another still has a lot before it. */
import type { Entry } from "./entry.ts";
import type { Runner } from "./runner.ts";

/** What begins sooner than this is not worth a move. */
const WORTH_MS = 4;

/** Gives `idle`, which has begun all that it had, half of what waits the longest at another host, where that is worth it. */
export function balance(runners: readonly Runner[], idle: Runner, nowMs: number): void {
  let busiest: Runner | null = null;
  let longestMs = WORTH_MS;
  for (const runner of runners) {
    if (runner === idle || runner.state !== "ready" || runner.queued < 2) continue;
    const waitMs = runner.waitMs(nowMs);
    if (waitMs <= longestMs) continue;
    busiest = runner;
    longestMs = waitMs;
  }
  if (busiest === null) return;
  for (const entry of halfOf(busiest.queuedEntries(), idle.room)) if (busiest.takeBack(entry)) idle.put(entry, nowMs);
  idle.send();
}

/** Of these the half that would begin last, in the order in which they begin, and no more than `most`. */
function halfOf(queued: readonly Entry[], most: number): readonly Entry[] {
  const inOrder = queued.toSorted((a, b) => b.attempt.priority - a.attempt.priority || a.order - b.order);
  return inOrder.slice(Math.max(Math.ceil(inOrder.length / 2), inOrder.length - most));
}
