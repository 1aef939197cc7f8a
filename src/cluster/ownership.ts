/**
 * Who may work on what. An instance alone owns every lane from its start to its end: it takes the leases, takes over
 * the executions that are not closed, and looks after them every few seconds in case a doorbell was lost.
 */
import type { Clock } from "../env/clock.ts";
import type { Log } from "../env/log.ts";
import type { Lease, Retention, Store } from "../store/store.ts";

export type Ownership = {
  readonly leases: readonly Lease[];
  /** Which of the executions that were taken over had an owner that died; forgotten once it is recorded in their log. */
  readonly deaths: { bootIdOf(executionId: string): string | null; recorded(executionId: string): void };
  /** Takes over what is active and begins to sweep. `adopt` resolves when the execution goes on; some at a time are taken over. */
  begin(adopt: (executionId: string) => Promise<void>, sweep: () => void): Promise<void>;
  /** An execution may have been created and triggered that nobody here has heard of: the next sweeps look for such. */
  unsure(): void;
  stop(): void;
};

export type OwnershipOptions = {
  readonly store: Store;
  readonly bootId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention: Pick<Retention, "finishedMs" | "untriggeredMs">;
};

const SWEEP_MS = 10_000;
/** So many sweeps look for an execution whose creation was not answered: by then it is there, or never will be. */
const SWEEPS_FOR_UNSURE = 3;
/** Retention asks the disk, so it is rarer: an idle server leaves the disk alone. */
const RETENTION_MS = 10 * 60_000;
const RETENTION_BATCH = 200;
/** Executions that are loaded at the same time, so that a start with many of them does not hold everything else up. */
const TAKE_OVER_AT_ONCE = 16;

/** Takes every lane of the store. Rejects with StoreUnavailable. */
export async function takeOwnership(options: OwnershipOptions): Promise<Ownership> {
  const { store, bootId, clock, log } = options;
  const leases: Lease[] = [];
  for (let lane = 0; lane < store.lanes; lane++) leases.push(await store.acquire(lane, bootId));
  const died = new Map<string, string>();
  let cancelSweep: (() => void) | null = null;
  let cancelRetention: (() => void) | null = null;
  let sweepsForUnsure = 0;
  let stopped = false;

  function sweepLater(adopt: (executionId: string) => Promise<void>, sweep: () => void): void {
    cancelSweep = clock.after(SWEEP_MS, () => {
      sweep();
      // Only then: an idle server leaves the disk alone.
      if (sweepsForUnsure > 0) void lookForUnknown(adopt);
      sweepLater(adopt, sweep);
    });
  }

  /** Who is known already is adopted once more, which does nothing. A store that is away is asked again by the next sweep. */
  async function lookForUnknown(adopt: (executionId: string) => Promise<void>): Promise<void> {
    try {
      for (const { lane } of leases) for (const id of await store.active(lane)) if (!stopped) void adopt(id);
      sweepsForUnsure -= 1;
    } catch (error) {
      log.warn("The active executions could not be listed; tried again later.", { error });
    }
  }

  function retainLater(delayMs: number): void {
    cancelRetention = clock.after(delayMs, () => {
      void retain(options).then((again) => {
        if (!stopped) retainLater(again ? SWEEP_MS / 10 : RETENTION_MS);
      });
    });
  }

  return {
    leases,
    deaths: { bootIdOf: (id) => died.get(id) ?? null, recorded: (id) => void died.delete(id) },
    async begin(adopt, sweep) {
      const active: string[] = [];
      for (const lease of leases) {
        const ids = await store.active(lease.lane);
        if (lease.diedBootId !== null) for (const id of ids) died.set(id, lease.diedBootId);
        active.push(...ids);
      }
      if (active.length > 0) {
        log.info("Unfinished executions go on.", { executions: active.length, after: died.size > 0 ? "a crash" : "a clean end" });
      }
      sweepLater(adopt, sweep);
      retainLater(SWEEP_MS);
      const line = active.values();
      const takeNext = async (): Promise<void> => {
        for (const id of line) await adopt(id);
      };
      await Promise.all(Array.from({ length: TAKE_OVER_AT_ONCE }, takeNext));
    },
    unsure() {
      sweepsForUnsure = SWEEPS_FOR_UNSURE;
    },
    stop() {
      stopped = true;
      cancelSweep?.();
      cancelRetention?.();
    },
  };
}

/** True when there may be more to delete. */
async function retain({ store, clock, log, retention }: OwnershipOptions): Promise<boolean> {
  try {
    return (await store.sweep({ ...retention, nowMs: clock.nowMs(), limit: RETENTION_BATCH })) === RETENTION_BATCH;
  } catch (error) {
    log.warn("Old executions could not be deleted; tried again later.", { error });
    return false;
  }
}
