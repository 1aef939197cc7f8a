/** What crosses a pipe comes out as it went in. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeAttempts, encodeAttempts } from "../../../src/pool/wire/attempt-frame.ts";
import { decodeOutcomes, encodeOutcomes } from "../../../src/pool/wire/outcome-frame.ts";
import { frameAssembler, isAttemptNumbers, isOutcomeNumbers, LONG_TEXT, sendFrame } from "../../../src/pool/wire/protocol.ts";
import type { Outcomes, Work } from "../../../src/pool/wire/work.ts";
import { attemptOf } from "../fixtures/behaviours.ts";

/** Texts around every length at which a frame treats them otherwise, with lone surrogates and characters of all widths. */
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "null", "é", "\ud800", "🎭", "__proto__"),
  fc
    .tuple(fc.constantFrom("a", "é", "🎭"), fc.constantFrom(64, 127, 128, 129, LONG_TEXT - 1, LONG_TEXT, LONG_TEXT + 1))
    .map(([unit, length]) => unit.repeat(length)),
);
const orNull = fc.option(text, { nil: null });
const scopeEntry = fc.record({ id: text, status: text, attempt: fc.nat(), error: orNull, output: orNull });
const attempt = fc.record({
  node: fc.nat(),
  nodeId: text,
  attempt: fc.nat(),
  handler: text,
  config: orNull,
  fromTrigger: fc.array(text, { maxLength: 3 }),
  scope: fc.array(scopeEntry, { maxLength: 3 }),
  parents: fc.array(scopeEntry, { maxLength: 3 }),
  params: orNull,
  runtime: orNull,
  timeoutMs: fc.maxSafeNat(),
  priority: fc.nat(10),
  suspect: fc.boolean(),
  limits: fc.option(fc.record({ outputBytes: fc.integer({ min: 1 }), nesting: fc.integer({ min: 1 }) })),
});
const work = fc.record({ slot: fc.nat(), attempt, execution: fc.record({ id: text, name: text }) });

describe("a frame of attempts", () => {
  test("comes out as it went in", () => {
    fc.assert(
      fc.property(fc.array(work, { minLength: 1, maxLength: 8 }), (works) => {
        expect(decodeAttempts(encodeAttempts(works))).toEqual(works);
      }),
    );
  });

  test("carries what 1,000 attempts have in common once", () => {
    const output = JSON.stringify("x".repeat(871_000));
    const parent = () => ({ id: "parent", status: "COMPLETED", attempt: 1, error: null, output });
    const execution = { id: "e", name: "e" };
    const works = Array.from({ length: 1_000 }, (_, node): Work => {
      return { slot: node, attempt: attemptOf("noop", { node, scope: [parent()], params: output }), execution };
    });
    const { texts } = encodeAttempts(works);
    expect(texts.filter((each) => each.length >= output.length)).toHaveLength(1);
  });
});

test("a frame of outcomes comes out as it went in", () => {
  const outcome = fc.tuple(fc.nat(2 ** 31 - 1), fc.nat(2), text);
  fc.assert(
    fc.property(fc.array(outcome), (list) => {
      const outcomes: Outcomes = {
        slots: list.map(([slot]) => slot),
        kinds: list.map(([, kind]) => kind),
        texts: list.map(([, , each]) => each),
      };
      expect(decodeOutcomes(encodeOutcomes(outcomes))).toEqual(outcomes);
    }),
  );
});

test("frames that come in pieces are put together again, and everything else is left to others", () => {
  const frames: string[] = [];
  const take = frameAssembler(isAttemptNumbers, ({ texts }) => void frames.push(texts.join("|")));
  const works = ["a", "b".repeat(LONG_TEXT)].map(
    (config, slot): Work => ({ slot, attempt: attemptOf("noop", { config }), execution: { id: "e", name: "n" } }),
  );
  for (const each of [works.slice(0, 1), works]) sendFrame(encodeAttempts(each), (piece) => expect(take(piece)).toBe(true));
  expect(take({ type: "ready" })).toBe(false);
  expect(take(new Int32Array([1]))).toBe(false);
  expect(isOutcomeNumbers(new Int32Array([1]))).toBe(true);
  expect(frames.map((frame) => frame.split("|").length)).toEqual([1, 2]);
});
