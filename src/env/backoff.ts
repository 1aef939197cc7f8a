/**
 * The backoff of what Troupe itself tries again, such as a call to the store: a pause that doubles each time, up to a longest one. Nodes
 * have their own (workflow/execution/retry.ts).
 */
import type { Clock } from "./clock.ts";

export type Pauses = { readonly firstMs: number; readonly longestMs: number };

/** The pauses for a store that did not answer. */
const OF_A_STORE: Pauses = { firstMs: 50, longestMs: 1_000 };

/** The pause before the next try; `retry` is 1 for the first. */
export function pauseBefore(retry: number, { firstMs, longestMs }: Pauses): number {
  return Math.min(longestMs, firstMs * 2 ** (retry - 1));
}

export class Backoff {
  readonly #clock: Clock;
  readonly #pauses: Pauses;
  #retries = 0;

  constructor(clock: Clock, pauses: Pauses = OF_A_STORE) {
    this.#clock = clock;
    this.#pauses = pauses;
  }

  wait(): Promise<void> {
    const delayMs = pauseBefore((this.#retries += 1), this.#pauses);
    return new Promise((resolve) => void this.#clock.after(delayMs, resolve));
  }

  /** A success: the next pause is short again. */
  reset(): void {
    this.#retries = 0;
  }
}
