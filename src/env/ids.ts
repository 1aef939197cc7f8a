/** Identities: random ones, and ones that are derived from what they stand for. */
export interface Ids {
  /** A random UUIDv7. Such ids sort by the time of their making. */
  next(): string;
}

export const systemIds: Ids = { next: () => Bun.randomUUIDv7() };

/** A text's SHA-256 in hexadecimal (64 characters). */
export function hashOf(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

/** A UUID that is the same for the same words, on every instance (RFC 9562, version 8: the form is our own). */
export function derivedId(...words: readonly string[]): string {
  const hex = hashOf(JSON.stringify(words));
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
