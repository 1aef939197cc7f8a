/** Refusals of what a store can never take, before anything is written. */
import { byteLength } from "../env/bytes.ts";
import type { Chunk, LargeText } from "./store.ts";

/** The longest text. SQLite holds at most 1,000,000,000 bytes in a row, and what stands beside a text is small. */
export const TEXT_BYTES_MAX = 999_000_000;

/** The texts of a commit's entry or of a new execution. */
type Texts = { readonly chunk: Chunk; readonly large: readonly LargeText[]; readonly definitionText?: string };

/** The reason why an entry can never be stored, as a sentence; null if there is none. */
export function refusalOf(entry: Texts, textBytesMax: number): string | null {
  if (isOver(entry.chunk.text, textBytesMax)) return sentence("The events of one commit", textBytesMax);
  if (isOver(entry.definitionText ?? "", textBytesMax)) return sentence("The definition", textBytesMax);
  for (const large of entry.large) {
    if (isOver(large.text, textBytesMax)) return sentence(`The text "${large.key}"`, textBytesMax);
  }
  return null;
}

/** Whether a text is too long. Its bytes are counted only if they could be too many. */
function isOver(text: string, bytesMax: number): boolean {
  return text.length * 3 > bytesMax && byteLength(text) > bytesMax;
}

function sentence(what: string, bytesMax: number): string {
  return `${what} cannot be stored: longer than ${bytesMax} bytes.`;
}
