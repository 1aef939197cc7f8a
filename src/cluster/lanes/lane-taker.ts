/** The taker of lanes' leases. It knows whether anybody else has had a lane since this instance last took it. */
import type { Clock } from "../../env/clock.ts";
import { Backoff } from "../../env/backoff.ts";
import type { LaneView, SharedStore } from "../../store/shared-store.ts";
import type { Lease } from "../../store/store.ts";

/**
 * A lane that was taken. `wasOthers`: somebody else may have had it since the lease before, which was taken here. `sentAtMs`: monotonic.
 */
export type LaneTaken = { readonly lease: Lease; readonly sentAtMs: number; readonly wasOthers: boolean };

export type LaneTaker = {
  /** Takes a lane; null if another instance holds it. Rejects with StoreUnavailable: it may have been taken all the same. */
  take(lane: number): Promise<LaneTaken | null>;
  /** Takes a lane and repeats it until the store answers; undefined if it is not wanted any more. */
  untilAnswered(lane: number, isWanted: () => boolean, failed: (error: unknown) => void): Promise<LaneTaken | null | undefined>;
  /** Notes epochs that were given out: the next one is above them, even if the store has forgotten them. */
  saw(views: readonly Pick<LaneView, "lane" | "epoch">[]): void;
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
  /** By lane: the highest epoch that was seen, whoever had it. */
  const seen = new Map<number, number>();
  /** By lane: its count of takers when this boot took it last. */
  const takersAt = new Map<number, number>();

  function saw(views: readonly Pick<LaneView, "lane" | "epoch">[]): void {
    for (const { lane, epoch } of views) if (epoch > (seen.get(lane) ?? 0)) seen.set(lane, epoch);
  }

  async function take(lane: number): Promise<LaneTaken | null> {
    const sentAtMs = clock.monotonicMs();
    const taken = await store.takeLease(lane, bootId, ttlMs, seen.get(lane) ?? 0);
    if (taken.type === "held") return null;
    const { lease, takers } = taken;
    const wasOthers = takersAt.get(lane) !== takers;
    takersAt.set(lane, takers);
    saw([lease]);
    return { lease, sentAtMs, wasOthers };
  }

  return {
    take,
    saw,
    async untilAnswered(lane, isWanted, failed) {
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
