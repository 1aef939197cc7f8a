/**
 * The owner's side of overflow: attempts that wait beyond what this instance's threads begin soon are offered to the
 * others, in the lanes of their executions, and taken in again where the line here gets short first. Nothing waits on a
 * timer while nothing is offered.
 */
import type { Clock } from "../env/clock.ts";
import type { Log } from "../env/log.ts";
import type { Turns } from "../env/turns.ts";
import type { AttemptKey, Overflow, Spilled } from "../pool/pool.ts";
import type { SharedStore } from "../store/shared-store.ts";
import { type Lease, StoreUnavailable } from "../store/store.ts";
import { LaneOffers } from "./lane-offers.ts";
import { offerLength, readOfferId } from "./offer-text.ts";

export type Surplus = {
  /** A lane of this instance has fewer offers than before: somebody has claimed. */
  heard(lane: number): void;
  /** The lane was taken: what was claimed of it, and nobody waits for any more, is ended in a while. */
  taken(lane: number): void;
  /**
   * What other instances had claimed of this execution when its lane was taken: each is a start that is to be recorded.
   * Asked before the execution is recovered. Rejects where the store is away.
   */
  claimsOf(executionId: string): Promise<readonly Claim[]>;
  /** The lane is handed over, lost, or taken anew from the store: its offers are forgotten here, and so are the entries of what is offered or claimed. */
  drop(lane: number): void;
  /** Offers nothing more, and forgets what is offered: the lanes are dropped or handed over. */
  stop(): void;
};

/** `executor`: the boot id of the instance that has claimed it. */
export type Claim = { readonly node: number; readonly attempt: number; readonly executor: string };

export type SurplusOptions = {
  readonly store: SharedStore;
  readonly overflow: Overflow;
  readonly bootId: string;
  readonly overflowAfterMs: number;
  /** Null where the lane is not this instance's, is being handed over, or may not be trusted now. */
  readonly leaseOf: (lane: number) => Lease | null;
  /** How many other instances live and are not ending. */
  readonly others: () => number;
  /** Also true where that cannot be told now. */
  readonly isAlive: (bootId: string) => boolean;
  /** What that instance ran is lost. */
  readonly executorDied: (bootId: string) => void;
  /** Rings the doorbell: there are offers in the lane. */
  readonly ring: (lane: number) => void;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly log: Log;
};

const TICK_MS = 25;
/** Unclaimed offers are looked at, and rung for again, so often: a ring may be lost. */
const LOOK_MS = 200;
const RING_AGAIN_MS = 500;
/** At first as much is offered as the others would begin in this time if they were as fast as this instance. */
const STOCK_MS = 500;
const STOCK_EACH_MIN = 8;
const BOOST_MAX = 256;
/** What is offered and not claimed holds at most so much, in number and in bytes; a larger attempt stays here. */
const UNCLAIMED_MAX = 2_000;
const BYTES_MAX = 16 * 1024 * 1024;
const ATTEMPT_LENGTH_MAX = 1024 * 1024;
/** Offered and claimed: who has taken so much need not take more before some of it is done. */
const OFFERS_MAX = 10_000;
/** What the last owner's claims wait for is there so long after the lane was taken. */
const ORPHANS_MS = 30_000;

export function createSurplus(options: SurplusOptions): Surplus {
  return new SurplusOffers(options);
}

type Lane = {
  readonly offers: LaneOffers;
  readonly takenAtMs: number;
  lookedAtMs: number;
  rangAtMs: number;
};

class SurplusOffers implements Surplus {
  readonly #options: SurplusOptions;
  readonly #lanes = new Map<number, Lane>();
  readonly #unlisten: () => void;
  #numbers = 0;
  /** How much more than at first is offered, since all of it was claimed at once. */
  #boost = 1;
  #claimedSince = 0;
  #cancelTick: (() => void) | null = null;
  #turnComing = false;
  #cancelOrphans: (() => void) | null = null;
  #stopped = false;

