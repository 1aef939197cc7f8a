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

export type ChunkMemory = {
  remember(execution: string, epoch: number, chunk: Chunk): void;
  /** The text, or null where it is not remembered. It stays until it is forgotten. */
  textOf(pointer: OutboxPointer): string | null;
  forget(pointer: OutboxPointer): void;
  /** Everything remembered until now; `forgetUntil` with it forgets that much. */
  mark(): number;
  forgetUntil(mark: number): void;
};

type Remembered = { readonly chunk: Chunk; readonly epoch: number; readonly order: number };

export function createChunkMemory(budget: ByteBudget): ChunkMemory {
  /** In the order of the commits. */
  const chunks = new Map<string, Remembered>();
  let order = 0;

  function drop(key: string, { chunk }: Remembered): void {
    chunks.delete(key);
    budget.give(chunk.text.length);
  }

  return {
    remember(execution, epoch, chunk) {
      const key = keyOf(execution, chunk.from);
      const before = chunks.get(key);
      if (before !== undefined) drop(key, before);
      // The oldest stay: they are sent first. What comes while there is no room is read from the store when its turn comes.
      if (budget.take(chunk.text.length)) chunks.set(key, { chunk, epoch, order: ++order });
    },
    textOf({ execution, from, to, epoch }) {
      const remembered = chunks.get(keyOf(execution, from));
      // After a fall back into an older past, the same sequences may have been written twice.
      return remembered?.epoch === epoch && remembered.chunk.to === to ? remembered.chunk.text : null;
    },
    forget({ execution, from }) {
      const key = keyOf(execution, from);
      const remembered = chunks.get(key);
      if (remembered !== undefined) drop(key, remembered);
    },
    mark: () => order,
    forgetUntil(mark) {
      for (const [key, remembered] of chunks) {
        if (remembered.order > mark) return;
        drop(key, remembered);
      }
    },
  };
}

function keyOf(execution: string, from: number): string {
  return `${execution}/${from}`;
}
