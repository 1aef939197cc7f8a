/** The partition of a key, as Kafka's own clients and kafkajs' DefaultPartitioner compute it: murmur2 of the key. */

const SEED = 0x9747b28c;
const FACTOR = 0x5bd1e995;

export function partitionOf(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}

function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  const whole = length & ~3;
  const byte = (at: number): number => bytes[at] as number;
  let hash = SEED ^ length;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24), FACTOR);
    word = Math.imul(word ^ (word >>> 24), FACTOR);
    hash = Math.imul(hash, FACTOR) ^ word;
  }
  if (length > whole) {
    for (let at = whole; at < length; at++) hash ^= byte(at) << (8 * (at - whole));
    hash = Math.imul(hash, FACTOR);
  }
  hash = Math.imul(hash ^ (hash >>> 13), FACTOR);
  return hash ^ (hash >>> 15);
}
