/** The entries of a table, by node. */
import type { Entry } from "../dispatch/entry.ts";

const NOBODY: readonly Entry[] = [];

export class Entries {
  /**
   * The entries by node. A Map took eight times as long. A node has one entry, and rarely another one of an earlier attempt that is not
   * settled yet.
   */
  readonly #byNode: (Entry | readonly Entry[] | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether this node has an entry. */
  has(node: number): boolean {
    return this.#byNode[node] !== undefined;
  }

  find(node: number, attempt: number): Entry | undefined {
    const there = this.#byNode[node];
    if (there === undefined) return undefined;
    if (!("attempt" in there)) return there.find((entry) => entry.attempt.attempt === attempt);
    return there.attempt.attempt === attempt ? there : undefined;
  }

  add(entry: Entry): void {
    const { node } = entry.attempt;
    const there = this.#byNode[node];
    this.#byNode[node] = there === undefined ? entry : [...entriesIn(there), entry];
    this.#size += 1;
  }

  remove(entry: Entry): void {
    const { node } = entry.attempt;
    const there = this.#byNode[node];
    const others = there === entry || there === undefined ? NOBODY : entriesIn(there).filter((other) => other !== entry);
    this.#byNode[node] = others.length === 0 ? undefined : others;
    this.#size -= 1;
  }

  /** A copy of all entries: what is done with them may change the table. */
  all(): readonly Entry[] {
    return this.#size === 0 ? NOBODY : this.#byNode.flatMap((there) => (there === undefined ? NOBODY : entriesIn(there)));
  }
}

function entriesIn(there: Entry | readonly Entry[]): readonly Entry[] {
  return "attempt" in there ? [there] : there;
}
