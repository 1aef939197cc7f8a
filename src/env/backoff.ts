/** How long to wait before a store that did not answer is asked again: 50 ms, doubled each time, 1 s at the most. */
import type { Clock } from "./clock.ts";

const FIRST_MS = 50;
const LONGEST_MS = 1_000;

export class Backoff {
  readonly #clock: Clock;
  #delayMs = FIRST_MS;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wait(): Promise<void> {
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(delayMs * 2, LONGEST_MS);
    return new Promise((resolve) => void this.#clock.after(delayMs, resolve));
  }

  /** It answered: the next wait is short again. */
  reset(): void {
    this.#delayMs = FIRST_MS;
  }
}
