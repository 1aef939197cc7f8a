/**
 * When the next write is made, where each has a price of its own (pages, and an fsync) that those in it share. Whoever is alone never
 * waits. Where several are under way, a write waits for the others, a millisecond or two at the most; and when all of them are in it, for
 * newcomers, as long as such waits bring some: a steady stream brings them, clients that wait for these very answers do not.
 *
 * Under way is who wrote within the last few milliseconds and is not at its end.
 */
import type { Clock } from "../env/clock.ts";

export interface Gathering {
  /** An execution has something to be written. `last`: nothing follows it by itself. */
  submitted(executionId: string, last: boolean): void;
  /** Null where the next write is to be made now; else resolves when it is. All that wait are told in one turn: what they write goes together. */
  turn(): Promise<void> | null;
}

/** So many share their pages well enough. */
const ENOUGH = 64;
/** So many newcomers a wait are worth it; how much the last wait counts; and how often it is tried where it was not worth it. */
const WORTH = 0.25;
const LAST_COUNTS = 0.1;
const TRIED_EACH = 64;

/** `gatherMs`: from the beginning of a write to that of the next, at the most. */
export function createGathering(clock: Clock, gatherMs: number): Gathering {
  return new WriteGathering(clock, gatherMs);
}

/** `complete`: how many there were when all that were under way were in it; null before. */
type Pending = { readonly told: PromiseWithResolvers<void>; readonly cancel: () => void; complete: number | null };

class WriteGathering implements Gathering {
  readonly #clock: Clock;
  readonly #gatherMs: number;
  /** Since when each that is under way has been silent, the longest first. */
  readonly #underWay = new Map<string, number>();
  /** Who is in the next write. */
  readonly #waiting = new Set<string>();
  /** Of those under way, how many are not in the next write. */
  #expected = 0;
  #wroteAtMs = Number.NEGATIVE_INFINITY;
  #isNow = false;
  #pending: Pending | null = null;
  /** How many newcomers a wait brought, of late. */
  #newcomers = 1;
  #untried = 0;

  constructor(clock: Clock, gatherMs: number) {
    this.#clock = clock;
    this.#gatherMs = gatherMs;
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
      // Whoever asks in the same breath goes too.
      this.#isNow = true;
      queueMicrotask(() => queueMicrotask(() => this.#end()));
      return null;
    }
    const told = Promise.withResolvers<void>();
    const complete = this.#isComplete() ? this.#waiting.size : null;
    this.#pending = { told, cancel: this.#clock.after(leftMs, () => this.#tell()), complete };
    return told.promise;
  }

  #end(): void {
    this.#isNow = false;
  }

  #look(): void {
    const pending = this.#pending;
    if (pending === null) return;
    const isJustComplete = pending.complete === null && this.#isComplete();
    if (this.#waiting.size >= ENOUGH || (isJustComplete && this.#isReady())) this.#tell();
    else if (isJustComplete) pending.complete = this.#waiting.size;
  }

  /** Nobody else is worth waiting for. */
  #isReady(): boolean {
    if (this.#waiting.size >= ENOUGH) return true;
    if (!this.#isComplete()) return false;
    if (this.#waiting.size <= 1) return true;
    if (this.#newcomers >= WORTH) return false;
    this.#untried += 1;
    if (this.#untried < TRIED_EACH) return true;
    this.#untried = 0;
    return false;
  }

  /** All that are under way are in it. */
  #isComplete(): boolean {
    if (this.#expected > 0) this.#forgetSilent();
    return this.#expected === 0;
  }

  /** Who has been silent for so long runs something that takes its time. */
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
    if (pending.complete !== null) this.#learn(this.#waiting.size - pending.complete);
    this.#write();
    pending.told.resolve();
  }

  #learn(newcomers: number): void {
    // A try that brought some: the stream is there again.
    if (newcomers > 0 && this.#newcomers < WORTH) this.#newcomers = 1;
    else this.#newcomers += (newcomers - this.#newcomers) * LAST_COUNTS;
  }

  #write(): void {
    this.#wroteAtMs = this.#clock.monotonicMs();
    // What they wait for now is the write's answer: their silence counts from here.
    for (const id of this.#waiting) if (this.#underWay.delete(id)) this.#underWay.set(id, this.#wroteAtMs);
    this.#waiting.clear();
    this.#expected = this.#underWay.size;
  }
}
