/**
 * A thread that asks another for something small falls asleep before the answer is there, and to be woken takes longer
 * than the answer does (measured: 25 µs each way on a virtual machine). So it stays awake for a moment, but only where
 * that has paid lately.
 */

export interface Awake {
  /** Something was asked for. */
  asked(): void;
  /** What was asked for has come. */
  heard(): void;
}

/** What comes within this time is worth being awake for. */
const SOON_MS = 0.1;
/** So many times in a row it came soon: it will again. */
const STREAK = 8;

/** Of this thread. While it is awake the event loop goes round, so that whatever else comes is heard as well. */
export function createAwake(parts: AwakeParts = { nowMs: () => performance.now(), later: (look) => void setImmediate(look) }): Awake {
  return new WhilePaying(parts);
}

export type AwakeParts = {
  /** Milliseconds and their fractions. */
  readonly nowMs: () => number;
  /** The event loop's next round. */
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
    // It was awake for nothing, and sleeps until it would have paid again.
    if (this.#waits) this.#streak = 0;
  }

  #isSoon(): boolean {
    return this.#parts.nowMs() - this.#askedAtMs < SOON_MS;
  }
}
