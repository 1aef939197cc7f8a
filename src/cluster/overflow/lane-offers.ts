/**
 * This instance's offers of one lane that it owns, and the way that they are brought to the store: one call at a time, each sent again
 * until it is answered. So it is always known where an attempt may be: here, offered, or claimed.
 */
import { byteLength } from "../../env/bytes.ts";
import type { LongJson } from "../../workflow/json/long-json.ts";
import type { AttemptKey, OutputLimits, Overflow, Spilled } from "../../pool/pool.ts";
import type { Offer, OfferView, SharedStore } from "../../store/shared-store.ts";
import type { Lease } from "../../store/store.ts";
import { type Asks, offerId, readOfferId } from "../../store/offer-id.ts";
import { isLargeOffer, offerLength, packLargeOffer, packOffer } from "./offer-text.ts";
import { type OfferRecord, OfferBook } from "./offer-book.ts";

/** The largest call, in bytes and in offers. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_OFFERS = 2_000;

export type LaneOffersOptions = {
  readonly lane: number;
  readonly store: SharedStore;
  readonly overflow: Overflow;
  readonly bootId: string;
  /** This instance's limits for outputs, which count wherever the attempt runs. */
  readonly limits: OutputLimits;
  readonly json: LongJson;
  /** The next number of an offer, over all lanes. */
  readonly nextNumber: () => number;
  /** The lane's lease; null while the lane may not be written to. */
  readonly leaseOf: (lane: number) => Lease | null;
  /** Called when an instance has claimed an attempt. Returns true if somebody here waits for it. */
  readonly claimed: (key: AttemptKey, bootId: string) => boolean;
  /** Called when there is something for the others to claim. */
  readonly offered: (lane: number) => void;
};

type Batch = { readonly number: number; readonly offers: readonly OfferRecord[] };

export class LaneOffers {
  readonly #options: LaneOffersOptions;
  readonly #book = new OfferBook();
  /** The batch that is sent and not answered. */
  #batch: Batch | null = null;
  #batches = 0;
  /** The epoch of the lease under which all standing offers were made. */
  #epoch: number | null = null;
  #syncing = false;
  #dropped = false;
  #lookDue = false;
  /** Notes which attempt a claim of the lane's last owner is of, by the execution's log. */
  readonly knownAs = (id: string, key: AttemptKey): void => this.#book.rename(id, key);
  #before: Promise<ReadonlyMap<string, readonly OfferView[]>> | null = null;

  constructor(options: LaneOffersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#book.size;
  }

  /** The number of offers that are not known to be claimed, and their bytes. */
  get unclaimed(): number {
    return this.#book.unclaimed;
  }

  get bytes(): number {
    return this.#book.bytes;
  }

  /** Whether there is anything to tell the store, or to ask it. */
  get isOpen(): boolean {
    return this.#book.unclaimed > 0 || this.#book.ending.size > 0;
  }

  add(spilled: Spilled, asks: Asks): void {
    const { bootId, nextNumber, limits, json } = this.#options;
    const key = { execution: spilled.execution.id, node: spilled.attempt.node, attempt: spilled.attempt.attempt };
    const id = offerId(bootId, nextNumber(), spilled.attempt, asks);
    const length = offerLength(spilled);
    const make = isLargeOffer(length) ? () => packLargeOffer(spilled, limits, json) : null;
    const body = make === null ? packOffer(spilled, limits) : null;
    const bytes = body === null ? length : byteLength(body);
    this.#book.enter({ id, key, body, make, bytes, handler: asks.handler, away: asks.away, stage: "new", end: null });
  }

