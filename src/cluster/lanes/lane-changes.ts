/** What is under way with lanes, and what has changed: a look from before that may be outdated. */

export class LaneChanges {
  readonly #busy = new Set<number>();
  readonly #changedAt = new Map<number, number>();
  #count = 0;

  /** A count that rises with each change. */
  get count(): number {
    return this.#count;
  }

  get isQuiet(): boolean {
    return this.#busy.size === 0;
  }

  /** Whether something is under way that decides whose the lane is. */
  isBusy(lane: number): boolean {
    return this.#busy.has(lane);
  }

  /** Whether something is under way, or has changed since `count` had this value. */
  isMoving(lane: number, since: number): boolean {
    return this.#busy.has(lane) || (this.#changedAt.get(lane) ?? 0) > since;
  }

  changed(lane: number): void {
    this.#count += 1;
    this.#changedAt.set(lane, this.#count);
  }

  /** Marks the lane as busy until this settles. Rejects as it does. */
  async during<Result>(lane: number, deed: Promise<Result>): Promise<Result> {
    this.#busy.add(lane);
    try {
      return await deed;
    } finally {
      this.#busy.delete(lane);
      this.changed(lane);
    }
  }
}
