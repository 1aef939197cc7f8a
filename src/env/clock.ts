/** Time, as a seam: nothing below main.ts asks the machine for it. Its simulated twin is in test/sim. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Milliseconds since some moment of this process. They never jump and never fall, so leases are measured by them. */
  monotonicMs(): number;
  /** Calls `fire` once, `delayMs` from now or a little later. The returned function cancels it. */
  after(delayMs: number, fire: () => void): () => void;
}

/** The longest timeout of setTimeout. A longer one would overflow and fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, Math.min(Math.max(0, delayMs), LONGEST_MS));
    return () => clearTimeout(timer);
  },
};
