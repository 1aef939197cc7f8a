/**
 * A thread that asks another one for something small falls asleep before the answer arrives, and waking it takes longer than
 * the answer (measured: 25 µs each way on a virtual machine). So the thread stays awake for a moment, but only if that has
 * paid off lately.
 */

export interface Awake {
  /** Called when something was asked for. */
  asked(): void;
  /** Called when the answer has arrived. */
  heard(): void;
}

/** The longest wait that is worth staying awake for. */
const SOON_MS = 0.1;
/** The number of fast answers in a row after which the next one is expected to be fast. */
const STREAK = 8;

/** The state of this thread. While it stays awake the event loop goes round, so that everything else that arrives is read as well. */
export function createAwake(parts: AwakeParts = { nowMs: () => performance.now(), later: (look) => void setImmediate(look) }): Awake {
  return new WhilePaying(parts);
}

export type AwakeParts = {
  /** Milliseconds with fractions. */
  readonly nowMs: () => number;
  /** Runs `look` in the event loop's next round. */
  readonly later: (look: () => void) => void;
};

class WhilePaying implements Awake {
  readonly #parts: AwakeParts;
  readonly #look: () => void;
  #askedAtMs = 0;
  #waits = false;
  #streak = 0;
  #looking = false;

  constructor(parts: AwakeParts) {
    this.#parts = parts;
    this.#look = () => this.#lookOn();
  }

  asked(): void {
    this.#askedAtMs = this.#parts.nowMs();
    this.#waits = true;
    if (this.#streak < STREAK || this.#looking) return;
    this.#looking = true;
    this.#parts.later(this.#look);
  }

  heard(): void {
    if (!this.#waits) return;
    this.#waits = false;
    this.#streak = this.#isSoon() ? this.#streak + 1 : 0;
  }

  #lookOn(): void {
    if (this.#waits && this.#isSoon()) return this.#parts.later(this.#look);
    this.#looking = false;
    // Staying awake did not pay off: the thread sleeps until it would have paid off again.
    if (this.#waits) this.#streak = 0;
  }

  #isSoon(): boolean {
    return this.#parts.nowMs() - this.#askedAtMs < SOON_MS;
  }
}
