/** Large texts: params and outputs that the log keeps apart. Recent ones are in memory, the others come from the store. */
import { BoundedCache } from "../env/bounded-cache.ts";
import { byteLength } from "../env/bytes.ts";
import { LARGE_TEXT_BYTES, type LargeText, type Store } from "./store.ts";
import type { Text } from "../workflow/execution/messages.ts";

export type LargeTexts = {
  /** Whether a text may be large. False means that `split` would say so too. It is asked for every output, before a key is made for it. */
  mayBeLarge(text: string): boolean;
  /** The log's form of a text, and the part to keep apart if it is large. */
  split(key: string, text: string): { readonly text: Text; readonly apart: LargeText | null };
  /** Keeps a text of the execution that somebody will soon ask for. */
  keep(executionId: string, large: LargeText): void;
  /** The text, if it is in memory. */
  peek(executionId: string, key: string): string | undefined;
  /** Brings texts into memory for `peek`, and resolves with them by key. Rejects if the store is away or a text is lost. */
  fetch(executionId: string, keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
};

/** Large texts of a store. `bytesMax`: the memory that they may use. */
export function createLargeTexts(store: Store, bytesMax: number): LargeTexts {
  const recent = new BoundedCache<string>(bytesMax);
  const asking = new Map<string, Promise<string>>();

  /** Reads a text once, even if ten thousand dependents of one node ask for it in the same moment. */
  function fetchOne(executionId: string, key: string): Promise<string> {
    const name = `${executionId}/${key}`;
    const text = recent.peek(name);
    if (text !== undefined) return Promise.resolve(text);
    const asked = asking.get(name) ?? read(executionId, key, name);
    asking.set(name, asked);
    return asked;
  }

  async function read(executionId: string, key: string, name: string): Promise<string> {
    try {
      const [text] = await store.large(executionId, [key]);
      if (typeof text !== "string") throw new Error(`The store has lost ${key} of execution ${executionId}, which its log refers to.`);
      recent.set(name, text, text.length);
      return text;
    } finally {
      asking.delete(name);
    }
  }

  /** Whether a text may be large. A character is at most three bytes in UTF-8, so most texts need no counting. */
  function mayBeLarge(text: string): boolean {
    return text.length * 3 >= LARGE_TEXT_BYTES;
  }

  return {
    mayBeLarge,
    split(key, text) {
      if (!mayBeLarge(text)) return { text, apart: null };
      const size = byteLength(text);
      if (size < LARGE_TEXT_BYTES) return { text, apart: null };
      return { text: { bytes: size }, apart: { key, text } };
    },
    keep: (executionId, { key, text }) => recent.set(`${executionId}/${key}`, text, text.length),
    peek: (executionId, key) => recent.get(`${executionId}/${key}`),
    async fetch(executionId, keys) {
      return new Map(await Promise.all(keys.map(async (key) => [key, await fetchOne(executionId, key)] as const)));
    },
  };
}
