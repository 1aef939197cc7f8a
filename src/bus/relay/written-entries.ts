/**
 * Entries that this instance has written to a lane's outbox and the stream has not received yet: their texts, so that they
 * are not read back, and the run of entries without others' in between, so that the outbox is not read either. The texts of
 * all lanes together are limited by bytes: what does not fit is not remembered and is read from the store.
 */
import type { OutboxEntry } from "../../store/shared-store.ts";

/** The memory that all lanes of an instance may use together. */
export type ByteBudget = {
  /** Takes bytes. Returns false, and takes nothing, if not so many are left. */
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

/** The longest run of entries. What is more is read when its turn comes. */
const RUN_MAX = 2_048;

type Texts = { readonly texts: readonly string[]; readonly bytes: number; readonly order: number };
type Written = { readonly entry: OutboxEntry; readonly after: string };

export class WrittenEntries {
  readonly #budget: ByteBudget;
  /** Texts by the entry's id, in the order of writing. */
  readonly #texts = new Map<string, Texts>();
  #order = 0;
  #takenBytes = 0;
  /** Unsent entries, the oldest first: everything in the outbox up to `#newest`. */
  #run: OutboxEntry[] = [];
  /**
   * The entry up to which the outbox holds nothing that is neither in the run nor in hand. Null if that is not known: then
   * the outbox must be read.
   */
  #newest: string | null = null;
  #lastWritten: string | null = null;
  /**
   * Entries that were written while the outbox is read; the end of the read shows which of them the page holds. Null if no
   * read is under way.
   */
  #meanwhile: Written[] | null = null;
  /** The number of entries that were written before the read. */
  #readOrder = 0;
  #readAfter: string | null = null;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** Whether the run holds everything that must be sent, as far as is known. */
  get isKnown(): boolean {
    return this.#newest !== null;
  }

  /** Adds an entry. `after`: the lane's entry before it. `texts`: one for each of its pointers. */
  add(entry: OutboxEntry, after: string, texts: readonly string[]): void {
    const bytes = texts.reduce((sum, text) => sum + text.length, 0);
    // The oldest texts stay, because they are sent first.
    if (!this.#texts.has(entry.id) && this.#budget.take(bytes)) this.#texts.set(entry.id, { texts, bytes, order: ++this.#order });
    this.#lastWritten = entry.id;
    if (this.#meanwhile !== null) this.#meanwhile.push({ entry, after });
    else this.#follow(entry, after);
    if (this.#run.length > RUN_MAX || (this.#meanwhile?.length ?? 0) > RUN_MAX) this.lose();
  }

  /** Takes the oldest entries of the run. They are in hand now. */
  take(max: number): readonly OutboxEntry[] {
    return this.#run.splice(0, max);
  }

  /** The texts of an entry, if they are remembered. They are then forgotten, but count until the next `release`. */
  textsOf(id: string): readonly string[] | null {
    const found = this.#texts.get(id);
    if (found === undefined) return null;
    this.#texts.delete(id);
    this.#takenBytes += found.bytes;
    return found.texts;
  }

  /** The texts that were taken are not needed any more. */
  release(): void {
    this.#budget.give(this.#takenBytes);
    this.#takenBytes = 0;
  }

  /** Begins a read of the outbox's oldest entries. Unsent entries of the run will be among them. */
  beginRead(): void {
    this.lose();
    this.#meanwhile = [];
    this.#readOrder = this.#order;
    this.#readAfter = this.#lastWritten;
  }

  /** Ends a read: its entries are sent now. `isAll`: there were no more. Null if they could not be read. */
  endRead(page: readonly OutboxEntry[] | null, isAll: boolean): void {
    const meanwhile = this.#meanwhile;
    this.#meanwhile = null;
    if (page === null || !isAll || meanwhile === null) return;
    // Nothing shows that their predecessors were sent: a store that has just come back may have forgotten them. So they are read.
    if (page.length === 0 && meanwhile.length > 0) return;
    // If the page is empty, what this instance wrote before it is not in the outbox any more: it is sent.
    this.#newest = page.at(-1)?.id ?? this.#readAfter;
    const sent = new Set(page.map(({ id }) => id));
    for (const { entry, after } of meanwhile) if (!sent.has(entry.id)) this.#follow(entry, after);
    this.#forgetUntil(this.#readOrder);
  }

  /** The store may have lost what it held, so the outbox must be read. */
  lose(): void {
    this.#newest = null;
    this.#run = [];
    // A read that is under way may be older than this.
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
