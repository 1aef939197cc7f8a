/** How long somebody waits for an end: not for ever, and not for one that has lost its use. */
import type { Clock } from "./clock.ts";

export type Patience = { readonly spent: Promise<void>; cancel(): void };

const LOOK_EVERY_MS = 100;

/** `spent` resolves after `withinMs`, or soon after `isUseless` says so. */
export function patience(clock: Clock, withinMs: number, isUseless: () => boolean): Patience {
  const { promise, resolve } = Promise.withResolvers<void>();
  const endMs = clock.monotonicMs() + withinMs;
  let cancel = (): void => undefined;
  const look = (): void => {
    if (isUseless() || clock.monotonicMs() >= endMs) resolve();
    else cancel = clock.after(LOOK_EVERY_MS, look);
  };
  look();
  return { spent: promise, cancel: () => cancel() };
}
