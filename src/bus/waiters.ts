/**
 * Requests that wait for the end of an execution. Whoever hears of an end tells it: the commits of this instance and the
 * doorbell of the others. Bounded: beyond the limit nobody waits.
 */
import type { Clock } from "../env/clock.ts";

export type Waiters = {
  /** Null where too many wait already. */
  wait(executionId: string, withinMs: number): Wait | null;
  /** It has ended. Telling it twice, or for what nobody waits for, does nothing. */
  ended(executionId: string): void;
  /** Lets everybody go. */
  stop(): void;
};

export type Wait = {
  /** True when the execution ended, false when the time was up first. */
  readonly ended: Promise<boolean>;
  /** Waits no longer: `ended` is false, if it is not settled yet. */
  cancel(): void;
};

export type WaitersOptions = {
  readonly clock: Clock;
  /** So many wait at the most. */
  readonly limit: number;
  /**
   * Whether the execution has ended, asked every second of each that is waited for, in case a ring was lost. A rejection
   * says that it is not known now. Absent where nothing that tells of ends can be lost.
   */
  readonly look?: (executionId: string) => Promise<boolean>;
};

type Waiter = (ended: boolean) => void;

const LOOK_EVERY_MS = 1_000;
/** Questions that are open at the same time: a slow store is not asked the same again meanwhile. */
const LOOKS_AT_ONCE = 32;

export function createWaiters({ clock, limit, look }: WaitersOptions): Waiters {
  const waiting = new Map<string, Set<Waiter>>();
  let count = 0;
  let cancelLook: (() => void) | null = null;
  let looking = false;

  function ended(executionId: string): void {
    const those = waiting.get(executionId);
    if (those !== undefined) for (const waiter of [...those]) waiter(true);
  }

  function lookLater(): void {
    if (look === undefined || looking || cancelLook !== null || waiting.size === 0) return;
    cancelLook = clock.after(LOOK_EVERY_MS, () => {
      cancelLook = null;
      void lookAtAll(look);
    });
  }

  async function lookAtAll(look: (executionId: string) => Promise<boolean>): Promise<void> {
    looking = true;
    const ids = [...waiting.keys()].values();
    const lookAtNext = async (): Promise<void> => {
      for (const id of ids) if (waiting.has(id) && (await look(id).catch(notKnown))) ended(id);
    };
    await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, lookAtNext));
    looking = false;
    lookLater();
  }

  return {
    wait(executionId, withinMs) {
      if (count >= limit) return null;
      const those = waiting.get(executionId) ?? new Set();
      waiting.set(executionId, those);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const waiter: Waiter = (hasEnded) => {
        if (!those.delete(waiter)) return;
        cancelTimer();
        if (those.size === 0) waiting.delete(executionId);
        count -= 1;
        resolve(hasEnded);
      };
      const cancelTimer = clock.after(withinMs, () => waiter(false));
      those.add(waiter);
      count += 1;
      lookLater();
      return { ended: promise, cancel: () => waiter(false) };
    },
    ended,
    stop() {
      for (const those of [...waiting.values()]) for (const waiter of [...those]) waiter(false);
      cancelLook?.();
    },
  };
}

/** A store that is away says nothing; the next look may. */
function notKnown(): boolean {
  return false;
}
