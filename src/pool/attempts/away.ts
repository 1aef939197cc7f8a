/** Attempts whose handler is not here. They wait until another instance claims them, or a reload brings the handler. */
import type { Entry, Line } from "../dispatch/entry.ts";

export class Away implements Line {
  readonly #entries = new Set<Entry>();
  readonly #added: () => void;

  /** `added` is called for each new one. */
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

  /** Takes out up to `max` attempts that `mayGo` allows, in the order in which they came. */
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