  constructor(options: SurplusOptions) {
    this.#options = options;
    this.#unlisten = options.overflow.listen(options.overflowAfterMs, {
      surplus: () => this.#tickLater(0),
      hungry: () => this.#soon(),
      settled: (key) => this.#told(key, (offers) => offers.settled(key)),
      unwanted: (key, aborted) => this.#told(key, (offers) => offers.unwanted(key, aborted)),
    });
  }

  heard(lane: number): void {
    const known = this.#lanes.get(lane);
    if (known === undefined || known.offers.unclaimed === 0) return;
    known.offers.look();
    this.#soon();
  }

  async claimsOf(executionId: string): Promise<readonly Claim[]> {
    const lane = this.#options.store.laneOf(executionId);
    const views = (await this.#laneFor(lane).offers.claimsBefore()).get(executionId) ?? [];
    return views.map(({ id, claimedBy }) => ({ ...readOfferId(id), executor: claimedBy ?? "" }));
  }

  taken(lane: number): void {
    // Whoever still asked when the lane went may have been told of an earlier time.
    this.drop(lane);
    this.#askClaims(lane, this.#laneFor(lane));
    this.#orphansLater();
  }

  #askClaims(lane: number, { offers }: Lane): void {
    offers.claimsBefore().catch((error: unknown) => this.#failed(lane, error));
  }

  drop(lane: number): void {
    this.#lanes.get(lane)?.offers.drop();
    this.#lanes.delete(lane);
  }

  stop(): void {
    this.#stopped = true;
    for (const lane of [...this.#lanes.keys()]) this.drop(lane);
    this.#unlisten();
    this.#cancelTick?.();
    this.#cancelOrphans?.();
  }

  #laneFor(lane: number): Lane {
    const known = this.#lanes.get(lane);
    if (known !== undefined) return known;
    const { store, overflow, bootId, leaseOf, clock } = this.#options;
    const offers = new LaneOffers({
      lane,
      store,
      overflow,
      bootId,
      leaseOf,
      nextNumber: () => (this.#numbers += 1),
      claimed: (key, claimer) => this.#claimed(key, claimer),
      offered: (offeredIn) => this.#ring(offeredIn),
    });
    const nowMs = clock.monotonicMs();
    const fresh: Lane = { offers, takenAtMs: nowMs, lookedAtMs: nowMs, rangAtMs: nowMs };
    this.#lanes.set(lane, fresh);
    return fresh;
  }

  #claimed(key: AttemptKey, bootId: string): boolean {
    const { overflow, clock, isAlive, executorDied } = this.#options;
    this.#claimedSince += 1;
    if (!overflow.claimed(key, bootId, clock.nowMs())) return false;
    // It died before anybody here knew that it had this.
    if (!isAlive(bootId)) executorDied(bootId);
    return true;
  }

  #told({ execution }: AttemptKey, tell: (offers: LaneOffers) => void): void {
    const offers = this.#lanes.get(this.#options.store.laneOf(execution))?.offers;
    if (offers === undefined || offers.size === 0) return;
    tell(offers);
    if (offers.isOpen) this.#tickLater(0);
  }

  /** In the next turn, since somebody waits for it. */
  #soon(): void {
    if (this.#turnComing || this.#stopped) return;
    this.#turnComing = true;
    this.#options.turns.run(() => {
      this.#turnComing = false;
      this.#tick();
    });
  }

  #tickLater(delayMs: number): void {
    if (this.#cancelTick !== null || this.#stopped) return;
    this.#cancelTick = this.#options.clock.after(delayMs, () => {
      this.#cancelTick = null;
      this.#tick();
    });
  }

  #tick(): void {
    if (this.#stopped) return;
    const surplus = this.#options.overflow.surplus();
    if (surplus > 0) this.#offer(surplus);
    else this.#takeIn();
    const nowMs = this.#options.clock.monotonicMs();
    let open = false;
    for (const [number, lane] of this.#lanes) {
      if (!lane.offers.isOpen) continue;
      open = true;
      if (lane.offers.unclaimed > 0) this.#lookAt(number, lane, nowMs);
      lane.offers.talk().catch((error: unknown) => this.#failed(number, error));
    }
    if (open || surplus > 0) this.#tickLater(TICK_MS);
  }

  #lookAt(number: number, lane: Lane, nowMs: number): void {
    if (nowMs - lane.lookedAtMs >= LOOK_MS) {
      lane.lookedAtMs = nowMs;
      lane.offers.look();
    }
    if (nowMs - lane.rangAtMs >= RING_AGAIN_MS) this.#ring(number);
  }

  #ring(lane: number): void {
    const known = this.#lanes.get(lane);
    if (known !== undefined) known.rangAtMs = this.#options.clock.monotonicMs();
    this.#options.ring(lane);
  }

  #offer(surplus: number): void {
    const { overflow, others, store, leaseOf } = this.#options;
    const instances = others();
    if (instances === 0) return;
    let [offered, unclaimed, bytes] = [0, 0, 0];
    for (const { offers } of this.#lanes.values()) {
      offered += offers.size;
      unclaimed += offers.unclaimed;
      bytes += offers.bytes;
    }
    const max = Math.min(surplus, this.#stock(instances, unclaimed) - unclaimed, OFFERS_MAX - offered);
    if (max <= 0) return;
    const lanes = new Map<string, number>();
    const mayGo = (spilled: Spilled): boolean => {
      const { id } = spilled.execution;
      const length = offerLength(spilled);
      if (length > ATTEMPT_LENGTH_MAX || bytes + length > BYTES_MAX) return false;
      const lane = lanes.get(id) ?? store.laneOf(id);
      lanes.set(id, lane);
      if (leaseOf(lane) === null) return false;
      bytes += length;
      return true;
    };
    for (const spilled of overflow.spill(max, mayGo)) {
      this.#laneFor(lanes.get(spilled.execution.id) ?? store.laneOf(spilled.execution.id)).offers.add(spilled);
    }
  }

  /** How much may stand unclaimed: twice as much each time when the others have taken most of it since the last offers. */
  #stock(instances: number, unclaimed: number): number {
    const first = Math.max(STOCK_EACH_MIN * instances, (instances * this.#options.overflow.pace() * STOCK_MS) / 1_000);
    if (this.#claimedSince > unclaimed) this.#boost = Math.min(BOOST_MAX, this.#boost * 2);
    this.#claimedSince = 0;
    return Math.min(UNCLAIMED_MAX, Math.ceil(first * this.#boost));
  }

  /** As much of it as would begin here soon. */
  #takeIn(): void {
    let wanted = this.#options.overflow.outside === 0 ? 0 : this.#options.overflow.capacity();
    if (wanted > 0) for (const { offers } of this.#lanes.values()) wanted -= offers.recalled;
    for (const { offers } of this.#lanes.values()) {
      if (wanted <= 0) return;
      const recalled = offers.recall(wanted);
      wanted -= recalled;
      if (recalled > 0) this.#boost = 1;
    }
  }

  #failed(lane: number, error: unknown): void {
    if (error instanceof StoreUnavailable) this.#options.log.debug("Offers wait for the store.", { lane, error });
    else this.#options.log.error("The offers of a lane failed; tried again soon.", { lane, error });
  }

  /** Claims of a last owner's that nobody here waits for are ended, some time after the lane was taken. */
  #orphansLater(): void {
    if (this.#cancelOrphans !== null || this.#stopped) return;
    this.#cancelOrphans = this.#options.clock.after(ORPHANS_MS, () => {
      this.#cancelOrphans = null;
      const nowMs = this.#options.clock.monotonicMs();
      for (const [number, lane] of this.#lanes) {
        const isSettled = nowMs - lane.takenAtMs >= ORPHANS_MS;
        if (isSettled) lane.offers.discardOrphans();
        const isKnown = lane.offers.knowsClaims;
        if (!isKnown) this.#askClaims(number, lane);
        if (!isSettled || !isKnown || lane.offers.size > 0) this.#orphansLater();
      }
      this.#tickLater(0);
    });
  }
}
