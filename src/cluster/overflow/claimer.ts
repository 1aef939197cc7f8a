/**
 * The claimer's side of overflow: while this instance has room, it claims attempts that others offer, runs them, and ends those whose claim
 * is gone. A claim is sent again under its number until it is answered, so none is held unknowingly.
 */
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { LongJson } from "../../workflow/json/long-json.ts";
import type { AttemptKey, Overflow, Spilled } from "../../pool/pool.ts";
import { Barred, type Offer, type SharedStore } from "../../store/shared-store.ts";
import { readOfferId, runnable } from "../../store/offer-id.ts";
import { StoreUnavailable } from "../../store/store.ts";
import type { NodeName } from "../../workflow/execution/state.ts";
import type { Catalog } from "../../workflow/definition/catalog.ts";
import { isLargeOffer, unpackLargeOffer, unpackOffer } from "./offer-text.ts";

export type Claimer = {
  /** There may be offers in the lane. `away`: also some that their owner cannot run. */
  heard(lane: number, away: boolean): void;
  /** Claims nothing more. Resolves when no claim is on its way. */
  stop(): Promise<void>;
};

export type ClaimerOptions = {
  readonly store: SharedStore;
  readonly overflow: Overflow;
  /** The handlers of this instance's threads. */
  readonly handlers: () => Catalog;
  readonly bootId: string;
  readonly json: LongJson;
  /** Whether this instance owns the lane: its own attempts need no claims. */
  readonly isOwned: (lane: number) => boolean;
  /** Runs an attempt. Resolves when its outcome is stored, or nobody here has it any more. Must not reject. */
  readonly run: (claimed: Spilled) => Promise<void>;
  /** Aborts an attempt whose claim is gone: nobody waits for it. */
  readonly abort: (key: AttemptKey) => void;
  /** It cannot be run here: its owner is told that it is released. */
  readonly giveBack: (execution: string, attempt: NodeName & { readonly attempt: number }) => void;
  /** Rings the doorbell: the lane has fewer offers than before. */
  readonly ring: (lane: number) => void;
  readonly clock: Clock;
  readonly log: Log;
};

/** The period of looks whether there is room again. What is claimed at once lasts for longer. */
const TICK_MS = 25;
const AGAIN_MS = 200;
const HELD_LOOK_MS = 1_000;
/** The largest claim. */
const CLAIM_MAX = 1_000;
/** How long a lane is left to the others after an offer in it could not be read here: its owner offers it again under its next number. */
const UNREADABLE_MS = 30_000;
/**
 * The number of attempts that their owner cannot run which are taken although this instance is full: otherwise they would wait as long as
 * it is.
 */
const AWAY_MAX = 8;

export function createClaimer(options: ClaimerOptions): Claimer {
  return new StoreClaimer(options);
}

/** A claim that was sent and has no answer yet. */
type Asked = { readonly number: number; readonly max: number; readonly awayMax: number; againAtMs: number; heardSince: boolean };
/** `key`: null until it is read. */
type Held = { readonly lane: number; key: AttemptKey | null };

class StoreClaimer implements Claimer {
  readonly #options: ClaimerOptions;
  /** Lanes that may have offers, in the order in which they are asked. */
  readonly #lanes = new Set<number>();
  /** The lanes among them with offers that their owner cannot run. */
  readonly #away = new Set<number>();
  readonly #asked = new Map<number, Asked>();
  /** By lane: until when it is left to the others, by the monotonic clock. */
  readonly #unreadable = new Map<number, number>();
  /** The claimed attempts that run here, by the offer's id. */
  readonly #held = new Map<string, Held>();
  /** Large offers that are claimed and not read yet. */
  readonly #reading = new Set<Promise<void>>();
  #numbers = 0;
  #claiming: Promise<void> | null = null;
  #cancelTick: (() => void) | null = null;
  #cancelLook: (() => void) | null = null;
  #stopped = false;

  constructor(options: ClaimerOptions) {
    this.#options = options;
  }

