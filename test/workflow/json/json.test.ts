/** What JSON may not do to us: lose digits, lose keys, or block on depth. */
import { describe, expect, test } from "bun:test";
import { isLonger, isObject, jsonText, parseJson, parseTrusted, setOwn, stringifyJson } from "../../../src/workflow/json/json.ts";

const limits = { nesting: 128, bytesMax: 1_000 };
const wide = { nesting: 128, bytesMax: 32 * 1024 * 1024 };

describe("parsing", () => {
  test("integers beyond 2^53 keep their digits, and only they become BigInt", () => {
    const parsed = parseTrusted('{"a":9007199254740993,"b":-12345678901234567890,"c":1234567890123456,"d":1.2345678901234567,"e":1e20}');
    expect(parsed).toEqual({ a: 9007199254740993n, b: -12345678901234567890n, c: 1234567890123456, d: 1.2345678901234567, e: 1e20 });
    expect(parseTrusted('{"card":"1234567890123456"}')).toEqual({ card: "1234567890123456" });
  });

  test("a text that is nested too deep is refused before it is parsed", () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    expect(parseJson(deep, 128)).toEqual({ ok: false, reason: "nested deeper than 128 levels", fault: null });
    expect(parseJson(`${'{"a":'.repeat(129)}1${"}".repeat(129)}`, 128).ok).toBe(false);
    expect(parseJson(`${'{"a":'.repeat(128)}1${"}".repeat(128)}`, 128).ok).toBe(true);
  });

  test("brackets inside strings are no nesting", () => {
    expect(parseJson(JSON.stringify({ a: '[[[["\\[[[[{{{{' }), 2)).toEqual({ ok: true, value: { a: '[[[["\\[[[[{{{{' } });
  });

  test("broken JSON is an answer with a reason", () => {
    for (const text of ["", "{", '{"a":tru}', "[1,]", "nope", '"open']) {
      const parsed = parseJson(text, 128);
      expect(parsed.ok ? "" : parsed.reason).toStartWith("not JSON: ");
    }
  });

  test("names such as __proto__ and constructor are own properties, with and without long digits", () => {
    for (const text of ['{"__proto__":{"x":1},"constructor":2}', '{"__proto__":{"x":12345678901234567890},"constructor":2}']) {
      const value = parseTrusted(text) as Record<string, unknown>;
      expect(Object.keys(value)).toEqual(["__proto__", "constructor"]);
      expect(jsonText(value)).toBe(text);
    }
  });
});

describe("writing", () => {
  test("BigInt is written as digits, wherever it stands", () => {
    const text = '{"a":[9007199254740993],"b":{"c":-12345678901234567890}}';
    expect(jsonText(parseTrusted(text))).toBe(text);
    expect(jsonText(12345678901234567890n)).toBe("12345678901234567890");
    expect(stringifyJson({ a: 12345678901234567890n }, limits, "output")).toEqual({ ok: true, text: '{"a":12345678901234567890}' });
  });

  test("what JSON.stringify does with ordinary values is kept", () => {
    const value = { a: undefined, b: Number.NaN, c: [undefined, null], d: new Date(0), e: "ü😀", f: true, g: { toJSON: () => [1] } };
    expect(stringifyJson(value, limits, "output")).toEqual({ ok: true, text: JSON.stringify(value) });
    for (const plain of ["text", 1, false, [], {}])
      expect(stringifyJson(plain, limits, "output")).toEqual({ ok: true, text: JSON.stringify(plain) });
    expect(stringifyJson(undefined, limits, "output")).toEqual({ ok: true, text: "null" });
    expect(stringifyJson({ toJSON: () => undefined }, limits, "output")).toEqual({ ok: true, text: "null" });
  });

  test("a toJSON that answers itself is asked once", () => {
    const value = {
      a: 1,
      toJSON(): unknown {
        return this;
      },
    };
    expect(stringifyJson(value, limits, "output")).toEqual({ ok: true, text: '{"a":1}' });
  });

  test("a function or a symbol is refused with the place where it stands", () => {
    expect(stringifyJson({ items: [{ run: () => 1 }] }, limits, "output")).toEqual({
      ok: false,
      reason: "output.items.0.run is a function, which is not JSON",
    });
    expect(stringifyJson(Symbol("x"), limits, "output")).toEqual({ ok: false, reason: "output is a symbol, which is not JSON" });
  });

  test("a value that refers to itself, or is too deep, is refused at once", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = { cycle, again: cycle };
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    for (const value of [cycle, deep, { toJSON: () => cycle }]) {
      const result = stringifyJson(value, wide, "output");
      expect(result.ok ? "" : result.reason).toBe("output is nested deeper than 128 levels, or refers to itself");
    }
  });

  test("a value that refers to the same parts again and again ends at the size limit", () => {
    let value: unknown = "x";
    for (let level = 0; level < 60; level++) value = { left: value, right: value };
    expect(stringifyJson(value, limits, "output")).toEqual({ ok: false, reason: "output is larger than the limit of 1000 bytes" });
  });

  test("the size limit counts bytes, not characters", () => {
    expect(stringifyJson("a".repeat(998), limits, "output").ok).toBe(true);
    expect(stringifyJson("a".repeat(999), limits, "output").ok).toBe(false);
    expect(stringifyJson("ü".repeat(499), limits, "output").ok).toBe(true);
    expect(stringifyJson("ü".repeat(500), limits, "output").ok).toBe(false);
    expect(stringifyJson("\u0001".repeat(200), limits, "output").ok).toBe(false);
    expect(isLonger("😀".repeat(2), 8)).toBe(false);
    expect(isLonger("😀".repeat(2), 7)).toBe(true);
  });
});

test("setOwn sets __proto__ as a property and not as the prototype", () => {
  const object: Record<string, unknown> = {};
  setOwn(object, "__proto__", { a: 1 });
  setOwn(object, "b", 2);
  expect(JSON.stringify(object)).toBe('{"__proto__":{"a":1},"b":2}');
  expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
});

test("only {…} is an object", () => {
  expect([isObject({}), isObject([]), isObject(null), isObject("x"), isObject(undefined)]).toEqual([true, false, false, false, false]);
});
