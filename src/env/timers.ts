/** Many due times on one timer of the clock: a heap, so that 100,000 waiting nodes or requests cost one timeout. */
import type { Clock } from "./clock.ts";

export type Timers = {
  /** Calls `fire` at `dueAtMs` or soon after; if that has passed, in a later turn. The returned function cancels it. */
  at(dueAtMs: number, fire: () => void): () => void;
  /** Cancels all timers, including those that are set later. */
  stop(): void;
};

/**
 * One timer. A cancelled one stays in the heap without its `fire` until it is due, or until the heap holds more cancelled
 * timers than others.
 */
type Timer = { readonly dueAtMs: number; readonly order: number; fire: (() => void) | null };

const CANCELLED_KEPT = 1_000;

/** A clock whose timers are all timers of this heap: a deadline that is mostly cancelled before it is due costs next to nothing. */
export function sharingOneTimer(clock: Clock): Clock {
  // A delay that is measured from now must not move with the calendar.
  const timers = createTimers({ nowMs: () => clock.monotonicMs(), after: (delayMs, fire) => clock.after(delayMs, fire) });
  return {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs, fire) => timers.at(clock.monotonicMs() + Math.max(0, delayMs), fire),
  };
}

export function createTimers(clock: Pick<Clock, "nowMs" | "after">): Timers {
  const heap: Timer[] = [];
  let order = 0;
  let cancelled = 0;
  let cancelTick: (() => void) | null = null;
  let tickAtMs = Number.POSITIVE_INFINITY;
  let stopped = false;

  function arm(): void {
    const first = heap[0];
    if (first === undefined || first.dueAtMs >= tickAtMs) return;
    cancelTick?.();
    cancelTick = clock.after(first.dueAtMs - clock.nowMs(), tick);
    tickAtMs = first.dueAtMs;
  }

  function tick(): void {
    cancelTick = null;
    tickAtMs = Number.POSITIVE_INFINITY;
    const nowMs = clock.nowMs();
    try {
      for (let first = heap[0]; first !== undefined && first.dueAtMs <= nowMs; first = heap[0]) {
        pop(heap);
        const { fire } = first;
        first.fire = null;
        if (fire === null) cancelled -= 1;
        else fire();
      }
    } finally {
      // The other timers fire even if one of them throws.
      arm();
    }
  }

  function disarm(): void {
    cancelTick?.();
    cancelTick = null;
    tickAtMs = Number.POSITIVE_INFINITY;
    heap.length = 0;
    cancelled = 0;
  }

  function compact(): void {
    // Nobody waits, so nothing must keep the process awake.
    if (cancelled === heap.length) return disarm();
    const kept = heap.filter(({ fire }) => fire !== null).sort((left, right) => (earlier(left, right) ? -1 : 1));
    // A sorted list is a heap.
    heap.length = 0;
    for (const timer of kept) heap.push(timer);
    cancelled = 0;
  }

  return {
    at(dueAtMs, fire) {
      if (stopped) return () => undefined;
      const timer: Timer = { dueAtMs, order: order++, fire };
      push(heap, timer);
      arm();
      return () => {
        if (timer.fire === null) return;
        timer.fire = null;
        cancelled += 1;
        if (cancelled === heap.length || (cancelled > CANCELLED_KEPT && cancelled > heap.length / 2)) compact();
      };
    },
    stop() {
      stopped = true;
      disarm();
    },
  };
}

function earlier(left: Timer, right: Timer): boolean {
  return left.dueAtMs < right.dueAtMs || (left.dueAtMs === right.dueAtMs && left.order < right.order);
}

function push(heap: Timer[], timer: Timer): void {
  let child = heap.length;
  heap.push(timer);
  while (child > 0) {
    const parent = (child - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !earlier(timer, above)) break;
    heap[child] = above;
    child = parent;
  }
  heap[child] = timer;
}

function pop(heap: Timer[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let parent = 0;
  for (;;) {
    const left = heap[2 * parent + 1];
    if (left === undefined) break;
    const right = heap[2 * parent + 2];
    const useRight = right !== undefined && earlier(right, left);
    const child = useRight ? right : left;
    if (!earlier(child, last)) break;
    heap[parent] = child;
    parent = 2 * parent + (useRight ? 2 : 1);
  }
  heap[parent] = last;
}
