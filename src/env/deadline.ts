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

export type Deadline = { readonly passed: Promise<void>; cancel(): void };

const LOOK_EVERY_MS = 100;

/** `passed` resolves after `withinMs`, or soon after `isUseless` says so. */
export function deadline(clock: Clock, withinMs: number, isUseless: () => boolean): Deadline {
  const { promise, resolve } = Promise.withResolvers<void>();
  const endMs = clock.monotonicMs() + withinMs;
  let cancel = (): void => undefined;
  const look = (): void => {
    if (isUseless() || clock.monotonicMs() >= endMs) resolve();
    else cancel = clock.after(LOOK_EVERY_MS, look);
  };
  look();
  return { passed: promise, cancel: () => cancel() };
}
