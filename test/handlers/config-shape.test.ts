/** What is told of a handler's schema: enough to find what can only fail, and nothing that the schema would take. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import * as v from "valibot";
import { configShapeOf } from "../../src/handlers/config-shape-of.ts";
import type { HandlerSettings } from "../../src/handlers/settings.ts";
import { checkConfig } from "../../src/workflow/definition/config-shape.ts";
import { loadFrom } from "./attempts.ts";

function faults(schema: v.GenericSchema, value: unknown, isOurs = false): readonly string[] {
  const found: string[] = [];
  // As it crosses from a thread.
  const shape = structuredClone(configShapeOf(schema, isOurs));
  checkConfig(value, shape, "config", (path, message) => found.push(`${path}: ${message}`));
  return found;
}

const card = v.object({
  number: v.pipe(v.string(), v.minLength(4), v.maxLength(8)),
  cents: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)),
  currency: v.optional(v.picklist(["EUR", "USD"])),
  note: v.nullish(v.string()),
  tags: v.optional(v.pipe(v.array(v.string()), v.maxLength(1))),
  test: v.optional(v.boolean()),
});

describe("a config that stands in a definition", () => {
  test("is told each literal that can only be refused, by kind and never by value", () => {
    expect(faults(card, { number: "hunter2-hunter2", cents: 0.5, currency: "hunter2", note: 7, tags: ["a", 5], test: "yes" })).toEqual([
      "config.number: Expected a length of at most 8.",
      "config.cents: Expected a whole number.",
      "config.cents: Expected at least 1.",
      'config.currency: Expected "EUR" or "USD", got a string of 7 characters.',
      "config.note: Expected a string, got a number.",
      "config.tags: Expected a length of at most 1.",
      "config.tags.1: Expected a string, got a number.",
      "config.test: Expected true or false, got a string of 3 characters.",
    ]);
    expect(faults(card, {})).toEqual(["config.number: Required, but missing.", "config.cents: Required, but missing."]);
    expect(faults(card, { number: "1234", cents: 12345678901234567890n })).toEqual([
      "config.cents: Expected a number, got an integer of 20 characters.",
    ]);
  });

  test("may have a template wherever a value stands", () => {
    expect(faults(card, { number: "{{ a.b }}", cents: "{{ params.cents }}", currency: "{{ c.d }}", tags: "{{ x.y }}" })).toEqual([]);
    expect(faults(card, { number: "1234", cents: 5, tags: ["{{ a.b }}"], note: null })).toEqual([]);
  });

  test("is told of fields beside the known ones where they are refused, or where a handler of ours ignores them", () => {
    const given = { number: "1234", cents: 5, Cents: 6 };
    expect(faults(card, given)).toEqual([]);
    expect(faults(card, given, true)).toEqual(['config.Cents: The field "Cents" is not known to this handler, which ignores it.']);
    expect(faults(v.strictObject(card.entries), given)).toEqual(['config.Cents: The field "Cents" is not taken by this handler.']);
    expect(faults(v.looseObject(card.entries), given, true)).toEqual([]);
  });

  test("is taken where nobody here can tell", () => {
    const open = v.object({
      a: v.custom(() => false),
      b: v.lazy(() => v.never()),
      c: v.pipe(v.string(), v.transform(Number), v.minValue(5)),
      d: v.fallback(v.number(), 1),
      e: v.pipe(v.string(), v.regex(/^(a+)+$/)),
      f: v.pipe(
        v.string(),
        v.check(() => false),
      ),
    });
    expect(faults(open, { a: 1, b: 2, c: "1", d: "x", e: `${"a".repeat(50)}!`, f: "" })).toEqual([]);
  });
});

describe("of Troupe's own handlers", () => {
  async function told(handler: string, config: object, changed: Partial<HandlerSettings> = {}): Promise<readonly string[]> {
    const loaded = await loadFrom(undefined, changed);
    if (!loaded.ok) throw new Error(loaded.faults.join(" "));
    const found: string[] = [];
    const info = loaded.registry.infos.find(({ names }) => names.includes(handler));
    if (info?.config !== undefined) checkConfig(config, info.config, "config", (path, message) => found.push(`${path}: ${message}`));
    return found;
  }

  test("those that are live know their fields, methods and headers", async () => {
    const live = { externalServices: "live", llm: { baseUrl: "http://llm.test", apiKey: null, model: "m" } } as const;
    const call = { ulr: "http://a", method: "POTS", headers: { Host: "internal", "X-A": 1, "X-B": "{{ params.b }}" }, body: [1] };
    expect(await told("external_api", call, live)).toEqual([
      "config.url: Required, but missing.",
      "config.method: Expected one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS.",
      expect.stringMatching(/^config\.headers\.Host: Expected the name of a header, and none that belongs to the connection/),
      "config.headers.X-A: Expected a string, got a number.",
      'config.ulr: The field "ulr" is not known to this handler, which ignores it.',
    ]);
    expect(await told("external_api", { url: "http://{{ params.host }}/", method: "patch", json: null }, live)).toEqual([]);
    expect(await told("llm", { prompt: { a: 1 }, temprature: 1, max_tokens: 0 }, live)).toEqual([
      "config.max_tokens: Expected at least 1.",
      'config.temprature: The field "temprature" is not known to this handler, which ignores it.',
    ]);
  });

  test("those that are made up take anything but a wrong method, and the plain ones anything", async () => {
    expect(await told("external_api", { anything: 1, method: "GETT" })).toHaveLength(1);
    expect(await told("external_api", { anything: 1, method: "{{ params.method }}" })).toEqual([]);
    for (const handler of ["llm", "noop", "input", "output"]) expect(await told(handler, { anything: { goes: [1] } })).toEqual([]);
  });
});

const schemas: readonly v.GenericSchema[] = [
  card,
  v.strictObject({ a: v.nullable(v.number()), b: v.exactOptional(v.literal("x")) }),
  v.variant("kind", [v.object({ kind: v.literal("a"), n: v.number() }), v.looseObject({ kind: v.literal("b") })]),
  v.intersect([v.object({ a: v.string() }), v.object({ b: v.optional(v.union([v.number(), v.boolean()]), 1) })]),
  v.record(v.picklist(["a", "b"]), v.array(v.pipe(v.string(), v.nonEmpty()))),
  v.object({ a: v.undefinedable(v.null()), b: v.unknown(), c: v.pipe(v.string(), v.trim(), v.minLength(2)) }),
];
const leaf = fc.oneof(
  fc.constantFrom("", "a", "b", "x", "1234", "EUR", " a "),
  fc.integer({ min: -2, max: 200 }),
  fc.boolean(),
  fc.constant(null),
);
const json = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small" }, leaf, fc.array(tie("value"), { maxLength: 3 }), tie("object")),
  object: fc.dictionary(fc.constantFrom("a", "b", "c", "n", "kind", "number", "cents", "currency", "note", "tags"), tie("value"), {
    maxKeys: 6,
  }),
}));

test("what the shape refuses the schema refuses, whatever it is", () => {
  fc.assert(
    fc.property(fc.constantFrom(...schemas), json.object, (schema, value) => {
      if (faults(schema, value).length > 0) expect(v.safeParse(schema, value).success).toBe(false);
    }),
    { numRuns: 3_000 },
  );
});
