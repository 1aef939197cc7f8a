/** Our partitioner held against kafkajs' own, which does as Kafka's. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Partitioners } from "kafkajs";
import { partitionOf } from "../../../src/bus/kafka/partition.ts";

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
