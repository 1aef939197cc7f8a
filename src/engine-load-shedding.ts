/**
 * Load shedding: new work is refused at once, before anything is done for it, while what was taken before waits too long for the
 * store. So what is taken is answered in time, and nothing is spent on what its client will have given up. The rule goes by the
 * longest wait of any create or commit that is not answered yet, as CoDel (RFC 8289) goes by that of packets: one that stays above
 * the target is a standing queue, and a burst or a stall, which passes, is none. Creates are refused first, since a trigger is the
 * second half of a create that was taken.
 */
import type { Clock } from "./env/clock.ts";

export type NewWork = "create" | "trigger";

const TARGET_MS: Readonly<Record<NewWork, number>> = { create: 300, trigger: 1_000 };
/** Above the target for so long is too long. With the target it is about what a create waits until it is given up. */
const GRACE_MS = 1_000;
/** So long after work was refused there is no grace: it is still the same overload. */
const SAME_OVERLOAD_MS = 10_000;

/** `waitingSince`: since when the oldest of each line waits, by the monotonic clock; null where a line is empty. */
export function createLoadShedding(clock: Clock, waitingSince: () => Iterable<number | null>): (work: NewWork) => string | null {
  let aboveSinceMs: number | null = null;
  let refusedAtMs = Number.NEGATIVE_INFINITY;
  return (work) => {
    const nowMs = clock.monotonicMs();
    const waitMs = nowMs - oldestOf(waitingSince());
    if (waitMs < TARGET_MS.create) aboveSinceMs = null;
    if (waitMs < TARGET_MS[work]) return null;
    aboveSinceMs ??= nowMs - (waitMs - TARGET_MS.create);
    const isPassing = nowMs - aboveSinceMs < GRACE_MS && nowMs - refusedAtMs > SAME_OVERLOAD_MS;
    if (isPassing) return null;
    refusedAtMs = nowMs;
    return `Nothing new is taken for now: what was taken before has waited for the store for ${Math.round(waitMs)} ms.`;
  };
}

function oldestOf(times: Iterable<number | null>): number {
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const sinceMs of times) if (sinceMs !== null && sinceMs < oldestMs) oldestMs = sinceMs;
  return oldestMs;
}
