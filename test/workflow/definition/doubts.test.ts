/** What is accepted with a warning, and refused where the definition is strict. */
import { describe, expect, test } from "bun:test";
import type { Catalog } from "../../../src/workflow/definition/catalog.ts";
import type { ConfigShape } from "../../../src/workflow/definition/config-shape.ts";
import { refusal, usual, warnings, workflow } from "./definitions.ts";

const shape: ConfigShape = {
  type: "object",
  fields: [
    { name: "url", required: true, shape: { type: "string" } },
    { name: "retries", required: false, shape: { type: "number", integer: true } },
  ],
  others: "ignored",
};
const catalog: Catalog = new Map([...usual.catalog, ["call", { name: "call", names: ["call"], needs: [], config: shape }]]);
const options = { catalog };

describe("a config that its handler can only refuse", () => {
  const nodes = [
    { id: "a", handler: "call", config: { url: "http://a", retries: "{{ params.n }}" } },
    { id: "b", handler: "call", config: { ulr: "http://b", retries: "many" } },
    { id: "c", handler: "call" },
    { id: "d", handler: "noop", config: { anything: [1] } },
  ];
  const told = [
    "dag.nodes.1.config.url: Required, but missing.",
    "dag.nodes.1.config.retries: Expected a number, got a string of 4 characters.",
    'dag.nodes.1.config.ulr: The field "ulr" is not known to this handler, which ignores it.',
    "dag.nodes.2.config.url: Required, but missing.",
  ];

  test("is warned of, at each place", () => {
    expect(warnings(workflow(nodes), options)).toEqual(told);
  });

  test("lacks nothing that a trigger may bring", () => {
    expect(warnings(workflow(nodes, { overrides: ["c"] }), options)).toEqual(told.slice(0, 3));
    expect(warnings(workflow(nodes), { ...options, form: "overridable" })).toEqual(told.slice(1, 3));
  });

  test("is refused where the workflow is strict", () => {
    expect(refusal(workflow(nodes, { strict: true }), options)).toEqual(["structure", ...told]);
  });
});

describe("a field", () => {
  test("that nobody knows is refused where the workflow is strict, wherever it stands", () => {
    const text = JSON.stringify({
      name: "t",
      strict: true,
      owner: "me",
      dag: { edges: [], nodes: [{ id: "a", handler: "noop", label: "A", retry: { tries: 3 } }] },
    });
    expect(refusal(text)).toEqual([
      "structure",
      'owner: The field "owner" is not known.',
      'dag.edges: The field "edges" is not known.',
      'dag.nodes.0.label: The field "label" is not known.',
      'dag.nodes.0.retry.tries: The field "tries" is not known.',
    ]);
  });

  test("that is kept and not followed yet is warned of, strict or not, unless it says nothing", () => {
    const told = ["version: `version` is kept, but nothing follows it yet.", "params: `params` is kept, but nothing follows it yet."];
    expect(warnings(workflow([{ id: "a" }], { version: 2, params: { n: 1 } }))).toEqual(told);
    expect(warnings(workflow([{ id: "a" }], { strict: true, version: 2, params: { n: 1 } }))).toEqual(told);
    expect(warnings(workflow([{ id: "a" }], { version: null, params: {} }))).toEqual([]);
  });
});
