/** What a store can never take, found before anything is written. */
import { byteLength } from "../env/bytes.ts";
import type { Chunk, LargeText } from "./store.ts";

/** SQLite holds at most 1,000,000,000 bytes in a row; what stands beside a text is small. */
export const TEXT_BYTES_MAX = 999_000_000;

/** The texts of a commit's entry or of a new execution. */
type Texts = { readonly chunk: Chunk; readonly large: readonly LargeText[]; readonly definitionText?: string };

/** Why this can never be stored, as a sentence; null where nothing is in the way. */
export function refusalOf(entry: Texts, textBytesMax: number): string | null {
  if (isOver(entry.chunk.text, textBytesMax)) return sentence("The events of one commit", textBytesMax);
  if (isOver(entry.definitionText ?? "", textBytesMax)) return sentence("The definition", textBytesMax);
  for (const large of entry.large) {
    if (isOver(large.text, textBytesMax)) return sentence(`The text "${large.key}"`, textBytesMax);
  }
  return null;
}

/** A text's bytes are counted only where they could be over. */
function isOver(text: string, bytesMax: number): boolean {
  return text.length * 3 > bytesMax && byteLength(text) > bytesMax;
}

function sentence(what: string, bytesMax: number): string {
  return `${what} cannot be stored: longer than ${bytesMax} bytes.`;
}
