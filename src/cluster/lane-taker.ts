/** Takes lanes' leases, and knows whether anybody else can have had a lane since this instance last took it. */
import type { Clock } from "../env/clock.ts";
import type { SharedStore } from "../store/shared-store.ts";
import type { Lease } from "../store/store.ts";

/** `alone`: nobody else can have had the lane between this lease and the last one taken here. `sentAtMs`: monotonic. */
export type LaneTaken = { readonly lease: Lease; readonly sentAtMs: number; readonly alone: boolean };

export type LaneTaker = {
  /** Null where another instance holds the lane. Rejects with StoreUnavailable: it may have been taken all the same. */
  take(lane: number): Promise<LaneTaken | null>;
};

export function createLaneTaker({
  store,
  bootId,
  ttlMs,
  clock,
}: {
  readonly store: SharedStore;
  readonly bootId: string;
  readonly ttlMs: number;
  readonly clock: Clock;
}): LaneTaker {
  /** By lane: the last epoch that was answered, and how many calls were not, each of which may raise it by one, also later. */
  const known = new Map<number, { readonly epoch: number | null; readonly unanswered: number }>();

  return {
    async take(lane) {
      const { epoch, unanswered } = known.get(lane) ?? { epoch: null, unanswered: 0 };
      known.set(lane, { epoch, unanswered: unanswered + 1 });
      const sentAtMs = clock.monotonicMs();
      const taken = await store.takeLease(lane, bootId, ttlMs);
      if (taken.type === "held") {
        known.set(lane, { epoch, unanswered });
        return null;
      }
      const { lease } = taken;
      const others = epoch === null ? unanswered : unanswered + 1 - (lease.epoch - epoch);
      known.set(lane, { epoch: lease.epoch, unanswered: Math.max(0, others) });
      return { lease, sentAtMs, alone: epoch !== null && others >= 0 };
    },
  };
}
