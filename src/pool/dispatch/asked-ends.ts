/** How often a host is ended because an attempt was asked to stop, and did not. */

/**
 * All that a host runs goes with it, and runs again: many cancels at once shall not end host after host. Until it is its turn, an
 * attempt that does not stop keeps its slot.
 */
const EVERY_MS = 1_000;

export class AskedEnds {
  #nextMs = 0;

  /** True where one may be ended now, which then is. */
  next(nowMs: number): boolean {
    if (nowMs < this.#nextMs) return false;
    this.#nextMs = nowMs + EVERY_MS;
    return true;
  }
}
