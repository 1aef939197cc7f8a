/**
 * Rounds of one task, one at a time: periodically, counted from when a round began; sooner after a failure; and at once when
 * somebody asks, but never more often than is useful.
 */
import type { Clock } from "./clock.ts";

export type Periodic = {
  /**
   * Asks for another round as soon as possible. Resolves when a round that began after this call has succeeded, or when the
   * rounds are stopped.
   */
  now(): Promise<void>;
  /** Stops the rounds. Resolves when none is under way any more. */
  stop(): Promise<void>;
};

export type PeriodicOptions = {
  readonly clock: Clock;
  readonly everyMs: number;
  /** The pause after a failure. */
  readonly againMs: number;
  /** The pause between the end of a round and the beginning of one that was asked for. */
  readonly restMs: number;
  /** One round. Resolves with the milliseconds until the next one, if that is sooner than usual. Rejects if it failed. */
  readonly round: () => Promise<number | null>;
  readonly failed: (error: unknown) => void;
};

/** Starts the rounds. The first one begins after a period, if nobody asks for it before. */
export function startPeriodic({ clock, everyMs, againMs, restMs, round, failed }: PeriodicOptions): Periodic {
  let cancel: () => void = () => undefined;
  let dueAtMs = Number.POSITIVE_INFINITY;
  let running = false;
  let stopped = false;
  let asking: (() => void)[] = [];
  const ended = Promise.withResolvers<void>();

  function schedule(atMs: number): void {
    if (stopped || running || atMs >= dueAtMs) return;
    cancel();
    dueAtMs = atMs;
    cancel = clock.after(atMs - clock.monotonicMs(), () => void run());
  }

  async function run(): Promise<void> {
    running = true;
    dueAtMs = Number.POSITIVE_INFINITY;
    const beganAtMs = clock.monotonicMs();
    const asked = asking.splice(0);
    const nextAtMs = await tried(beganAtMs, asked);
    running = false;
    if (stopped) end();
    schedule(nextAtMs);
  }

  /** The time at which the next round is due. */
  async function tried(beganAtMs: number, asked: readonly (() => void)[]): Promise<number> {
    try {
      const soonerMs = await round();
      for (const resolve of asked) resolve();
      const nowMs = clock.monotonicMs();
      if (asking.length > 0) return nowMs + restMs;
      return Math.max(nowMs, Math.min(beganAtMs + everyMs, nowMs + (soonerMs ?? everyMs)));
    } catch (error) {
      asking = [...asked, ...asking];
      failed(error);
      return clock.monotonicMs() + againMs;
    }
  }

  schedule(clock.monotonicMs() + everyMs);
  return {
    now: () =>
      new Promise((resolve) => {
        if (stopped) return resolve();
        asking.push(resolve);
        schedule(clock.monotonicMs());
      }),
    stop() {
      stopped = true;
      cancel();
      if (!running) end();
      return ended.promise;
    },
  };

  function end(): void {
    for (const resolve of asking.splice(0)) resolve();
    ended.resolve();
  }
}
