/**
 * What this instance has written to a lane's outbox and the stream has not got yet: the texts, so that they are not read back,
 * and the entries that follow each other with nobody else's between, so that the outbox is not read either. Texts are bounded
 * by bytes for all lanes together: what does not fit is not remembered, and the store has it.
 */
import type { OutboxEntry } from "../../store/shared-store.ts";

/** What all lanes of an instance may remember together. */
export type ByteBudget = {
  /** False, and nothing taken, where there is not so much left. */
  take(bytes: number): boolean;
  give(bytes: number): void;
};

export function createByteBudget(bytesMax: number): ByteBudget {
  let left = bytesMax;
  return {
    take(bytes) {
      if (bytes > left) return false;
      left -= bytes;
      return true;
    },
    give(bytes) {
      left += bytes;
    },
  };
}

/** Entries that are known to follow each other; what is more is read when its turn comes. */
const RUN_MAX = 2_048;

type Texts = { readonly texts: readonly string[]; readonly bytes: number; readonly order: number };
type Written = { readonly entry: OutboxEntry; readonly after: string };

export class WrittenEntries {
  readonly #budget: ByteBudget;
  /** By the entry's id, in the order of writing. */
  readonly #texts = new Map<string, Texts>();
  #order = 0;
  #takenBytes = 0;
  /** Not sent, the oldest first: everything in the outbox up to `#newest`. */
  #run: OutboxEntry[] = [];
  /** Up to this entry nothing is in the outbox that is neither in the run nor in hand. Null where that is not known: it is to be read. */
  #newest: string | null = null;
  #lastWritten: string | null = null;
  /** Written while the outbox is read: what of it the page holds shows itself in the end. Null where it is not read. */
  #meanwhile: Written[] | null = null;
  /** Everything written before the read. */
  #readOrder = 0;
  #readAfter: string | null = null;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** Whether the run holds all that is to be sent, as far as is known. */
  get isKnown(): boolean {
    return this.#newest !== null;
  }

  /** `after`: the lane's entry before it. `texts`: for each of its pointers. */
  add(entry: OutboxEntry, after: string, texts: readonly string[]): void {
    const bytes = texts.reduce((sum, text) => sum + text.length, 0);
    // The oldest stay: they are sent first.
    if (!this.#texts.has(entry.id) && this.#budget.take(bytes)) this.#texts.set(entry.id, { texts, bytes, order: ++this.#order });
    this.#lastWritten = entry.id;
    if (this.#meanwhile !== null) this.#meanwhile.push({ entry, after });
    else this.#follow(entry, after);
    if (this.#run.length > RUN_MAX || (this.#meanwhile?.length ?? 0) > RUN_MAX) this.lose();
  }

  /** The oldest of the run; they are in hand now. */
  take(max: number): readonly OutboxEntry[] {
    return this.#run.splice(0, max);
  }

  /** An entry's, where they are remembered. They are forgotten, and count until the next `release`. */
  textsOf(id: string): readonly string[] | null {
    const found = this.#texts.get(id);
    if (found === undefined) return null;
    this.#texts.delete(id);
    this.#takenBytes += found.bytes;
    return found.texts;
  }

  /** The texts that were taken are needed no more. */
  release(): void {
    this.#budget.give(this.#takenBytes);
    this.#takenBytes = 0;
  }

  /** The outbox is asked for its oldest entries: those of the run will be among them, where they are not sent. */
  beginRead(): void {
    this.lose();
    this.#meanwhile = [];
    this.#readOrder = this.#order;
    this.#readAfter = this.#lastWritten;
  }

  /** They are sent. `isAll`: there were no more. Null where they could not be read. */
  endRead(page: readonly OutboxEntry[] | null, isAll: boolean): void {
    const meanwhile = this.#meanwhile;
    this.#meanwhile = null;
    if (page === null || !isAll || meanwhile === null) return;
    // Nothing shows that what they follow was sent: a store that has just come back may have forgotten it. They are read.
    if (page.length === 0 && meanwhile.length > 0) return;
    // What this instance wrote before it is not in the outbox any more where the page is empty: it is sent.
    this.#newest = page.at(-1)?.id ?? this.#readAfter;
    const sent = new Set(page.map(({ id }) => id));
    for (const { entry, after } of meanwhile) if (!sent.has(entry.id)) this.#follow(entry, after);
    this.#forgetUntil(this.#readOrder);
  }

  /** The store may not hold any more what it held: it is to be read. */
  lose(): void {
    this.#newest = null;
    this.#run = [];
    // A read that is under way may be from before.
    this.#meanwhile = null;
  }

  /** No text is needed any more. */
  forget(): void {
    this.lose();
    this.#forgetUntil(this.#order);
  }

  #follow(entry: OutboxEntry, after: string): void {
    if (entry.id === this.#newest) return;
    if (after !== this.#newest) return this.lose();
    this.#run.push(entry);
    this.#newest = entry.id;
  }

  #forgetUntil(order: number): void {
    for (const [id, texts] of this.#texts) {
      if (texts.order > order) return;
      this.#texts.delete(id);
      this.#budget.give(texts.bytes);
    }
  }
}
