/** What we write for Kafka ourselves, held against kafkajs: partitions, checksums, and records as its own reader finds them. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Partitioners } from "kafkajs";
import Decoder from "kafkajs/src/protocol/decoder.js";
import kafkajsCrc32c from "kafkajs/src/protocol/recordBatch/crc32C/index.js";
import decodeBatch from "kafkajs/src/protocol/recordBatch/v0/decoder.js";
import { crc32c } from "../../../src/bus/kafka/crc32c.ts";
import { type BatchRecord, produceBody } from "../../../src/bus/kafka/batch.ts";
import { partitionOf } from "../../../src/bus/kafka/partition.ts";

const NOW_MS = 1_763_700_000_123;
const HEADERS = { "content-type": "application/json", "troupe-record": "1" };

function recordOf(key: string, value: string): BatchRecord {
  return { key, value, valueBytes: Buffer.byteLength(value) };
}

/** As a broker reads it: by partition, the records and what a batch says of all of them. */
async function read(body: Buffer) {
  const decoder = new Decoder(body);
  const head = { transactional: decoder.readString(), acks: decoder.readInt16(), timeoutMs: decoder.readInt32() };
  expect(decoder.readInt32()).toBe(1);
  const topic = decoder.readString();
  const partitions: { readonly partition: number; readonly batch: Awaited<ReturnType<typeof decodeBatch>> }[] = [];
  for (let left = decoder.readInt32(); left > 0; left--) {
    const partition = decoder.readInt32();
    const bytes = decoder.readBytes(decoder.readInt32());
    const [length, format, sum] = [bytes.readInt32BE(8), bytes.readInt8(16), bytes.readUInt32BE(17)];
    expect([length, format, sum]).toEqual([bytes.length - 12, 2, kafkajsCrc32c(bytes.subarray(21))]);
    partitions.push({ partition, batch: await decodeBatch(new Decoder(bytes)) });
  }
  expect(decoder.readAll()).toHaveLength(0);
  return { ...head, topic, partitions };
}

describe("requests to Kafka that we write ourselves", () => {
  test("a key is in the partition that kafkajs' partitioner, as Kafka's own, gives it", () => {
    const partitioner = Partitioners.DefaultPartitioner();
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 50 }), fc.integer({ min: 1, max: 100 }), (key, partitions) => {
        const metadata = Array.from({ length: partitions }, (_, partitionId) => ({ partitionId, leader: 1 }));
        const theirs = partitioner({ topic: "t", partitionMetadata: metadata as never, message: { key, value: "" } });
        expect(partitionOf(key, partitions)).toBe(theirs);
      }),
      { numRuns: 500 },
    );
  });

  test("a checksum is CRC-32C, wherever it begins and however long the bytes are", () => {
    expect(crc32c(Buffer.from("123456789"), 0, 9)).toBe(0xe3069283);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), (bytes, skipped) => {
        const from = Math.min(skipped, bytes.length);
        expect(crc32c(bytes, from, bytes.length)).toBe(kafkajsCrc32c(Buffer.from(bytes.subarray(from))));
      }),
    );
  });

  test("records are read as they were given, whatever their size and their characters", async () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 90 }),
      fc.nat(9_000).map((length) => "é".repeat(length)),
    );
    const records = fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 150 });
    await fc.assert(
      fc.asyncProperty(fc.array(records, { minLength: 1, maxLength: 3 }), async (given) => {
        const batches = given.map((pairs, at) => ({ partition: 3 * at, records: pairs.map(([key, value]) => recordOf(key, value)) }));
        const found = await read(produceBody({ topic: "troupe.events", headers: HEADERS, nowMs: NOW_MS }, batches, 10_000));
        expect(found).toMatchObject({ transactional: null, acks: -1, timeoutMs: 10_000, topic: "troupe.events" });
        expect(found.partitions.map(({ partition }) => partition)).toEqual(batches.map(({ partition }) => partition));
        found.partitions.forEach(({ batch }, at) => {
          const { records: wanted } = batches[at] ?? { records: [] };
          expect(batch).toMatchObject({ firstTimestamp: String(NOW_MS), maxTimestamp: String(NOW_MS), producerId: "-1" });
          expect(batch.lastOffsetDelta).toBe(wanted.length - 1);
          expect(batch.records.map(({ key, value, offset }) => [String(key), String(value), Number(offset)])).toEqual(
            wanted.map(({ key, value }, offset) => [key.toWellFormed(), value.toWellFormed(), offset]),
          );
          for (const { headers } of batch.records)
            expect(Object.entries(headers).map(([name, value]) => [name, String(value)])).toEqual(Object.entries(HEADERS));
        });
      }),
      { numRuns: 30 },
    );
  });
});
