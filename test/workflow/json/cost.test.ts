/** What a text's values would take: roughly what they do take, so that a definition of ten million objects is refused before. */
import { describe, expect, test } from "bun:test";
import { costOfValues } from "../../../src/workflow/json/cost.ts";
import { check } from "../definition/definitions.ts";

const MIB = 2 ** 20;
const of = (value: string): string => `{"name":"w","dag":{"nodes":[{"id":"a","handler":"noop","config":{"x":[${value}1]}}]}}`;

describe("the cost of a text's values", () => {
  test("is that of objects, lists, strings and places, and of keys only their place", () => {
    expect(costOfValues('{"a":[1,"b\\"]"],"{":{}}')).toBe(64 + 8 + 40 + 8 + (40 + 5) + 8 + 8 + 64);
    expect(costOfValues('"no end')).toBeGreaterThan(40);
  });

  test.each([
    ["one long text", of(`"${"v".repeat(30 * MIB)}",`), true],
    ["numbers", of("1,".repeat(15 * MIB)), true],
    ["points", of('{"x":1,"y":2},'.repeat((30 * MIB) / 14)), true],
    ["words", of('"a word or two",'.repeat((30 * MIB) / 16)), true],
    ["empty objects", of("{},".repeat(10 * MIB)), false],
    ["empty lists", of("[],".repeat(10 * MIB)), false],
  ])("of 30 MiB of %s is too much only where nearly nothing is in each", (_, text, isTaken) => {
    expect(costOfValues(text) <= 256 * MIB).toBe(isTaken);
  });

  test("that is too much is told of a definition before anything is made of it", () => {
    const result = check(of("{},".repeat(5 * MIB)));
    expect(result).toMatchObject({ ok: false, kind: "large", problems: [{ path: "", message: expect.stringContaining("256 MiB") }] });
  });
});
