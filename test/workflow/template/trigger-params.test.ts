/** What params mean for single nodes: read without making values, and the same as a parser would say. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type TriggerParams, readTriggerParams } from "../../../src/workflow/template/trigger-params.ts";
import type { Plan } from "../../../src/workflow/plan/plan.ts";
import { planOf } from "../plan/plans.ts";

const WIDE = { characters: 1_000_000, steps: 1_000 };

const plan: Plan = planOf([
  { id: "a" },
  { id: "b", after: ["a"], config: '{"url":"http://x","n":1}' },
  { id: "__proto__", after: ["a", "b"] },
]);

function given(params: string, overrides: Plan["overrides"] = "all"): TriggerParams {
  const found = readTriggerParams({ ...plan, overrides }, params, WIDE);
  if (typeof found === "string") throw new Error(found);
  return found;
}

describe("what a trigger gave", () => {
  test("is put over the config of a node that allows it, and of no other", () => {
    const params = '{"b": {"n": 12345678901234567890, "m": [1, 2]}, "a": {"x": 1}, "free": {}}';
    const all = given(params).ofNode;
    expect([...all.keys()]).toEqual([1, 0]);
    expect(all.get(1)).toMatchObject({
      config: '{"url":"http://x","n":12345678901234567890,"m":[1, 2]}',
      keys: ["n", "m"],
      runtime: '{"n": 12345678901234567890, "m": [1, 2]}',
    });
    expect([...given(params, [0]).ofNode.keys()]).toEqual([0]);
    expect(given(params, []).ofNode.size).toBe(0);
  });

  test("is an object under the id, and the last one that is there", () => {
    expect(given('{"a": 1, "b": [{}], "__proto__": {"x": 1}}').ofNode.get(2)?.config).toBe('{"x":1}');
    expect(given('{"a": {"x": 1}, "a": 5}').ofNode.size).toBe(0);
    expect(given('{"a": {"x": 1}, "\\u0061": {"x": 2}}').ofNode.get(0)?.runtime).toBe('{"x": 2}');
  });

  test("names ancestors as the definition does, also where its characters are escaped", () => {
    const named = given('{"b": {"x": "\\u007b{ a.y }} {{ params.z }}", "y": "{{ __proto__.y }}"}}').ofNode.get(1)?.named;
    expect(named).toEqual({ ancestors: [0], words: 1 });
  });

  test("is not looked at beyond the limits", () => {
    const params = JSON.stringify({ b: { x: "y".repeat(100) } });
    expect(readTriggerParams(plan, params, { ...WIDE, characters: 50 })).toBe("too long");
    expect(readTriggerParams({ ...plan, overrides: [] }, params, { ...WIDE, characters: 50 })).toMatchObject({ params });
    expect(readTriggerParams({ ...plan, configs: [null, `{"x":"${"y".repeat(200)}"}`, null] }, params, { ...WIDE, characters: 200 })).toBe(
      "too long",
    );
    const far = planOf([{ id: "a" }, { id: "o" }, { id: "b", after: ["a"] }, { id: "c", after: ["o", "b"] }, { id: "d", after: ["c"] }]);
    const naming = '{"d": {"x": "{{ o.y }}"}}';
    expect(readTriggerParams(far, naming, { ...WIDE, steps: 0 })).toBe("too many names");
    expect(readTriggerParams(far, naming, WIDE)).toMatchObject({ ofNode: new Map([[4, { named: { ancestors: [1] } }]]) });
  });

  test("is what a parser finds, and merged as by a parser", () => {
    const value = fc.oneof(
      fc.json().map((text) => JSON.parse(text) as unknown),
      fc.dictionary(fc.constantFrom("url", "n", "x\n", "é"), fc.integer()),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__"), value), fc.nat(3), (members, space) => {
        const text = JSON.stringify(members, null, space);
        const expected = new Map(
          Object.entries(JSON.parse(text) as Record<string, unknown>).flatMap(([key, its]) => {
            const node = plan.index.get(key);
            if (node === undefined || typeof its !== "object" || its === null || Array.isArray(its)) return [];
            const config = JSON.parse(plan.configs[node] ?? "{}") as object;
            return [[node, { ...config, ...its }]] as const;
          }),
        );
        const found = new Map([...given(text).ofNode].map(([node, { config }]) => [node, JSON.parse(config) as object]));
        expect(found).toEqual(expected);
      }),
    );
  });
});
