/** Requests that wait for the end of an execution, told by the bus. Bounded: beyond the limit nobody waits. */
import type { Clock } from "../env/clock.ts";
import { isTerminal } from "../workflow/status.ts";
import type { Bus } from "./bus.ts";

export type Waiters = {
  /** True when the execution ended, false when the time was up first or too many wait already. */
  wait(executionId: string, withinMs: number): Promise<boolean>;
  /** Lets everybody go. */
  stop(): void;
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
      if (count >= limit) return Promise.resolve(false);
      return new Promise((resolve) => {
        const those = waiting.get(executionId) ?? new Set();
        waiting.set(executionId, those);
        const waiter: Waiter = (ended) => {
          cancel();
          those.delete(waiter);
          if (those.size === 0) waiting.delete(executionId);
          count -= 1;
          resolve(ended);
        };
        const cancel = clock.after(withinMs, () => waiter(false));
        those.add(waiter);
        count += 1;
      });
    },
    stop() {
      unsubscribe();
      for (const those of [...waiting.values()]) for (const waiter of [...those]) waiter(false);
    },
  };
}
