/**
 * The simulated twins of time, turns, chance and ids. Time passes only when nothing else can happen, so a test of an hour
 * takes a moment; the seed decides how long everything takes, and so what comes first.
 */
import type { Clock } from "../../src/env/clock.ts";
import type { Ids } from "../../src/env/ids.ts";
import type { Random } from "../../src/env/random.ts";
import type { Turns } from "../../src/env/turns.ts";

/** Mulberry32: small, and the same for the same seed everywhere. */
export class Seeded implements Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }
  chance(probability: number): boolean {
    return this.next() < probability;
  }
}

type Timer = { readonly dueAtMs: number; readonly order: number; readonly fire: () => void };

export class World implements Clock, Turns, Ids {
  readonly random: Seeded;
  #nowMs: number;
  readonly #beganAtMs: number;
  #turns: (() => void)[] = [];
  #timers: Timer[] = [];
  #order = 0;
  #ids = 0;

  constructor(seed = 1, nowMs = 1_000_000) {
    this.random = new Seeded(seed);
    this.#nowMs = nowMs;
    this.#beganAtMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs - this.#beganAtMs;
  }

  /** Sorts in the order of making, and differs from those of a world that began at another time. */
  next(): string {
    this.#ids += 1;
    return `id-${this.#beganAtMs}-${String(this.#ids).padStart(6, "0")}`;
  }

  after(delayMs: number, fire: () => void): () => void {
    const timer: Timer = { dueAtMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, fire };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  run(turn: () => void): void {
    this.#turns.push(turn);
  }

  /** One thing happens. False when nothing can happen any more before `untilMs`. */
  async step(untilMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    if (this.#turns.length > 0) {
      // First come, first served, as in the real loop; chance is in how long everything else takes.
      this.#turns.shift()?.();
    } else {
      const timer = this.#timers.sort((a, b) => a.dueAtMs - b.dueAtMs || a.order - b.order)[0];
      if (timer === undefined || timer.dueAtMs > untilMs) return false;
      this.#timers.shift();
      this.#nowMs = timer.dueAtMs;
      timer.fire();
    }
    // Lets every microtask of this step settle.
    await new Promise<void>((resolve) => setImmediate(resolve));
    return true;
  }

  /** Lets everything happen that happens within `forMs`, then the time is `forMs` later. */
  async pass(forMs: number): Promise<void> {
    const untilMs = this.#nowMs + forMs;
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (await this.step(untilMs));
    this.#nowMs = untilMs;
  }

  /** Lets things happen until the fact holds. Throws after `stepsMax` steps, or when nothing can happen any more. */
  async until(fact: () => boolean, what: string, stepsMax = 100_000): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    for (let steps = 0; !fact(); steps++) {
      if (steps > stepsMax) throw new Error(`Not yet after ${stepsMax} steps: ${what}.`);
      if (!(await this.step())) throw new Error(`Nothing can happen any more, and still not: ${what}.`);
    }
  }

  /** Lets things happen until the promise is settled, and answers as it does. */
  settled<T>(promise: Promise<T>): Promise<T> {
    return settled(promise, (isSettled) => this.until(isSettled, "the answer that the test waits for"));
  }
}

/** Answers as the promise does, once `goOn` has let things happen until it is settled. */
export async function settled<T>(promise: Promise<T>, goOn: (isSettled: () => boolean) => Promise<unknown>): Promise<T> {
  let over = false;
  const answer = promise.finally(() => {
    over = true;
  });
  answer.catch(() => undefined);
  await goOn(() => over);
  return answer;
}
