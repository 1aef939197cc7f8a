/** Deadlines: waiting for an end, and for an answer that a busy process must not mistake for silence. */
import type { Clock } from "./clock.ts";

/** One millisecond, not zero: timers that are due together fire together, before anything that has arrived is read. */
const TURN_MS = 1;

/**
 * Calls `fire` after `ms`, of which the last part is a turn of the event loop. If the process was held up past the deadline,
 * the answer may have arrived and wait to be read, which happens in that turn. The returned function cancels it.
 */
export function afterDeadline(clock: Clock, ms: number, fire: () => void): () => void {
  let cancel = clock.after(Math.max(0, ms - TURN_MS), () => {
    cancel = clock.after(TURN_MS, fire);
  });
  return () => cancel();
}

/** The answer of `work`, or `late` if it takes longer than `ms`. The work then goes on unobserved. */
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

/** Resolves with `work`, after `ms`, or soon after `isUseful` has returned false. */
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
