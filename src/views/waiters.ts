/**
 * Requests that wait for the end of an execution. The commits of this instance and the doorbell of the others report ends.
 * The number of waiters is limited: beyond it nobody waits.
 */
import type { Clock } from "../env/clock.ts";

export type Waiters = {
  /** A new waiter; null if too many wait already. */
  wait(executionId: string, withinMs: number): Wait | null;
  /** Reports the end of an execution. Reporting it twice, or without a waiter, does nothing. */
  ended(executionId: string): void;
  /** Ends all waits. */
  stop(): void;
};

export type Wait = {
  /** True when the execution ended, false when the time was up first. */
  readonly ended: Promise<boolean>;
  /** Ends the wait: `ended` resolves with false, if it is not settled yet. */
  cancel(): void;
};

export type WaitersOptions = {
  readonly clock: Clock;
  /** The largest number of waiters. */
  readonly limit: number;
  /**
   * Whether the execution has ended. It is asked every second for each execution with waiters, in case a ring was lost. A
   * rejection means that this is not known now. Absent if no report can be lost.
   */
  readonly look?: (executionId: string) => Promise<boolean>;
};

const LOOK_EVERY_MS = 1_000;
/** The questions that are open at the same time: a slow store is not asked the same thing again meanwhile. */
const LOOKS_AT_ONCE = 32;

export function createWaiters(options: WaitersOptions): Waiters {
  return new ExecutionWaiters(options);
}

class ExecutionWaiters implements Waiters {
  readonly #options: WaitersOptions;
  /** The waiters of each execution. */
  readonly #waiting = new Map<string, Waiter[]>();
  #count = 0;
  #cancelLook: (() => void) | null = null;
  #looking = false;

  constructor(options: WaitersOptions) {
    this.#options = options;
  }

  wait(executionId: string, withinMs: number): Wait | null {
    const { limit, clock } = this.#options;
    if (this.#count >= limit) return null;
    const waiter = new Waiter(executionId, this);
    waiter.cancelTimer = clock.after(withinMs, () => waiter.cancel());
    const those = this.#waiting.get(executionId);
    if (those === undefined) this.#waiting.set(executionId, [waiter]);
    else those.push(waiter);
    this.#count += 1;
    this.#lookLater();
    return waiter;
  }

  ended(executionId: string): void {
    const those = this.#waiting.get(executionId);
    if (those === undefined) return;
    this.#waiting.delete(executionId);
    this.#count -= those.length;
    for (const waiter of those) waiter.settle(true);
  }

  stop(): void {
    for (const those of [...this.#waiting.values()]) for (const waiter of [...those]) waiter.cancel();
    this.#cancelLook?.();
  }

  /** Removes a waiter. Returns false if it was not there any more. */
  leave(waiter: Waiter): boolean {
    const those = this.#waiting.get(waiter.executionId);
    const at = those?.indexOf(waiter) ?? -1;
    if (those === undefined || at === -1) return false;
    if (those.length === 1) this.#waiting.delete(waiter.executionId);
    else those.splice(at, 1);
    this.#count -= 1;
    return true;
  }

  #lookLater(): void {
    const { look, clock } = this.#options;
    if (look === undefined || this.#looking || this.#cancelLook !== null || this.#waiting.size === 0) return;
    this.#cancelLook = clock.after(LOOK_EVERY_MS, () => {
      this.#cancelLook = null;
      void this.#lookAtAll(look);
    });
  }

  async #lookAtAll(look: (executionId: string) => Promise<boolean>): Promise<void> {
    this.#looking = true;
    const ids = [...this.#waiting.keys()].values();
    const lookAtNext = async (): Promise<void> => {
      for (const id of ids) if (this.#waiting.has(id) && (await look(id).catch(notKnown))) this.ended(id);
    };
    await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, lookAtNext));
    this.#looking = false;
    this.#lookLater();
  }
}

class Waiter implements Wait {
  readonly executionId: string;
  readonly ended: Promise<boolean>;
  cancelTimer: () => void = NOTHING;
  readonly #waiters: ExecutionWaiters;
  readonly #resolve: (ended: boolean) => void;

  constructor(executionId: string, waiters: ExecutionWaiters) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.executionId = executionId;
    this.ended = promise;
    this.#resolve = resolve;
    this.#waiters = waiters;
  }

  cancel(): void {
    if (this.#waiters.leave(this)) this.settle(false);
  }

  settle(ended: boolean): void {
    this.cancelTimer();
    this.#resolve(ended);
  }
}

const NOTHING = (): void => undefined;

/** A store that is away says nothing. The next look may succeed. */
function notKnown(): boolean {
  return false;
}
