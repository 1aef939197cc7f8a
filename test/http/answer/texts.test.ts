/** The small texts that answers are made of and requests are read from. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { systemClock } from "../../../src/env/clock.ts";
import { systemTurns } from "../../../src/env/turns.ts";
import { decodeCursor, encodeCursor } from "../../../src/http/routing/cursor.ts";
import { timeText } from "../../../src/http/answer/json-text.ts";
import { bodyOf, joined } from "../../../src/http/answer/long-text.ts";
import { createRoom } from "../../../src/http/routing/room.ts";
import { yamlToJson } from "../../../src/engine/definitions/yaml.ts";
import { scanJson } from "../../../src/workflow/json/scan.ts";

describe("the place where JSON breaks", () => {
  const rows: [string, number, number, string][] = [
    ["", 1, 1, "a value"],
    ['{"a": 1,}', 1, 9, "a key in double quotes"],
    ["{a: 1}", 1, 2, "a key in double quotes"],
    ['{"a" 1}', 1, 6, '":"'],
    ['{"a": 1 "b": 2}', 1, 9, '"," or "}"'],
    ["[1 2]", 1, 4, '"," or "]"'],
    ["[1,\n2,\n]", 3, 1, "a value"],
    ['{"a":\n\n  01}', 3, 3, "a value"],
    ["[1}", 1, 3, '"," or "]"'],
    ["{} x", 1, 4, "the end"],
    ["nul", 1, 1, "a value"],
    ['["ab', 1, 5, "a string that ends, without control characters and with known escapes"],
    ['["a\\x"]', 1, 4, "a string that ends, without control characters and with known escapes"],
    ['["a\tb"]', 1, 4, "a string that ends, without control characters and with known escapes"],
  ];
  test.each(rows)("of %j is line %d, column %d: expected %s", (text, line, column, expected) => {
    expect(scanJson(text, 128)).toEqual({ line, column, expected });
  });

  test("is found exactly where the parser refuses", () => {
    const mutated = fc.tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom("", "{", "}", "[", "]", ",", ":", '"', "\\", "0", "-", "e", ".", " ", "\n", "t"),
      fc.boolean(),
    );
    fc.assert(
      fc.property(mutated, ([json, at, piece, replace]) => {
        const position = at % (json.length + 1);
        const text = json.slice(0, position) + piece + json.slice(position + (replace ? 1 : 0));
        let parses = true;
        try {
          JSON.parse(text);
        } catch {
          parses = false;
        }
        expect([text, scanJson(text, 1_000) === null]).toEqual([text, parses]);
      }),
      { numRuns: 2_000 },
    );
  });
});

test("times are ISO 8601, whatever the order they come in", () => {
  expect(timeText(null)).toBe("null");
  const time = fc.integer({ min: 0, max: 4_102_444_800_000 });
  fc.assert(
    fc.property(time, fc.nat(2_000), (atMs, later) => {
      for (const ms of [atMs, atMs + later, atMs]) expect(timeText(ms)).toBe(JSON.stringify(new Date(ms)));
    }),
  );
});

test("cursors come back as they went out, and nothing else is one", () => {
  fc.assert(
    fc.property(fc.nat(4_102_444_800_000), fc.uuid(), (createdAtMs, id) => {
      expect(decodeCursor(encodeCursor({ createdAtMs, id }))).toEqual({ createdAtMs, id });
    }),
  );
  for (const text of [
    "",
    "abc",
    "!",
    "MTIz",
    Buffer.from("x y").toString("base64url"),
    Buffer.from("1 a b").toString("base64url"),
    "A".repeat(10_000),
  ]) {
    expect(decodeCursor(text)).toBeNull();
  }
});

describe("a long text", () => {
  const parts = () => ({
    turns: systemTurns,
    room: createRoom({ bodiesBytes: 1, answersAtOnce: 2 }, { clock: systemClock, collect: () => Promise.resolve() }),
  });
  async function* pieces(count: number, piece: string, made: { count: number }) {
    for (; made.count < count; made.count++) yield piece;
  }

  test("is a string while it is short, and a stream that is made as it is read from there on", async () => {
    expect(await bodyOf(pieces(3, "ab", { count: 0 }), parts())).toBe("ababab");
    const made = { count: 0 };
    const megabyte = "x".repeat(1024 * 1024);
    const body = await bodyOf(pieces(20, megabyte, made), parts());
    expect(body).toBeInstanceOf(ReadableStream);
    expect(made.count).toBeLessThan(10);
    expect((await new Response(body).text()).length).toBe(20 * megabyte.length);
  });

  test("is not made any further for a reader that has gone", async () => {
    const made = { count: 0 };
    const body = await bodyOf(pieces(1_000, "x".repeat(1024 * 1024), made), parts());
    if (typeof body === "string") throw new Error("It should have been a stream.");
    const reader = body.getReader();
    await reader.read();
    await reader.cancel();
    const until = made.count;
    await new Promise<void>((resolve) => systemTurns.run(resolve));
    expect([made.count, until < 20]).toEqual([until, true]);
  });

  test("has commas between its members and nowhere else, however they are cut into pieces", () => {
    const items = Array.from({ length: 5_000 }, (_, position) => position);
    const odd = [...joined(items, (item) => (item % 2 === 1 ? `"${"x".repeat(100)}${item}"` : null))];
    expect(odd.length).toBeGreaterThan(3);
    expect((JSON.parse(`[${odd.join("")}]`) as string[]).length).toBe(2_500);
    expect([...joined([1, 2], String, true)].join("")).toBe(",1,2");
    expect([...joined([1, 2], () => null)]).toEqual([]);
  });
});

describe("YAML", () => {
  const text = (yaml: string) => {
    const result = yamlToJson(yaml, 128);
    return result.ok ? result.text : result.reason;
  };

  test("keeps digits, the order of keys, and names that objects have anyway", () => {
    const yaml = "10: x\n2: 12345678901234567890\n__proto__: {constructor: 0x10}\nlist:\n  - ~\n  - true\n  - 1.5\n  - 2020-01-01\n";
    expect(text(yaml)).toBe('{"10":"x","2":12345678901234567890,"__proto__":{"constructor":16},"list":[null,true,1.5,"2020-01-01"]}');
  });

  test("that is empty is no body; aliases stand for what they name", () => {
    expect([text(""), text("# nothing\n"), text("null")]).toEqual(["", "", "null"]);
    expect(text("a: &x {k: [1]}\nb: *x\n")).toBe('{"a":{"k":[1]},"b":{"k":[1]}}');
  });

  const refused: [string, string, RegExp][] = [
    ["that is broken, with the place", "a: [1, 2\nb: 3", /\(line \d+, column \d+\)$/],
    ["of two documents", "---\na: 1\n---\nb: 2\n", /more than one document/],
    ["with a key twice", "a: 1\na: 2\n", /"a" is there twice/],
    ["with a key that is no word", "? [a]\n: b\n", /key is not a string/],
    ["with a number that JSON has not", "a: .inf\n", /Infinity is no JSON number/],
    ["with an alias of nothing", "a: *x\n", /alias \*x has no anchor/],
    ["with an alias of itself", "a: &x [*x]\n", /nested too deep/],
    ["of 100,000 levels in a row", "[".repeat(100_000), /nested too deep/],
    ["of 100,000 levels without brackets", "- ".repeat(100_000), /nested too deep/],
    ["of 200 levels by indentation", Array.from({ length: 200 }, (_, level) => `${" ".repeat(level)}k:`).join("\n"), /nested too deep/],
    ["that is a bomb of aliases", bomb(), /aliases make it too large/],
  ];
  test.each(refused)("%s is refused", (_, yaml, expected) => {
    expect(text(yaml)).toMatch(expected);
  });
});

/** Each line holds the one before ten times. */
function bomb(): string {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 20; level++)
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(", ")}]`,
    );
  return lines.join("\n");
}
