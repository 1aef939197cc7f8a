/**
 * The time of the next write, if each write has a price of its own (pages, and an fsync) that its entries share. An execution that is alone
 * never waits. If several are under way (they wrote within the last few milliseconds and are not at their ends), a write waits for them and
 * for new ones, a millisecond or two at most, provided that executions come whether or not anybody waits.
 *
 * Whether they do is measured, a moment without waiting and a moment with it. In a stream that is made to wait, more executions are under
 * way at a time. Of clients that wait for these very answers there are as many as before, and they would only get less done.
 */
import type { Clock } from "../env/clock.ts";

export interface Gathering {
  /** An execution has something to write. `last`: nothing follows it by itself. */
  submitted(executionId: string, last: boolean): void;
  /**
   * Null if the next write must be made now. Else resolves when it must: for all that wait in the same turn, so that they write together.
   */
  turn(): Promise<void> | null;
}

/** The number of executions that share pages well enough. */
const ENOUGH = 64;
/** The time for which each way is measured, and for which its result counts. */
const TRY_MS = 200;
const KEPT_MS = 4_000;
/** The ratio of executions under way that shows a stream. */
const MORE = 1.4;

/** A gathering. `gatherMs`: the longest time from the beginning of a write to that of the next. */
export function createGathering(clock: Clock, gatherMs: number): Gathering {
  return new WriteGathering(clock, gatherMs);
}

type Pending = { readonly told: PromiseWithResolvers<void>; readonly cancel: () => void };

class WriteGathering implements Gathering {
  readonly #clock: Clock;
  readonly #gatherMs: number;
  /** Since when each execution under way has been silent, the longest first. */
  readonly #underWay = new Map<string, number>();
  /** The executions in the next write. */
  readonly #waiting = new Set<string>();
  /** The number of executions under way that are not in the next write. */
  #expected = 0;
  #wroteAtMs = Number.NEGATIVE_INFINITY;
  #isNow = false;
  #pending: Pending | null = null;
  readonly #trial: StreamTrial;

  constructor(clock: Clock, gatherMs: number) {
    this.#clock = clock;
    this.#gatherMs = gatherMs;
    this.#trial = new StreamTrial(clock);
  }

  submitted(executionId: string, last: boolean): void {
    if (!this.#waiting.has(executionId)) {
      this.#waiting.add(executionId);
      if (this.#underWay.has(executionId)) this.#expected -= 1;
    }
    this.#underWay.delete(executionId);
    if (!last) this.#underWay.set(executionId, this.#clock.monotonicMs());
    this.#look();
  }

  turn(): Promise<void> | null {
    if (this.#pending !== null) return this.#pending.told.promise;
    if (this.#isNow) return null;
    const leftMs = this.#wroteAtMs + this.#gatherMs - this.#clock.monotonicMs();
    if (leftMs <= 0 || this.#isReady()) {
      this.#write();
      // Whoever asks in the same turn goes too.
      this.#isNow = true;
      queueMicrotask(() => queueMicrotask(() => this.#end()));
      return null;
    }
    const told = Promise.withResolvers<void>();
    this.#pending = { told, cancel: this.#clock.after(leftMs, () => this.#tell()) };
    return told.promise;
  }

  #end(): void {
    this.#isNow = false;
  }

  #look(): void {
    if (this.#pending !== null && this.#isReady()) this.#tell();
  }

  /** Whether nobody else is worth waiting for. */
  #isReady(): boolean {
    if (this.#waiting.size >= ENOUGH) return true;
    return !this.#trial.isStream() || (this.#waiting.size <= 1 && this.#isComplete());
  }

  /** Whether all executions under way are in the next write. */
  #isComplete(): boolean {
    if (this.#expected > 0) this.#forgetSilent();
    return this.#expected === 0;
  }

  /** Forgets executions that have been silent for so long: they run something that takes its time. */
  #forgetSilent(): void {
    const since = this.#clock.monotonicMs() - 2 * this.#gatherMs;
    for (const [id, atMs] of this.#underWay) {
      if (atMs > since) break;
      if (this.#waiting.has(id)) continue;
      this.#underWay.delete(id);
      this.#expected -= 1;
    }
  }

  #tell(): void {
    const pending = this.#pending;
    this.#pending = null;
    if (pending === null) return;
    pending.cancel();
    this.#write();
    pending.told.resolve();
  }

  #write(): void {
    this.#forgetSilent();
    this.#trial.saw(this.#waiting.size + this.#expected);
    this.#wroteAtMs = this.#clock.monotonicMs();
    // They wait for the write's answer now, so their silence counts from here.
    for (const id of this.#waiting) if (this.#underWay.delete(id)) this.#underWay.set(id, this.#wroteAtMs);
    this.#waiting.clear();
    this.#expected = this.#underWay.size;
  }
}

/** The measurement whether executions come by themselves, by how many are under way without waiting and with it. */
class StreamTrial {
  readonly #clock: Clock;
  #phase: "without" | "with" | "kept" = "without";
  #sinceMs = 0;
  #writes = 0;
  #sum = 0;
  #without = 0;
  #isStream = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes how many executions are under way at a write. */
  saw(underWay: number): void {
    this.#writes += 1;
    this.#sum += underWay;
  }

  isStream(): boolean {
    const nowMs = this.#clock.monotonicMs();
    const passedMs = nowMs - this.#sinceMs;
    if (passedMs >= (this.#phase === "kept" ? KEPT_MS : TRY_MS)) this.#next(nowMs, passedMs);
    return this.#phase === "kept" ? this.#isStream : this.#phase === "with";
  }

  #next(nowMs: number, passedMs: number): void {
    const underWay = this.#sum / Math.max(1, this.#writes);
    // Nothing happened for a while, so what was measured says nothing.
    const isStale = passedMs > 2 * TRY_MS;
    if (isStale || this.#phase === "kept") this.#phase = "without";
    else if (this.#phase === "without") {
      this.#without = underWay;
      this.#phase = "with";
    } else {
      this.#isStream = underWay >= this.#without * MORE;
      this.#phase = "kept";
    }
    this.#sinceMs = nowMs;
    this.#writes = 0;
    this.#sum = 0;
  }
}
