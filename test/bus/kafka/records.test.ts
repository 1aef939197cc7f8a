/** How records of the stream are written and cut: whatever the cut, a reader finds the same events with the same sequences. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { EventRecord } from "../../../src/bus/event-stream.ts";
import { deadLetterOf, stubOf, toMessages } from "../../../src/bus/kafka/records.ts";
import { Understood } from "../relay/documented-reader.ts";

function record(from: number, events: readonly unknown[]): EventRecord {
  const lines = events.map((event) => JSON.stringify(["e", event]));
  return {
    execution: "x",
    from,
    to: from + events.length - 1,
    epoch: 1,
    events: `[${lines.join(",\n")}]`,
    status: "COMPLETED",
    closed: true,
  };
}

describe("records in Kafka", () => {
  test("however small the pieces, the events are the same, in order, and no piece is too large that could be smaller", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme", maxLength: 60 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 3_000 }),
        (events, bytesMax) => {
          const understood = new Understood();
          for (const { value, bytes, record: piece } of toMessages(record(1, events), bytesMax)) {
            understood.read(value);
            expect(bytes).toBeGreaterThanOrEqual(Buffer.byteLength(value));
            if (bytes > bytesMax && "from" in piece) expect(piece.to).toBe(piece.from);
          }
          expect(understood.histories.get("x")).toEqual(events.map((event) => ["e", event]));
        },
      ),
    );
  });

  test("what fits is one piece, with the execution's state; of several, only the last tells it", () => {
    const whole = record(
      5,
      Array.from({ length: 100 }, (_, at) => "x".repeat(at)),
    );
    const heads = (bytesMax: number) =>
      toMessages(whole, bytesMax)
        .map(({ value }) => JSON.parse(value))
        .map(({ from, to, status, closed }) => ({ from, to, status, closed }));
    expect(heads(100_000)).toEqual([{ from: 5, to: 104, status: "COMPLETED", closed: true }]);
    const pieces = heads(3_000);
    expect(pieces.at(-1)).toMatchObject({ to: 104, status: "COMPLETED", closed: true });
    expect(pieces.slice(0, -1).every(({ status, closed }) => status === null && !closed)).toBe(true);
  });

  test("a text whose lines are not its events is not cut", () => {
    const strange = { ...record(1, ["a", "b"]), events: "[1,2,3]" };
    expect(toMessages(strange, 1)).toHaveLength(1);
  });

  test("an id with quotes and a reason with line breaks make no broken JSON", () => {
    const { value } = stubOf({ ...record(1, [1]), execution: 'a "quoted" id' }, "a\nreason");
    expect(JSON.parse(value)).toMatchObject({ execution: 'a "quoted" id', omitted: "a\nreason" });
  });

  test("a dead letter keeps the head of the text and says how large it was", () => {
    const letter = JSON.parse(deadLetterOf(record(1, ["é".repeat(50_000)]), "too large").value);
    expect(letter).toMatchObject({ execution: "x", from: 1, to: 1, epoch: 1, reason: "too large" });
    expect(letter.head).toHaveLength(16 * 1024);
    expect(letter.bytes).toBeGreaterThan(100_000);
  });
});
