/** Deadlines: for an end that is waited for, and for an answer that a busy process does not take for silence. */
import type { Clock } from "./clock.ts";

/** Longer than no time at all: timers that are due together fire together, before anything that has arrived is read. */
const TURN_MS = 1;

/**
 * Calls `fire` after `ms`, of which the last is a turn of the event loop for itself. Where the process was held up until the deadline
 * had passed, the answer may have come long ago and wait to be read, which happens in that turn. The answer cancels it.
 */
export function afterDeadline(clock: Clock, ms: number, fire: () => void): () => void {
  let cancel = clock.after(Math.max(0, ms - TURN_MS), () => {
    cancel = clock.after(TURN_MS, fire);
  });
  return () => cancel();
}

/** What `work` answers, or `late` where it has not within `ms`. What it does then goes on, and nobody waits for it. */
export async function within<Answer>(
  clock: Clock,
  ms: number,
  work: Promise<Answer>,
  late: () => Answer | Promise<Answer>,
): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const cancel = clock.after(ms, () => resolve(late()));
  try {
    return await Promise.race([work, promise]);
  } finally {
    cancel();
  }
}

const LOOK_EVERY_MS = 100;

/** Resolves with `work`, after `ms`, or soon after `isUseful` has said no. */
export async function whileUseful(clock: Clock, ms: number, work: Promise<unknown>, isUseful: () => boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const endMs = clock.monotonicMs() + ms;
  let cancel = (): void => undefined;
  const look = (): void => {
    if (!isUseful() || clock.monotonicMs() >= endMs) resolve();
    else cancel = clock.after(LOOK_EVERY_MS, look);
  };
  look();
  try {
    await Promise.race([promise, work]);
  } finally {
    cancel();
  }
}
