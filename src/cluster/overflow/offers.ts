/**
 * The owner's side of overflow: attempts that wait beyond what this instance's threads begin soon are offered to the others, in the lanes
 * of their executions, and taken in again if the line here gets short first. No timer runs while nothing is offered.
 */
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { Turns } from "../../env/turns.ts";
import type { LongJson } from "../../workflow/json/long-json.ts";
import type { AttemptKey, OutputLimits, Overflow } from "../../pool/pool.ts";
import type { SharedStore } from "../../store/shared-store.ts";
import { readOfferId } from "../../store/offer-id.ts";
import { type Lease, StoreUnavailable } from "../../store/store.ts";
import type { NodeName } from "../../workflow/execution/state.ts";
import type { NodeIndex } from "../../workflow/plan/plan.ts";
import type { KnownHandlers } from "../known-handlers.ts";
import { LaneOffers } from "./lane-offers.ts";
import { Offering } from "./offering.ts";

export type Offers = {
  /** A lane of this instance has fewer offers than before: somebody has claimed. */
  heard(lane: number): void;
  /** The lane was taken: claims of it that nobody waits for any more are ended after a while. */
  taken(lane: number): void;
  /**
   * What other instances had claimed of this execution when its lane was taken: each is a start that must be recorded. Asked before the
   * execution is recovered. `nodeOf`: by the execution's log. Rejects if the store is away.
   */
  claimsOf(executionId: string, nodeOf: NodeOf): Promise<readonly Claim[]>;
  /**
   * Forgets a lane's offers, and the entries of what is offered or claimed, because the lane is handed over, lost, or taken anew from the
   * store.
   */
  drop(lane: number): void;
  /** Offers nothing more, and forgets what is offered: the lanes are dropped or handed over. */
  stop(): void;
};

/** The node of a name; null if there is none: an owner whose past the store has forgotten had offered it. */
export type NodeOf = (name: NodeName) => NodeIndex | null;

/** A claim. `executor`: the boot id of the instance that has claimed it. */
export type Claim = { readonly node: NodeIndex; readonly attempt: number; readonly executor: string };

export type OffersOptions = {
  readonly store: SharedStore;
  readonly overflow: Overflow;
  readonly handlers: KnownHandlers;
  readonly limits: OutputLimits;
  readonly json: LongJson;
  readonly bootId: string;
  readonly overflowAfterMs: number;
  /** The lane's lease; null if the lane is not this instance's, is being handed over, or may not be trusted now. */
  readonly leaseOf: (lane: number) => Lease | null;
  /** The number of other instances that live and are not ending. */
  readonly others: () => number;
  /** Whether an instance is alive; also true if that cannot be told now. */
  readonly isAlive: (bootId: string) => boolean;
  /** Reports that what a dead instance ran is lost. */
  readonly executorDied: (bootId: string) => void;
  /** Rings the doorbell: there are offers in the lane. `away`: also some that cannot run here. */
  readonly ring: (lane: number, away: boolean) => void;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly log: Log;
};

const TICK_MS = 25;
/** The period of looks at unclaimed offers, and of rings for them: a ring may be lost. */
const LOOK_MS = 200;
const RING_AGAIN_MS = 500;
/** The wait of what only others can run, if nothing may be offered now. */
const AWAY_AGAIN_MS = 200;
/** The time after a take by which those who wait for the last owner's claims are there. */
const ORPHANS_MS = 30_000;

export function createOffers(options: OffersOptions): Offers {
  return new InstanceOffers(options);
}

type Lane = {
  readonly offers: LaneOffers;
  readonly takenAtMs: number;
  lookedAtMs: number;
  rangAtMs: number;
};

class InstanceOffers implements Offers {
  readonly #options: OffersOptions;
  readonly #lanes = new Map<number, Lane>();
  readonly #offering: Offering;
  readonly #unlisten: (() => void)[];
  #numbers = 0;
  #cancelTick: (() => void) | null = null;
  #turnComing = false;
  #cancelOrphans: (() => void) | null = null;
  #stopped = false;

