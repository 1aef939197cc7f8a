/** The workload of this process: batches of messages and creates that wait for their turn, for the store, or for each other. */

export class Workload {
  #pending = 0;
  #done = 0;
  #listener: () => void = () => undefined;

  begin(): void {
    this.#pending += 1;
  }

  end(): void {
    this.#pending -= 1;
    this.#done += 1;
    this.#listener();
  }

  /** Calls the listener whenever some of it is done. */
  onDone(listener: () => void): void {
    this.#listener = listener;
  }

  get pending(): number {
    return this.#pending;
  }

  /** The number of done ones since the start. */
  get done(): number {
    return this.#done;
  }
}
