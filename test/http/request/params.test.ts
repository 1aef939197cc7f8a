/** The rule for a trigger's body, and that params reach the nodes with their digits and their order. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { findParams, type ParamsResult, paramsIn } from "../../../src/workflow/definition/params.ts";
import { serveApp } from "../served.ts";

const NESTING = 128;

function readParams(body: string, nesting: number): ParamsResult {
  return paramsIn(body, findParams(body, nesting));
}

describe("a trigger's body", () => {
  const rows: [string, string | null][] = [
    ["", null],
    [" \n", null],
    ["null", null],
    ["{}", null],
    [" { } ", null],
    ['{"params": null}', null],
    ['{"params": {}}', null],
    ['{"params": {}, "beside": 1}', null],
    ['{"params": {"a": 1}}', '{"a": 1}'],
    ['{"beside": {"params": {"x": 1}}, "params" : {"a": "}"} , "more": []}', '{"a": "}"}'],
    ['{"par\\u0061ms": {"a": 1}}', '{"a": 1}'],
    ['{"params": {"first": 1}, "params": {"last": 1}}', '{"last": 1}'],
    ['{"params": null, "a": {"b": 1}}', '{"params": null, "a": {"b": 1}}'],
    ['{"a": {"params": {"x": 1}}}', '{"a": {"params": {"x": 1}}}'],
    ['{"10": 1, "2": 12345678901234567890, "__proto__": {"x": 1e400}}', '{"10": 1, "2": 12345678901234567890, "__proto__": {"x": 1e400}}'],
  ];
  test.each(rows)("%s gives the params %s", (body, params) => {
    expect(readParams(body, NESTING)).toEqual({ ok: true, params });
  });

  test.each(["[]", "5", '"text"', "true", '{"params": []}', '{"params": 5}', '{"params": "text"}', '{"params": false, "a": {}}'])(
    "%s is 422 and starts nothing",
    async (body) => {
      const { send, create } = await serveApp();
      const id = await create([{ id: "a", handler: "noop" }]);
      expect((await send("POST", `/workflows/${id}/trigger`, body)).status).toBe(422);
      expect((await send("GET", `/workflows/${id}`)).json).toMatchObject({ status: "PENDING", triggered_at: null });
    },
  );

  test("under params is cut out of it as it stands, whatever else is there", () => {
    const anything = fc.dictionary(
      fc.string(),
      fc.json().map((text) => JSON.parse(text) as unknown),
    );
    fc.assert(
      fc.property(anything, anything, anything, fc.nat(3), (before, params, after, space) => {
        const wanted = { params: { ...params, one: 1 } };
        const body = JSON.stringify(Object.assign({}, before, wanted, after, wanted), null, space);
        const found = readParams(body, 1_000);
        expect(found.ok && JSON.parse(found.params ?? "null")).toEqual((JSON.parse(body) as { params: unknown }).params);
        expect(found.ok && body.includes(found.params ?? "?")).toBe(true);
      }),
    );
  });
});

describe("params", () => {
  test("reach the input handler, a template and a node's config with all their digits", async () => {
    const { create, run } = await serveApp();
    const id = await create([
      { id: "input", handler: "input" },
      { id: "echo", handler: "input", dependencies: ["input"], config: { value: "{{ params.order }}" } },
      { id: "own", handler: "input", dependencies: ["input"], config: { value: 0 } },
    ]);
    const { text } = await run(
      id,
      '{"params": {"order": 9007199254740993, "z": 18446744073709551615, "10": 1, "2": 2, "own": {"value": 12345678901234567890}}}',
    );
    expect(text).toContain(
      '"input":{"order": 9007199254740993, "z": 18446744073709551615, "10": 1, "2": 2, "own": {"value": 12345678901234567890}}',
    );
  });

  test("that are absent leave the input handler to its own words", async () => {
    const { create, run } = await serveApp();
    for (const body of [undefined, {}, { params: {} }, { params: null }, "null"]) {
      const id = await create([{ id: "a", handler: "input", config: { value: 7 } }]);
      expect((await run(id, body)).json).toMatchObject({ results: { a: { value: 7 } } });
    }
  });

  test("that hold a template are not expanded in what comes out of another template", async () => {
    const { create, run } = await serveApp();
    const id = await create([
      { id: "secret", handler: "input", config: { value: "hidden" } },
      { id: "a", handler: "llm", dependencies: ["secret"], config: { prompt: "Say {{ params.word }}" } },
    ]);
    const { text } = await run(id, { params: { word: "{{ secret.word }}" } });
    expect(text).toContain("Say {{ secret.word }}");
  });

  test("above 64 KiB come through whole", async () => {
    const { create, run } = await serveApp();
    const id = await create([{ id: "a", handler: "input" }]);
    const long = "y".repeat(200_000);
    expect((await run(id, { params: { long } })).json.results).toEqual({ a: { long } });
  });
});