  heard(lane: number, away: boolean): void {
    if (this.#stopped || this.#options.isOwned(lane) || this.#isLeftAlone(lane)) return;
    this.#lanes.add(lane);
    if (away) this.#away.add(lane);
    const asked = this.#asked.get(lane);
    if (asked !== undefined) asked.heardSince = true;
    this.#tickLater(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTick?.();
    this.#cancelLook?.();
    await this.#claiming;
    // Once more, so that no claim is left that nobody knows of.
    for (const [lane, asked] of [...this.#asked]) await this.#claim(lane, asked);
    await Promise.all(this.#reading);
  }

  #isLeftAlone(lane: number): boolean {
    const untilMs = this.#unreadable.get(lane);
    if (untilMs === undefined || this.#options.clock.monotonicMs() < untilMs) return untilMs !== undefined;
    return !this.#unreadable.delete(lane);
  }

  #tickLater(delayMs: number): void {
    if (this.#cancelTick !== null || this.#stopped) return;
    this.#cancelTick = this.#options.clock.after(delayMs, () => {
      this.#cancelTick = null;
      this.#tick();
    });
  }

  #tick(): void {
    for (const lane of [...this.#lanes, ...this.#asked.keys()]) if (this.#options.isOwned(lane)) this.#leave(lane);
    this.#claiming ??= this.#claimWhatFits().finally(() => {
      this.#claiming = null;
    });
    if (this.#lanes.size > 0 || this.#asked.size > 0) this.#tickLater(TICK_MS);
  }

  /** Leaves a lane that this instance owns now: its supervisors find whatever was claimed there. */
  #leave(lane: number): void {
    this.#lanes.delete(lane);
    this.#away.delete(lane);
    this.#asked.delete(lane);
  }

  async #claimWhatFits(): Promise<void> {
    for (;;) {
      const next = this.#again() ?? this.#nextClaim();
      if (next === null || !(await this.#claim(next.lane, next.asked))) return;
    }
  }

  /** The unanswered claim, which comes first, whether there is room or not: it may have succeeded. */
  #again(): { readonly lane: number; readonly asked: Asked } | null {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [lane, asked] of this.#asked) if (asked.againAtMs <= nowMs) return { lane, asked };
    return null;
  }

  #nextClaim(): { readonly lane: number; readonly asked: Asked } | null {
    if (this.#stopped) return null;
    const max = this.#room();
    const awayMax = Math.max(max, AWAY_MAX - this.#held.size);
    if (awayMax === 0) return null;
    for (const lane of max > 0 ? this.#lanes : this.#away) {
      if (this.#asked.has(lane)) continue;
      this.#numbers += 1;
      const asked: Asked = { number: this.#numbers, max, awayMax, againAtMs: 0, heardSince: false };
      this.#asked.set(lane, asked);
      return { lane, asked };
    }
    return null;
  }

  /** The room for claims. None while its own attempts are more than it can begin soon. */
  #room(): number {
    const { overflow } = this.#options;
    if (overflow.outside > 0 || overflow.surplus() > 0) return 0;
    return Math.min(CLAIM_MAX, overflow.capacity());
  }

  /** Claims. Returns false if nothing more is to be claimed now. */
  async #claim(lane: number, asked: Asked): Promise<boolean> {
    const { store, bootId, handlers, clock, ring, isOwned } = this.#options;
    const { number, max, awayMax } = asked;
    asked.againAtMs = Number.POSITIVE_INFINITY;
    try {
      const offers = await store.claim(lane, { bootId, number, max, awayMax, can: runnable(handlers()) });
      if (isOwned(lane)) {
        this.#leave(lane);
        return true;
      }
      if (this.#asked.get(lane) === asked) this.#asked.delete(lane);
      // The lane goes to the end of the line, or out of it if it has no more.
      const more = this.#lanes.delete(lane) && (offers.length >= max || asked.heardSince);
      if (more) this.#lanes.add(lane);
      if (!more || offers.length < awayMax) this.#away.delete(lane);
      for (const offer of offers) this.#take(lane, offer);
      if (offers.length > 0) ring(lane);
      return true;
    } catch (error) {
      // Nobody takes it for alive any more: what an answer that was lost had given it is lost with it.
      if (error instanceof Barred) {
        this.#leave(lane);
        return false;
      }
      asked.againAtMs = clock.monotonicMs() + AGAIN_MS;
      this.#failed("A claim failed; it is sent again.", lane, error);
      return false;
    }
  }

  #take(lane: number, { id, execution, body }: Offer): void {
    if (this.#held.has(id)) return;
    this.#held.set(id, { lane, key: null });
    this.#lookLater();
    if (isLargeOffer(body.length)) return this.#takeLarge(lane, { id, execution, body });
    let claimed: Spilled;
    try {
      claimed = unpackOffer(execution, body);
    } catch (error) {
      this.#cannotRead(lane, { id, execution }, error);
      return;
    }
    this.#run(id, claimed);
  }

  #takeLarge(lane: number, { id, execution, body }: Offer): void {
    const { json, isOwned } = this.#options;
    const reading = unpackLargeOffer(execution, body, json)
      .then((claimed) => {
        // Nobody waits for it any more. Or the lane is this instance's own by now, and its supervisor has found that nobody runs it.
        if (isOwned(lane)) this.#held.delete(id);
        else if (this.#held.has(id)) this.#run(id, claimed);
      })
      .catch((error: unknown) => this.#cannotRead(lane, { id, execution }, error))
      .finally(() => this.#reading.delete(reading));
    this.#reading.add(reading);
  }

  #run(id: string, claimed: Spilled): void {
    const { execution, attempt } = claimed;
    const held = this.#held.get(id);
    if (held !== undefined) held.key = { execution: execution.id, node: attempt.node, attempt: attempt.attempt };
    void this.#options.run(claimed).finally(() => this.#held.delete(id));
  }

  /** At once: until then nobody else may run it. */
  #cannotRead(lane: number, { id, execution }: Pick<Offer, "id" | "execution">, error: unknown): void {
    const { isOwned, giveBack, clock, log } = this.#options;
    this.#held.delete(id);
    // Of a lane that is this instance's by now its supervisor has found that nobody runs it.
    if (isOwned(lane)) return;
    giveBack(execution, readOfferId(id));
    this.#lanes.delete(lane);
    this.#away.delete(lane);
    if (!this.#unreadable.has(lane)) log.error("An offer cannot be read here, and goes back to its owner.", { lane, id, error });
    this.#unreadable.set(lane, clock.monotonicMs() + UNREADABLE_MS);
  }

  #lookLater(): void {
    if (this.#cancelLook !== null || this.#stopped) return;
    this.#cancelLook = this.#options.clock.after(HELD_LOOK_MS, () => {
      void this.#lookAtHeld().finally(() => {
        this.#cancelLook = null;
        if (this.#held.size > 0) this.#lookLater();
      });
    });
  }

  /** Ends what is not claimed any more: it was cancelled, or this instance was counted as dead. */
  async #lookAtHeld(): Promise<void> {
    const { store, bootId, isOwned, abort } = this.#options;
    const byLane = Map.groupBy(this.#held, ([, { lane }]) => lane);
    for (const [lane, held] of byLane) {
      if (isOwned(lane) || this.#stopped) continue;
      try {
        const ids = held.map(([id]) => id);
        const still = new Set(await store.heldClaims(lane, bootId, ids));
        for (const [id, { key }] of held) {
          if (still.has(id) || !this.#held.delete(id) || key === null) continue;
          abort(key);
        }
      } catch (error) {
        this.#failed("The store did not say which claims are still held; the instance asks again soon.", lane, error);
      }
    }
  }

  #failed(message: string, lane: number, error: unknown): void {
    if (error instanceof StoreUnavailable) this.#options.log.debug(message, { lane, error });
    else this.#options.log.error(message, { lane, error });
  }
}
