/**
 * The number of suspects that may be in one child process at once: half as many after each death, more again when a whole group survives.
 */

export class SuspectGroups {
  readonly #most: number;
  #size: number;
  #survivors = 0;

  constructor(most: number) {
    this.#most = most;
    this.#size = most;
  }

  get size(): number {
    return this.#size;
  }

  /** A suspect has ended and its child lives. */
  survived(): void {
    this.#survivors += 1;
    if (this.#survivors < this.#size) return;
    this.#survivors = 0;
    this.#size = Math.min(this.#most, this.#size * 2);
  }

  /** A child died with so many begun in it. */
  died(begun: number): void {
    this.#survivors = 0;
    this.#size = Math.max(1, Math.min(this.#size, Math.floor(begun / 2)));
  }
}
