/** Attempts that no thread here can run, since their handler is not here: they wait until another instance claims them, or a reload brings it. */
import type { Entry, Line } from "../dispatch/entry.ts";

export class Away implements Line {
  readonly #entries = new Set<Entry>();
  readonly #added: () => void;

  /** `added`: there is one more. */
  constructor(added: () => void) {
    this.#added = added;
  }

  get waiting(): number {
    return this.#entries.size;
  }

  add(entry: Entry): void {
    this.#entries.add(entry);
    this.#added();
  }

  takeBack(entry: Entry): boolean {
    entry.forgotten = true;
    return this.#entries.delete(entry);
  }

  stop(): void {
    // Nothing of it has begun.
  }

  /** Takes out up to `max` of those that `mayGo` allows, in the order in which they came. */
  take(max: number, mayGo: (entry: Entry) => boolean): readonly Entry[] {
    const taken: Entry[] = [];
    for (const entry of this.#entries) {
      if (taken.length >= max) break;
      if (!mayGo(entry)) continue;
      this.#entries.delete(entry);
      taken.push(entry);
    }
    return taken;
  }
}
