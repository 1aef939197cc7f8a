/** The take-over of a lane: the executions that are not closed go on here, and whose owner died is noted. */
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import { Backoff } from "../../env/backoff.ts";
import type { SharedStore } from "../../store/shared-store.ts";
import { StoreUnavailable } from "../../store/store.ts";
import type { Adoption } from "./adoption.ts";
import type { LeasedLane } from "./leased-lane.ts";
import type { LeaseTimes } from "../policy/lease.ts";
import type { LaneWork, OwnedLane } from "../owned-lane.ts";

export type TakeOver = {
  /**
   * Resolves when everything in the lane goes on, or the lane is gone again. `restarted`: the lanes of which the store may have forgotten
   * something; this one leaves them when that was examined.
   */
  begin(held: LeasedLane, restarted: Set<number>): Promise<void>;
  /** Looks for executions in the lane that nobody here has heard of. Known ones are adopted again, which does nothing. */
  lookForUnknown(held: LeasedLane): Promise<void>;
};

export type TakeOverOptions = {
  readonly store: SharedStore;
  readonly times: LeaseTimes;
  readonly clock: Clock;
  readonly log: Log;
  readonly adoption: Adoption;
  readonly work: LaneWork;
  readonly onOwned: (ownedLane: OwnedLane) => void;
  /** The store may have older data. Awaited before anything of the lane goes on. Rejects with StoreUnavailable: then it is tried again. */
  readonly onRestarted: (ownedLane: OwnedLane, executions: readonly string[]) => Promise<void>;
};

export function createTakeOver(options: TakeOverOptions): TakeOver {
  return new LaneTakeOver(options);
}

class LaneTakeOver implements TakeOver {
  readonly #options: TakeOverOptions;

  constructor(options: TakeOverOptions) {
    this.#options = options;
  }

  async begin(held: LeasedLane, restarted: Set<number>): Promise<void> {
    const { log, work, adoption, onOwned } = this.#options;
    const { lane } = held;
    const active = await this.#show(held, restarted);
    if (active === null) return;
    if (active.length > 0) {
      log.info("Unfinished executions go on.", { lane, executions: active.length, after: held.died.size > 0 ? "a death" : "a move" });
    }
    onOwned(held);
    work.look(lane);
    await adoption.adopt(active, () => held.isOpen);
    held.isTakenOver = true;
    if (held.isOpen) work.takenOver?.(lane);
  }

  async lookForUnknown(held: LeasedLane): Promise<void> {
    const { store, adoption } = this.#options;
    try {
      const active = await store.active(held.lane);
      await adoption.adopt(active, () => held.isOpen);
    } catch (error) {
      this.#trouble("The active executions could not be listed; the instance tries again later.", held.lane, error);
    }
  }

  /** Shows the lane with its active executions. Null if it is gone again. */
  async #show(held: LeasedLane, restarted: Set<number>): Promise<readonly string[] | null> {
    const { store, times, clock } = this.#options;
    const backoff = new Backoff(clock);
    const { diedBootId } = held.committer.lease;
    while (!held.isEnded) {
      try {
        // The count comes first: what is created after it is heard of, or told by the next renewal.
        const [renewal] = await store.renew([held.committer.lease], times.ttlMs);
        const active = await store.active(held.lane);
        if (restarted.delete(held.lane)) await this.#tellOfRestart(held, active, restarted);
        if (renewal?.type === "renewed" && !held.isEnded) {
          if (diedBootId !== null) for (const id of active) held.died.set(id, diedBootId);
          held.outboxBytes = renewal.pending.outboxBytes;
          held.show(renewal.pending.created);
          return active;
        }
      } catch (error) {
        this.#trouble("The executions of a lane could not be read; the instance tries again.", held.lane, error);
      }
      // If the lease has lapsed or is lost, the renewals that go on meanwhile tell.
      await backoff.wait();
    }
    return null;
  }

  /** Tells of a restart. If it rejects it must be repeated, perhaps under another lease. */
  async #tellOfRestart(held: LeasedLane, active: readonly string[], restarted: Set<number>): Promise<void> {
    try {
      await this.#options.onRestarted(held, active);
    } catch (error) {
      restarted.add(held.lane);
      throw error;
    }
  }

  /** Logs trouble. That the store is away is logged once, not for each lane. */
  #trouble(sentence: string, lane: number, error: unknown): void {
    const { log } = this.#options;
    if (error instanceof StoreUnavailable) log.debug(sentence, { lane, error });
    else log.warn(sentence, { lane, error });
  }
}
