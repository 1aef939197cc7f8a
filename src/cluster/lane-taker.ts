/** Takes lanes' leases, and knows whether anybody else can have had a lane since this instance last took it. */
import type { Clock } from "../env/clock.ts";
import { Backoff } from "../store/backoff.ts";
import type { SharedStore } from "../store/shared-store.ts";
import type { Lease } from "../store/store.ts";

/**
 * `between`: whether anybody else has had the lane since the lease before, which was taken here. `perhaps`: calls whose
 * answers were lost may account for all epochs between, and may not. `sentAtMs`: monotonic.
 */
export type LaneTaken = { readonly lease: Lease; readonly sentAtMs: number; readonly between: "nobody" | "perhaps" | "somebody" };

export type LaneTaker = {
  /** Null where another instance holds the lane. Rejects with StoreUnavailable: it may have been taken all the same. */
  take(lane: number): Promise<LaneTaken | null>;
  /** The same, again until the store answers; undefined where it is not wanted any more. */
  insist(lane: number, isWanted: () => boolean, failed: (error: unknown) => void): Promise<LaneTaken | null | undefined>;
};

/** A call without an answer has arrived by then, or never will. */
const LATE_MS = 60_000;

type Known = { readonly epoch: number | null; readonly unanswered: number; readonly lastSentAtMs: number };

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
  /** By lane: the last epoch that was answered, and how many calls were not, each of which may have raised it by one, or will. */
  const known = new Map<number, Known>();

  async function take(lane: number): Promise<LaneTaken | null> {
    const sentAtMs = clock.monotonicMs();
    const before = known.get(lane) ?? { epoch: null, unanswered: 0, lastSentAtMs: sentAtMs };
    const { epoch } = before;
    const unanswered = sentAtMs - before.lastSentAtMs > LATE_MS ? 0 : before.unanswered;
    known.set(lane, { epoch, unanswered: unanswered + 1, lastSentAtMs: sentAtMs });
    const taken = await store.takeLease(lane, bootId, ttlMs);
    // Those that were not answered may still arrive.
    const answered = { unanswered, lastSentAtMs: sentAtMs };
    if (taken.type === "held") {
      known.set(lane, { ...answered, epoch });
      return null;
    }
    const { lease } = taken;
    known.set(lane, { ...answered, epoch: lease.epoch });
    const others = epoch === null ? Number.POSITIVE_INFINITY : lease.epoch - epoch - 1;
    return { lease, sentAtMs, between: others === 0 ? "nobody" : others <= unanswered ? "perhaps" : "somebody" };
  }

  return {
    take,
    async insist(lane, isWanted, failed) {
      const backoff = new Backoff(clock);
      while (isWanted()) {
        try {
          return await take(lane);
        } catch (error) {
          failed(error);
          await backoff.wait();
        }
      }
      return undefined;
    },
  };
}
