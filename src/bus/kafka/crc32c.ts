/** CRC-32C (Castagnoli), which Kafka checks its batches by: eight bytes a step, by tables, at some gigabyte a second. Bun has only CRC-32. */

const POLYNOMIAL = 0x82f63b78;
/** `TABLES[n]`: what a byte does to the sum that `n` more bytes follow. */
const TABLES = Array.from({ length: 8 }, () => new Int32Array(256));
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as unknown as Tables;
type Tables = [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];

for (let byte = 0; byte < 256; byte++) {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1;
  T0[byte] = sum;
}
for (let table = 1; table < 8; table++) {
  const before = TABLES[table - 1] as Int32Array;
  for (let byte = 0; byte < 256; byte++) {
    const sum = before[byte] as number;
    (TABLES[table] as Int32Array)[byte] = (sum >>> 8) ^ (T0[sum & 255] as number);
  }
}

/** Of the bytes `from`..`to` (without that), as an unsigned number. */
export function crc32c(bytes: Uint8Array, from: number, to: number): number {
  let sum = -1;
  let at = from;
  // Not by a function for each read: it would see two kinds of arrays, which takes three times as long.
  for (; at + 8 <= to; at += 8) {
    sum ^= (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
    sum =
      (T7[sum & 255] as number) ^
      (T6[(sum >>> 8) & 255] as number) ^
      (T5[(sum >>> 16) & 255] as number) ^
      (T4[sum >>> 24] as number) ^
      (T3[bytes[at + 4] as number] as number) ^
      (T2[bytes[at + 5] as number] as number) ^
      (T1[bytes[at + 6] as number] as number) ^
      (T0[bytes[at + 7] as number] as number);
  }
  for (; at < to; at++) sum = (T0[(sum ^ (bytes[at] as number)) & 255] as number) ^ (sum >>> 8);
  return ~sum >>> 0;
}
