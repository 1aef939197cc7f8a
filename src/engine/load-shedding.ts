/**
 * Load shedding: new work is refused at once, before anything is done for it, while accepted work waits too long. So accepted work is
 * answered in time, and nothing is spent on work that its client will have given up.
 *
 * Two waits count. The wait for the store is that of the oldest request. The wait for this process is found by Little's law: what it has in
 * hand, divided by how much of it it does in a second; so it is known the moment that more is accepted, and not only when that has waited.
 * A wait that stays above a target is a standing queue; a burst or a stall, which passes, is not: this is the rule of CoDel (RFC 8289) for
 * packets. Creates are refused first, because a trigger is the second half of an accepted create.
 */
import type { Clock } from "../env/clock.ts";

export type NewWork = "create" | "trigger";

export type LoadSheddingOptions = {
  readonly clock: Clock;
  /** The lines that wait for the store: since when the oldest of each waits, by the monotonic clock; null for an empty line. */
  readonly lines: () => Iterable<{ readonly waitingSinceMs: number | null }>;
  /** The work in hand. `done`: since the start. */
  readonly inHand: { readonly pending: number; readonly done: number };
};

export interface LoadShedding {
  /** The reason why this work is refused now; null if it is accepted. */
  refusalOf(work: NewWork): string | null;
  /** Whether something may be refused: then it is worth asking before anything else is done. */
  readonly isOn: boolean;
  /** To be called when some work in hand is done: whether a queue stands must be known even if nobody asks for a while. */
  done(): void;
}

/**
 * The targets for an execution's wait for this process; it waits several times. `begin`: a queue stands. `hold`: it stays there from then
 * on.
 */
const IN_HAND_MS: Readonly<Record<NewWork, { readonly begin: number; readonly hold: number }>> = {
  create: { begin: 250, hold: 150 },
  trigger: { begin: 800, hold: 500 },
};
const STORE_MS: Readonly<Record<NewWork, number>> = { create: 300, trigger: 1_000 };
/** The time above a target that is too long. A burst of some thousands, which is done by then, is accepted whole. */
const GRACE_MS = 1_500;
const STORE_GRACE_MS = 1_500;
const MOMENT_MS = 250;
/** The time after a refusal in which there is no grace: it is still the same overload. */
const SAME_OVERLOAD_MS = 10_000;
/** The exception: if less than this waited for so long, what comes then is another burst. */
const CALM = { inHandMs: 50, storeMs: 100, forMs: 2_000 };
/** The least time between two looks, however much is asked. */
const LOOK_MS = 20;
/** The time without a look after which it is not known what happened meanwhile. But work in hand does not get less if nothing is done. */
const UNKNOWN_MS = 500;
/** The time over which the rate is averaged. */
const AVERAGED_MS = 1_000;

export function createLoadShedding(options: LoadSheddingOptions): LoadShedding {
  return new WaitShedding(options);
}

class WaitShedding implements LoadShedding {
  readonly #options: LoadSheddingOptions;
  readonly #rate: Rate;
  readonly #store = new Standing({ momentMs: 0, unknownMs: UNKNOWN_MS });
  readonly #inHand = new Standing({ momentMs: MOMENT_MS, unknownMs: Number.POSITIVE_INFINITY });
  #storeMs = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #refusedAtMs = Number.NEGATIVE_INFINITY;
  #isCalm = true;
  #calmSinceMs = Number.NEGATIVE_INFINITY;

  constructor(options: LoadSheddingOptions) {
    this.#options = options;
    this.#rate = new Rate(options.inHand.done, options.clock.monotonicMs());
  }

  get isOn(): boolean {
    return this.#isSameOverload(this.#options.clock.monotonicMs());
  }

  refusalOf(work: NewWork): string | null {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#lookedAtMs >= LOOK_MS) this.#look(nowMs);
    const isSame = this.#isSameOverload(nowMs);
    const inHandMs = this.#rate.msFor(this.#options.inHand.pending);
    const { begin, hold } = IN_HAND_MS[work];
    const waitsForStore = this.#storeMs >= STORE_MS[work] && (isSame || this.#store.forMs(nowMs) >= STORE_GRACE_MS);
    const waitsHere = isSame ? inHandMs >= hold : inHandMs >= begin && this.#inHand.forMs(nowMs) >= GRACE_MS;
    if (!waitsForStore && !waitsHere) return null;
    this.#refusedAtMs = nowMs;
    return REASON;
  }

