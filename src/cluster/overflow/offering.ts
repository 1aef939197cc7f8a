/** The choice of what is offered to other instances, and how much of it: a surplus by and by, and what cannot run here at once. */
import type { Overflow, Spilled } from "../../pool/pool.ts";
import type { SharedStore } from "../../store/shared-store.ts";
import type { Lease } from "../../store/store.ts";
import type { KnownHandlers } from "../known-handlers.ts";
import type { LaneOffers } from "./lane-offers.ts";
import { offerLength } from "./offer-text.ts";
import { ALL_NEEDS } from "../../workflow/definition/catalog.ts";

export type OfferingOptions = {
  readonly store: SharedStore;
  readonly overflow: Overflow;
  readonly handlers: KnownHandlers;
  /** The lane's lease; null if nothing may be offered in the lane now. */
  readonly leaseOf: (lane: number) => Lease | null;
  /** The number of other instances that live and are not ending. */
  readonly others: () => number;
  /** The lanes that have offers. */
  readonly lanes: () => readonly LaneOffers[];
  readonly laneFor: (lane: number) => LaneOffers;
};

/** The time that sizes the first offers: as much as the others would begin in it if they were as fast as this instance. */
const STOCK_MS = 500;
const STOCK_EACH_MIN = 8;
const BOOST_MAX = 256;
/** The limits of what is offered and not claimed, in number and in bytes. A larger attempt stays here. */
const UNCLAIMED_MAX = 2_000;
const BYTES_MAX = 16 * 1024 * 1024;
const ATTEMPT_LENGTH_MAX = 1024 * 1024;
/** The limit for what cannot run here, which must go however large, within what a call can carry. */
const AWAY_BYTES_MAX = 64 * 1024 * 1024;
/** The limit for offered and claimed: an instance that has taken so much need not take more before some of it is done. */
const OFFERS_MAX = 10_000;

type Standing = { readonly offered: number; readonly unclaimed: number; readonly bytes: number };

export class Offering {
  readonly #options: OfferingOptions;
  /** The factor by which more than at first is offered, because all of it was claimed at once. */
  #boost = 1;
  #claimedSince = 0;

  constructor(options: OfferingOptions) {
    this.#options = options;
  }

  /** Notes that somebody has claimed an offer. */
  claimed(): void {
    this.#claimedSince += 1;
  }

  /** Notes that an offer was called back: nobody had claimed it. */
  recalled(): void {
    this.#boost = 1;
  }

  /** Offers attempts of this surplus, which waits too long here, that others can run as well. */
  offer(surplus: number): void {
    const { overflow, handlers, others } = this.#options;
    const instances = handlers.othersTell() ? others() : 0;
    if (instances === 0) return;
    const { offered, unclaimed, bytes } = this.#standing();
    const max = Math.min(surplus, this.#stock(instances, unclaimed) - unclaimed, OFFERS_MAX - offered);
    if (max <= 0) return;
    let left = BYTES_MAX - bytes;
    const mayGo = (spilled: Spilled): boolean => {
      const length = offerLength(spilled);
      if (length > ATTEMPT_LENGTH_MAX || length > left || !this.#mayOffer(spilled)) return false;
      left -= length;
      return true;
    };
    for (const spilled of overflow.spill(max, mayGo)) {
      const { handler } = spilled.attempt;
      this.#add(spilled, { handler, carries: handlers.here().get(handler)?.needs ?? ALL_NEEDS, away: false });
    }
  }

  /** Offers what cannot run here to those that can run it, whatever else waits. Returns true if some of it must wait. */
  offerAway(): boolean {
    const { overflow, handlers } = this.#options;
    const { offered, unclaimed, bytes } = this.#standing();
    const max = Math.max(0, Math.min(UNCLAIMED_MAX - unclaimed, OFFERS_MAX - offered));
    let left = AWAY_BYTES_MAX - bytes;
    let waits = max === 0;
    const mayGo = (spilled: Spilled): boolean => {
      if (!handlers.isElsewhere(spilled.attempt.handler)) return false;
      const length = offerLength(spilled);
      const may = length <= left && this.#mayOffer(spilled);
      if (may) left -= length;
      else waits = true;
      return may;
    };
    for (const spilled of overflow.spillAway(max, mayGo)) {
      this.#add(spilled, { handler: spilled.attempt.handler, carries: ALL_NEEDS, away: true });
    }
    return waits;
  }

  #mayOffer({ execution, attempt }: Spilled): boolean {
    const { handlers, store, leaseOf } = this.#options;
    return handlers.isElsewhere(attempt.handler) && leaseOf(store.laneOf(execution.id)) !== null;
  }

  #add(spilled: Spilled, asks: Parameters<LaneOffers["add"]>[1]): void {
    const { store, laneFor } = this.#options;
    laneFor(store.laneOf(spilled.execution.id)).add(spilled, asks);
  }

  /** What stands over all lanes. */
  #standing(): Standing {
    let [offered, unclaimed, bytes] = [0, 0, 0];
    for (const offers of this.#options.lanes()) {
      offered += offers.size;
      unclaimed += offers.unclaimed;
      bytes += offers.bytes;
    }
    return { offered, unclaimed, bytes };
  }

  /** How much may stand unclaimed: twice as much each time when the others have taken most of it since the last offers. */
  #stock(instances: number, unclaimed: number): number {
    const first = Math.max(STOCK_EACH_MIN * instances, (instances * this.#options.overflow.pace() * STOCK_MS) / 1_000);
    if (this.#claimedSince > unclaimed) this.#boost = Math.min(BOOST_MAX, this.#boost * 2);
    this.#claimedSince = 0;
    return Math.min(UNCLAIMED_MAX, Math.ceil(first * this.#boost));
  }
}
