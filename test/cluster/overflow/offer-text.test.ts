/** An attempt as it is offered: nothing of it is lost on the way. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  isLargeOffer,
  offerLength,
  packLargeOffer,
  packOffer,
  unpackLargeOffer,
  unpackOffer,
} from "../../../src/cluster/overflow/offer-text.ts";
import { systemClock } from "../../../src/env/clock.ts";
import { UnknownForm } from "../../../src/workflow/execution/level.ts";
import { createDefinitionChecker } from "../../../src/engine/definitions/checker.ts";
import type { Attempt, ScopeEntry } from "../../../src/pool/pool.ts";
import { DEFAULTS, LIMITS as SIM_LIMITS } from "../../sim/instance.ts";
import { attemptOf } from "../../pool/fixtures/behaviours.ts";

const LIMITS = { outputBytes: 1_000, nesting: 8 };
const text = fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.constantFrom("\ud800", '"\\', "{{ a.b }}", "__proto__", "\u2028"));
const orNull = fc.option(text);
const entry: fc.Arbitrary<ScopeEntry> = fc.record({ id: text, status: text, attempt: fc.nat(9), error: orNull, output: orNull });
const attempt: fc.Arbitrary<Attempt> = fc
  .record({
    node: fc.nat(100_000),
    nodeId: text,
    attempt: fc.integer({ min: 1, max: 1_000 }),
    handler: text,
    config: orNull,
    fromTrigger: fc.array(text, { maxLength: 3 }),
    scope: fc.array(entry, { maxLength: 4 }),
    others: fc.array(entry, { maxLength: 2 }),
    params: orNull,
    runtime: orNull,
    timeoutMs: fc.integer({ min: 1, max: 2_592_000_000 }),
    priority: fc.nat(10),
    suspect: fc.boolean(),
    limits: fc.constant(LIMITS),
  })
  .chain(({ others, ...rest }) => fc.shuffledSubarray([...rest.scope, ...others]).map((parents) => ({ ...rest, parents })));

test("an attempt comes out as it went in, whatever its texts hold", () => {
  fc.assert(
    fc.property(attempt, text, (given, name) => {
      const spilled = { execution: { id: "e-1", name }, attempt: given };
      expect(unpackOffer("e-1", packOffer(spilled, LIMITS))).toEqual(spilled);
    }),
  );
});

test("an offer of an older instance, which says no version, is read; one of a newer build is not run as something else", () => {
  const spilled = { execution: { id: "e", name: "e" }, attempt: attemptOf("noop", { limits: LIMITS }) };
  const columns = JSON.parse(packOffer(spilled, LIMITS)) as unknown[];
  expect(columns.at(-1)).toBe(1);
  expect(unpackOffer("e", JSON.stringify(columns.slice(0, -1)))).toEqual(spilled);
  for (const newer of [
    [...columns.slice(0, -1), 2],
    [...columns.slice(0, -1), 2, { more: 1 }],
  ]) {
    expect(() => unpackOffer("e", JSON.stringify(newer))).toThrow(UnknownForm);
  }
});

test("a large one has the same text, which is made and read elsewhere", async () => {
  const long = JSON.stringify({ a: ['x\\"é'.repeat(400_000), '{"textApart":0}'] });
  const parent = { id: "p", status: "COMPLETED", attempt: 1, error: null, output: long };
  const given = attemptOf("noop", { params: long, config: '{"textApart":1}', limits: LIMITS, scope: [parent], parents: [parent] });
  const spilled = { execution: { id: "e", name: "e" }, attempt: given };
  expect(isLargeOffer(offerLength(spilled))).toBe(true);
  const checker = createDefinitionChecker({
    definitions: { limits: SIM_LIMITS, defaults: DEFAULTS },
    catalog: () => new Map(),
    clock: systemClock,
  });
  const packed = await packLargeOffer(spilled, LIMITS, checker);
  expect(packed === packOffer(spilled, LIMITS)).toBe(true);
  const unpacked = await unpackLargeOffer("e", packed, checker);
  expect(unpacked).toEqual(spilled);
  expect(unpacked.attempt.parents[0]).toBe(unpacked.attempt.scope[0] as ScopeEntry);
  checker.close();
});

test("what is a parent and in the scope stands in the text once, and is one object again", () => {
  const parent = { id: "p", status: "COMPLETED", attempt: 1, error: null, output: JSON.stringify("x".repeat(100_000)) };
  const spilled = { execution: { id: "e", name: "e" }, attempt: attemptOf("noop", { limits: LIMITS, scope: [parent], parents: [parent] }) };
  const packed = packOffer(spilled, LIMITS);
  expect(packed.length).toBeLessThan(101_000);
  const unpacked = unpackOffer("e", packed).attempt;
  expect(unpacked.parents[0]).toBe(unpacked.scope[0] as ScopeEntry);
});

test("its length is known before it is packed, or overestimated", () => {
  const large = JSON.stringify("x".repeat(50_000));
  const parent = { id: "p", status: "COMPLETED", attempt: 1, error: null, output: large };
  for (const changes of [{ config: large }, { params: large }, { runtime: large }, { scope: [parent] }, { parents: [parent] }]) {
    const spilled = { execution: { id: "e", name: "e" }, attempt: attemptOf("noop", { ...changes, limits: LIMITS }) };
    expect(offerLength(spilled)).toBeGreaterThanOrEqual(packOffer(spilled, LIMITS).length);
  }
});

test("what an older instance packed, without the word whether it is a suspect and the owner's limits, is none, and has the limits of who runs it", () => {
  const spilled = { execution: { id: "e", name: "e" }, attempt: attemptOf("noop") };
  const columns = JSON.parse(packOffer(spilled, LIMITS)) as unknown[];
  expect(unpackOffer("e", JSON.stringify(columns.slice(0, -2)))).toEqual(spilled);
});

test("a text that is none of ours is refused", () => {
  for (const body of ["", "{}", "[1]", "null"]) expect(() => unpackOffer("e", body)).toThrow();
});
