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
  for (; at + 8 <= to; at += 8) {
    sum ^= read(bytes, at) | (read(bytes, at + 1) << 8) | (read(bytes, at + 2) << 16) | (read(bytes, at + 3) << 24);
    sum =
      read(T7, sum & 255) ^
      read(T6, (sum >>> 8) & 255) ^
      read(T5, (sum >>> 16) & 255) ^
      read(T4, sum >>> 24) ^
      read(T3, read(bytes, at + 4)) ^
      read(T2, read(bytes, at + 5)) ^
      read(T1, read(bytes, at + 6)) ^
      read(T0, read(bytes, at + 7));
  }
  for (; at < to; at++) sum = read(T0, (sum ^ read(bytes, at)) & 255) ^ (sum >>> 8);
  return ~sum >>> 0;
}

function read(numbers: Uint8Array | Int32Array, at: number): number {
  return numbers[at] as number;
}
