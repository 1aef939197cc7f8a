/** The limit for ending hosts because an attempt was asked to stop, and did not. */

/**
 * The least time between two ends. Everything that a host runs is lost with it and runs again, so many cancels at once must not end host
 * after host. Until it is its turn, an attempt that does not stop keeps its slot.
 */
const EVERY_MS = 1_000;

export class AskedEnds {
  #nextMs = 0;

  /** Whether a host may be ended now. If so, it counts as ended. */
  next(nowMs: number): boolean {
    if (nowMs < this.#nextMs) return false;
    this.#nextMs = nowMs + EVERY_MS;
    return true;
  }
}