  constructor(options: OffersOptions) {
    this.#options = options;
    this.#offering = new Offering({
      ...options,
      lanes: () => [...this.#lanes.values()].map(({ offers }) => offers),
      laneFor: (lane) => this.#laneFor(lane).offers,
    });
    const unlisten = options.overflow.listen(options.overflowAfterMs, {
      surplus: () => this.#tickLater(0),
      hungry: () => this.#soon(),
      away: () => this.#soon(),
      settled: (key) => this.#told(key, (offers) => offers.settled(key)),
      unwanted: (key, aborted) => this.#unwanted(key, aborted),
    });
    this.#unlisten = [unlisten, options.handlers.onChange(() => this.#handlersChanged())];
  }

  heard(lane: number): void {
    const known = this.#lanes.get(lane);
    if (known === undefined || known.offers.unclaimed === 0) return;
    known.offers.look();
    this.#soon();
  }

  async claimsOf(executionId: string, nodeOf: NodeOf): Promise<readonly Claim[]> {
    const { offers } = this.#laneFor(this.#options.store.laneOf(executionId));
    const claims: Claim[] = [];
    for (const { id, claimedBy } of (await offers.claimsBefore()).get(executionId) ?? []) {
      const { attempt, ...name } = readOfferId(id);
      const node = nodeOf(name);
      if (node === null) continue;
      offers.knownAs(id, { execution: executionId, node, attempt });
      claims.push({ node, attempt, executor: claimedBy ?? "" });
    }
    return claims;
  }

  taken(lane: number): void {
    // Answers that were asked for before the lane went may be outdated.
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
    for (const unlisten of this.#unlisten) unlisten();
    this.#cancelTick?.();
    this.#cancelOrphans?.();
  }

  #laneFor(lane: number): Lane {
    const known = this.#lanes.get(lane);
    if (known !== undefined) return known;
    const { store, overflow, bootId, limits, json, leaseOf, clock } = this.#options;
    const offers = new LaneOffers({
      lane,
      store,
      overflow,
      bootId,
      limits,
      json,
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
    this.#offering.claimed();
    if (!overflow.claimed(key, bootId, clock.nowMs())) return false;
    // It died before anybody here knew that it had this.
    if (!isAlive(bootId)) executorDied(bootId);
    return true;
  }

  #unwanted(key: AttemptKey, aborted: boolean): void {
    let isOffered = false;
    this.#told(key, (offers) => {
      isOffered = offers.unwanted(key, aborted);
    });
    // The instance that owned the execution before goes on with it, and finds out by itself (kept-executions.ts).
    if (aborted && !isOffered) this.#options.overflow.forget(key);
  }

  #told({ execution }: AttemptKey, tell: (offers: LaneOffers) => void): void {
    const offers = this.#lanes.get(this.#options.store.laneOf(execution))?.offers;
    if (offers === undefined || offers.size === 0) return;
    tell(offers);
    if (offers.isOpen) this.#tickLater(0);
  }

  /** Acts in the next turn, because somebody waits for it. */
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
    const { overflow } = this.#options;
    const surplus = overflow.surplus();
    if (surplus > 0) this.#offering.offer(surplus);
    else this.#takeIn();
    const awayWaits = overflow.away > 0 && this.#offering.offerAway();
    const nowMs = this.#options.clock.monotonicMs();
    let open = false;
    for (const [number, lane] of this.#lanes) {
      if (!lane.offers.isOpen) continue;
      open = true;
      if (lane.offers.unclaimed > 0) this.#lookAt(number, lane, nowMs);
      lane.offers.sync().catch((error: unknown) => this.#failed(number, error));
    }
    if (open || surplus > 0) this.#tickLater(TICK_MS);
    else if (awayWaits) this.#tickLater(AWAY_AGAIN_MS);
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
    this.#options.ring(lane, known?.offers.offersAway ?? false);
  }

  #handlersChanged(): void {
    const { overflow, handlers } = this.#options;
    for (const { offers } of this.#lanes.values()) {
      if (offers.unclaimed > 0) offers.recallAway((handler) => !handlers.isElsewhere(handler) || handlers.here().has(handler));
    }
    if (overflow.away > 0 || this.#lanes.size > 0) this.#tickLater(0);
  }

  /** Takes in as much as would begin here soon. */
  #takeIn(): void {
    let wanted = this.#options.overflow.outside === 0 ? 0 : this.#options.overflow.capacity();
    if (wanted > 0) for (const { offers } of this.#lanes.values()) wanted -= offers.recalled;
    for (const { offers } of this.#lanes.values()) {
      if (wanted <= 0) return;
      const recalled = offers.recall(wanted);
      wanted -= recalled;
      if (recalled > 0) this.#offering.recalled();
    }
  }

  #failed(lane: number, error: unknown): void {
    if (error instanceof StoreUnavailable) this.#options.log.debug("Offers wait for the store.", { lane, error });
    else this.#options.log.error("A lane's attempts could not be offered; the instance tries again soon.", { lane, error });
  }

  /** Ends a last owner's claims that nobody here waits for, some time after the lane was taken. */
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
