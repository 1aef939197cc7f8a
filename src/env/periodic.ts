/**
 * Does something over and over, one at a time: on a period that is reckoned from when it began, sooner when it failed,
 * and at once when somebody asks, though never more often than is of use.
 */
import type { Clock } from "./clock.ts";

export type Periodic = {
  /** Another round as soon as may be. Resolves when one that began after this call has succeeded, or they are stopped. */
  now(): Promise<void>;
  /** Resolves when none is under way any more. */
  stop(): Promise<void>;
};

export type PeriodicOptions = {
  readonly clock: Clock;
  readonly everyMs: number;
  /** After a failure. */
  readonly againMs: number;
  /** From the end of one to the beginning of the next that was asked for. */
  readonly restMs: number;
  /** Answers in how many milliseconds the next should begin, where that is sooner than usual. Rejects where it failed. */
  readonly round: () => Promise<number | null>;
  readonly failed: (error: unknown) => void;
};

/** The first round begins after a period, if nobody asks for it before. */
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

  /** When the next one is due. */
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