  /** Whether something is offered that cannot run here. */
  get offersAway(): boolean {
    for (const { away, end } of this.#book.standing) if (away && end === null) return true;
    return false;
  }

  /**
   * Calls back offers that could not run here, if `of` says so of their handler: nobody else can run them any more, or this instance can by
   * now.
   */
  recallAway(of: (handler: string) => boolean): void {
    for (const offered of this.#book.all()) {
      if (offered.away && offered.stage !== "claimed" && offered.end === null && of(offered.handler)) this.#book.end(offered, "recalled");
    }
  }

  /** Calls back up to `max` offers that nobody is known to have claimed. Those that came last would have begun first. */
  recall(max: number): number {
    const last = [...this.#book.standing].reverse().filter(({ away, end }) => !away && end === null);
    for (const offered of last.slice(0, max)) this.#book.end(offered, "recalled");
    return Math.min(max, last.length);
  }

  /** The number of offers that are called back and not here yet. */
  get recalled(): number {
    let recalled = 0;
    for (const { end } of this.#book.ending) if (end === "recalled") recalled += 1;
    return recalled;
  }

  /** Asks with the next call who has claimed what. */
  look(): void {
    this.#lookDue = true;
  }

  settled(key: AttemptKey): void {
    const offered = this.#book.find(key);
    if (offered !== undefined) this.#book.end(offered, "settled");
  }

  /** Ends an offer that nobody wants any more. Returns false if there is none. */
  unwanted(key: AttemptKey, aborted: boolean): boolean {
    return this.#book.unwanted(key, aborted);
  }

  /** Drops everything, because the lane is not this instance's any more, or taken anew. Its owner finds in the store what is claimed. */
  drop(): void {
    this.#dropped = true;
    for (const { key } of this.#book.all()) this.#options.overflow.forget(key);
  }

  /** What was claimed of the lane's last owner, by execution; asked for once. Rejects if the store is away: then it is asked again. */
  async claimsBefore(): Promise<ReadonlyMap<string, readonly OfferView[]>> {
    this.#before ??= this.#askBefore();
    try {
      return await this.#before;
    } catch (error) {
      this.#before = null;
      throw error;
    }
  }

  /** Whether it was asked what was claimed before, so that there is an answer or will be. */
  get knowsClaims(): boolean {
    return this.#before !== null;
  }

  async #askBefore(): Promise<ReadonlyMap<string, readonly OfferView[]>> {
    const claimed = (await this.#options.store.offersIn(this.#options.lane)).filter(({ claimedBy }) => claimedBy !== null);
    for (const { id, execution } of claimed) {
      if (this.#book.get(id) === undefined) this.#book.enter({ id, key: { execution, ...readOfferId(id) }, ...CLAIMED });
    }
    return Map.groupBy(claimed, ({ execution }) => execution);
  }

  /** Discards claims that nobody here waits for, so that the claimer ends them. */
  discardOrphans(): void {
    for (const offered of this.#book.all()) {
      if (offered.stage === "claimed" && !this.#options.overflow.holds(offered.key)) this.#book.end(offered, "settled");
    }
  }

  /** Tells the store what it must know, and asks. Rejects if the store is away: the next call goes on from there. */
  async sync(): Promise<void> {
    if (this.#syncing) return;
    this.#syncing = true;
    try {
      while (!this.#dropped && (await this.sendNext()));
    } finally {
      this.#syncing = false;
    }
  }

  /** Sends the next call. Returns false if there is nothing to tell, or it cannot be told now. */
  async sendNext(): Promise<boolean> {
    const lease = this.#options.leaseOf(this.#options.lane);
    if (lease === null) return false;
    if (this.#epoch !== null && lease.epoch !== this.#epoch) this.#doubtAll();
    this.#epoch = lease.epoch;
    this.#goneOf([...this.#book.ending].filter(({ stage }) => stage === "new"));
    this.#batch ??= this.#nextBatch();
    if (this.#batch !== null) return this.#offer(lease, this.#batch);
    const ending = [...this.#book.ending];
    const discards = ending.filter(({ stage, end }) => end === "settled" || (end !== null && stage === "claimed"));
    if (discards.length > 0) return this.#discard(discards);
    const withdrawals = ending.filter(({ stage }) => stage === "standing");
    if (withdrawals.length > 0) return this.#withdraw(lease, withdrawals);
    return this.#lookDue && this.#ask();
  }

  /** Doubts all offers, because the lane was taken anew: they were dropped by that, or are claimed. A withdrawal tells which. */
  #doubtAll(): void {
    for (const offered of this.#batch?.offers ?? []) this.#book.stands(offered);
    this.#batch = null;
    for (const offered of this.#book.standing) if (offered.end === null) this.#book.end(offered, "recalled");
  }

  #nextBatch(): Batch | null {
    const offers = this.#book.nextNew(BATCH_OFFERS, BATCH_BYTES);
    if (offers.length === 0) return null;
    this.#batches += 1;
    return { number: this.#batches, offers };
  }

  async #offer(lease: Lease, { number, offers }: Batch): Promise<boolean> {
    const { store, offered, lane } = this.#options;
    for (const each of offers) if (each.make !== null) each.body ??= await each.make();
    const answer = await store.offer(
      lease,
      offers.map(({ id, key, body }): Offer => ({ id, execution: key.execution, body: body ?? "" })),
      number,
    );
    // Fenced: an earlier send may have succeeded all the same. The lane is lost, or its next lease shows it.
    if (!this.#isUnder(lease) || answer === "fenced") return false;
    this.#batch = null;
    for (const each of offers) this.#book.stands(each);
    offered(lane);
    return true;
  }

  async #discard(offers: readonly OfferRecord[]): Promise<boolean> {
    const { store, lane } = this.#options;
    await store.discard(lane, idsOf(offers));
    if (!this.#dropped) this.#goneOf(offers);
    return true;
  }

  async #withdraw(lease: Lease, offers: readonly OfferRecord[]): Promise<boolean> {
    const answer = await this.#options.store.withdraw(lease, idsOf(offers));
    if (!this.#isUnder(lease) || answer === "fenced") return false;
    this.#heard(answer);
    // The answer names the claimed offers. Those that still stand were withdrawn; what was settled meanwhile does not stand any more.
    this.#goneOf(offers.filter(({ stage }) => stage === "standing"));
    return true;
  }

  async #ask(): Promise<boolean> {
    this.#lookDue = false;
    const asked = [...this.#book.standing];
    if (asked.length === 0) return false;
    const views = await this.#options.store.offersIn(this.#options.lane, idsOf(asked));
    if (this.#dropped) return false;
    this.#heard(views);
    // Nobody can claim what is not there any more. A withdrawal makes sure of it.
    const there = new Set(views.map(({ id }) => id));
    for (const offered of asked) if (!there.has(offered.id) && offered.end === null) this.#book.end(offered, "recalled");
    return true;
  }

  /** Notes who has claimed what. */
  #heard(views: readonly OfferView[]): void {
    for (const { id, claimedBy } of views) {
      const offered = this.#book.get(id);
      if (claimedBy === null || offered === undefined || offered.stage === "claimed") continue;
      this.#book.claimed(offered);
      if (claimedBy === this.#options.bootId) {
        this.#claimedHere(offered);
        continue;
      }
      if (offered.end === "recalled" || offered.end === "unwanted") this.#book.end(offered, null);
      if (offered.end === null && !this.#options.claimed(offered.key, claimedBy)) this.#book.end(offered, "settled");
    }
  }

  /** Handles a claim that was sent before the lane was this instance's: nobody runs it, so what is wanted comes back. */
  #claimedHere(offered: OfferRecord): void {
    if (offered.end === null) this.#book.end(offered, "recalled");
    else if (offered.end === "unwanted") this.#book.end(offered, "aborted");
  }

  /** Ends offers: what is wanted waits here again, what nobody wants is forgotten. */
  #goneOf(offers: readonly OfferRecord[]): void {
    const { overflow } = this.#options;
    for (const offered of offers) {
      this.#book.leave(offered);
      if (offered.end === "unwanted" || offered.end === "aborted") overflow.forget(offered.key);
    }
    const back = offers.filter(({ end }) => end === "recalled").map(({ key }) => key);
    if (back.length > 0) overflow.takeIn(back);
  }

  /** Whether what was answered under this lease still counts. */
  #isUnder({ epoch }: Lease): boolean {
    return !this.#dropped && this.#options.leaseOf(this.#options.lane)?.epoch === epoch;
  }
}

/** The record of what was claimed of the last owner. */
const CLAIMED = { body: "", make: null, bytes: 0, handler: "", away: false, stage: "claimed", end: null } as const;

function idsOf(offers: readonly OfferRecord[]): readonly string[] {
  return offers.map(({ id }) => id);
}
