/** Sizes of texts in bytes, as the outside counts them. */

/** A text's size in UTF-8. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The text of bytes in UTF-8, without a byte order mark; null if the bytes are not UTF-8. */
export function decoded(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
