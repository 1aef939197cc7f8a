/** What is under way with lanes, and what has changed: whoever looked before that knows less than he thinks. */

export class LaneChanges {
  readonly #busy = new Set<number>();
  readonly #changedAt = new Map<number, number>();
  #count = 0;

  /** Rises with each change. */
  get count(): number {
    return this.#count;
  }

  get isQuiet(): boolean {
    return this.#busy.size === 0;
  }

  /** Something is under way that decides whose the lane is. */
  isBusy(lane: number): boolean {
    return this.#busy.has(lane);
  }

  /** Something is under way, or has changed since `count` stood so. */
  isMoving(lane: number, since: number): boolean {
    return this.#busy.has(lane) || (this.#changedAt.get(lane) ?? 0) > since;
  }

  changed(lane: number): void {
    this.#count += 1;
    this.#changedAt.set(lane, this.#count);
  }

  /** The lane is busy until this settles. Rejects as it does. */
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