  done(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const isLast = this.#options.inHand.pending === 0 && !this.#isCalm;
    if (isLast || nowMs - this.#lookedAtMs >= LOOK_MS) this.#look(nowMs);
  }

  #look(nowMs: number): void {
    const { lines, inHand } = this.#options;
    if (!this.#isSameOverload(nowMs)) this.#refusedAtMs = Number.NEGATIVE_INFINITY;
    this.#lookedAtMs = nowMs;
    this.#rate.look(inHand.done, nowMs);
    this.#storeMs = Math.max(0, nowMs - oldestOf(lines()));
    const inHandMs = this.#rate.msFor(inHand.pending);
    const aboveMs = this.#storeMs - STORE_MS.create;
    this.#store.look(nowMs, aboveMs >= 0, aboveMs);
    this.#inHand.look(nowMs, inHandMs >= IN_HAND_MS.create.begin);
    const wasCalm = this.#isCalm;
    this.#isCalm = inHandMs < CALM.inHandMs && this.#storeMs < CALM.storeMs;
    if (this.#isCalm && !wasCalm) this.#calmSinceMs = nowMs;
  }

  #isSameOverload(nowMs: number): boolean {
    if (this.#isCalm && nowMs - this.#calmSinceMs >= CALM.forMs) return false;
    return nowMs - this.#refusedAtMs <= SAME_OVERLOAD_MS;
  }
}

const REASON = "New work is refused for now: accepted work waits too long.";

/** The time for which a wait has been above its target. Falling below it for a moment, as when many were done at once, changes nothing. */
class Standing {
  readonly #times: { readonly momentMs: number; readonly unknownMs: number };
  #sinceMs: number | null = null;
  #belowSinceMs: number | null = null;
  #lookedAtMs = 0;

  constructor(times: { readonly momentMs: number; readonly unknownMs: number }) {
    this.#times = times;
  }

  /** Notes a look. `forMs`: the wait is known to be above the target for so long already. */
  look(nowMs: number, isAbove: boolean, forMs = 0): void {
    const isKnownMeanwhile = nowMs - this.#lookedAtMs <= this.#times.unknownMs;
    this.#lookedAtMs = nowMs;
    if (!isKnownMeanwhile) this.#sinceMs = null;
    if (!isAbove) this.#belowSinceMs ??= nowMs;
    if (this.#belowSinceMs !== null && nowMs - this.#belowSinceMs >= this.#times.momentMs) this.#sinceMs = null;
    if (!isAbove) return;
    this.#sinceMs ??= nowMs - forMs;
    this.#belowSinceMs = null;
  }

  forMs(nowMs: number): number {
    return this.#sinceMs === null ? 0 : nowMs - this.#sinceMs;
  }
}

/** The work that is done in a second, averaged. */
class Rate {
  #done: number;
  #atMs: number;
  /** The rate per millisecond; null until it is known. */
  #rate: number | null = null;

  constructor(done: number, nowMs: number) {
    this.#done = done;
    this.#atMs = nowMs;
  }

  /** Notes a look. Work is done in groups, and not at all while the store does not answer: that says nothing until there is more of it. */
  look(done: number, nowMs: number): void {
    if (done === this.#done) return;
    const passedMs = Math.max(1, nowMs - this.#atMs);
    const rate = (done - this.#done) / passedMs;
    const weight = this.#rate === null ? 1 : 1 - Math.exp(-passedMs / AVERAGED_MS);
    this.#rate = (this.#rate ?? 0) + (rate - (this.#rate ?? 0)) * weight;
    this.#done = done;
    this.#atMs = nowMs;
  }

  /** The time that so much work takes. */
  msFor(pending: number): number {
    return this.#rate === null ? 0 : pending / this.#rate;
  }
}

function oldestOf(lines: Iterable<{ readonly waitingSinceMs: number | null }>): number {
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const { waitingSinceMs } of lines) if (waitingSinceMs !== null && waitingSinceMs < oldestMs) oldestMs = waitingSinceMs;
  return oldestMs;
}
