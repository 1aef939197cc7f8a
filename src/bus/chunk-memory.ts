/**
 * The chunks that this instance has committed and the stream has not got yet, so that they need not be read back. Bounded
 * by bytes for all lanes together: what does not fit is not remembered, and the store has it.
 */
import type { Chunk } from "../store/store.ts";
import type { OutboxPointer } from "../store/shared-store.ts";

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

/** `next`: of the same execution; `last`: its last, where this is its first. `order`: rises with each that is remembered. */
type Remembered = {
  readonly chunk: Chunk;
  readonly epoch: number;
  readonly order: number;
  next: Remembered | null;
  last: Remembered | null;
};

export class ChunkMemory {
  readonly #budget: ByteBudget;
  /** By execution its first, since most have one or two at a time. */
  readonly #firsts = new Map<string, Remembered>();
  #order = 0;
  #takenBytes = 0;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  remember(execution: string, epoch: number, chunk: Chunk): void {
    // The oldest stay: they are sent first. What comes while there is no room is read from the store when its turn comes.
    if (!this.#budget.take(chunk.text.length)) return;
    const remembered: Remembered = { chunk, epoch, order: ++this.#order, next: null, last: null };
    const first = this.#firsts.get(execution);
    const last = first?.last ?? first;
    if (first === undefined || last === undefined) return void this.#firsts.set(execution, remembered);
    if (chunk.from <= last.chunk.to) {
      // The store has forgotten what was written before, and the execution goes on from there: also one that is created again.
      this.#forget(first);
      return void this.#firsts.set(execution, remembered);
    }
    last.next = remembered;
    first.last = remembered;
  }

  /** The text, or null where it is not remembered. It is forgotten, and its bytes count until the next `release`. */
  take({ execution, from, to, epoch }: OutboxPointer): string | null {
    let before: Remembered | null = null;
    for (let each = this.#firsts.get(execution) ?? null; each !== null; before = each, each = each.next) {
      // After a fall back into an older past, the same sequences may have been written twice.
      if (each.chunk.from !== from || each.chunk.to !== to || each.epoch !== epoch) continue;
      if (before === null) this.#unlinkFirst(execution, each);
      else this.#unlink(execution, before, each);
      this.#takenBytes += each.chunk.text.length;
      return each.chunk.text;
    }
    return null;
  }

  /** What was taken is needed no more. */
  release(): void {
    this.#budget.give(this.#takenBytes);
    this.#takenBytes = 0;
  }

  /** Everything remembered until now; `forgetUntil` with it forgets that much. */
  mark(): number {
    return this.#order;
  }

  forgetUntil(mark: number): void {
    for (const [execution, first] of this.#firsts) {
      for (let each: Remembered | null = first; each !== null && each.order <= mark; each = each.next) {
        this.#unlinkFirst(execution, each);
        this.#budget.give(each.chunk.text.length);
      }
    }
  }

  #forget(first: Remembered): void {
    for (let each: Remembered | null = first; each !== null; each = each.next) this.#budget.give(each.chunk.text.length);
  }

  #unlinkFirst(execution: string, { next, last }: Remembered): void {
    if (next === null) return void this.#firsts.delete(execution);
    next.last = last === next ? null : last;
    this.#firsts.set(execution, next);
  }

  #unlink(execution: string, before: Remembered, { next }: Remembered): void {
    before.next = next;
    const first = this.#firsts.get(execution);
    if (next === null && first !== undefined) first.last = before === first ? null : before;
  }
}
