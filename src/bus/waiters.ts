/** Requests that wait for the end of an execution, told by the bus. Bounded: beyond the limit nobody waits. */
import type { Clock } from "../env/clock.ts";
import { isTerminal } from "../workflow/status.ts";
import type { Bus } from "./bus.ts";

export type Waiters = {
  /** Null where too many wait already. */
  wait(executionId: string, withinMs: number): Wait | null;
  /** Lets everybody go. */
  stop(): void;
};

export type Wait = {
  /** True when the execution ended, false when the time was up first. */
  readonly ended: Promise<boolean>;
  /** Waits no longer: `ended` is false, if it is not settled yet. */
  cancel(): void;
};

type Waiter = (ended: boolean) => void;

export function createWaiters(bus: Bus, clock: Clock, limit: number): Waiters {
  const waiting = new Map<string, Set<Waiter>>();
  let count = 0;

  const unsubscribe = bus.subscribe(({ execution, status }) => {
    const those = waiting.get(execution);
    if (those === undefined || !isTerminal(status)) return;
    for (const waiter of [...those]) waiter(true);
  });

  return {
    wait(executionId, withinMs) {
      if (count >= limit) return null;
      const those = waiting.get(executionId) ?? new Set();
      waiting.set(executionId, those);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const waiter: Waiter = (ended) => {
        if (!those.delete(waiter)) return;
        cancelTimer();
        if (those.size === 0) waiting.delete(executionId);
        count -= 1;
        resolve(ended);
      };
      const cancelTimer = clock.after(withinMs, () => waiter(false));
      those.add(waiter);
      count += 1;
      return { ended: promise, cancel: () => waiter(false) };
    },
    stop() {
      unsubscribe();
      for (const those of [...waiting.values()]) for (const waiter of [...those]) waiter(false);
    },
  };
}
