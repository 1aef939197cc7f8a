/** What a definition's templates name is found when it comes, within a budget, and stored with it. */
import { describe, expect, test } from "bun:test";
import { compileStored, parseDefinition } from "../../../src/workflow/definition/definition.ts";
import type { Plan } from "../../../src/workflow/plan/plan.ts";
import { findReferences, namedOf, WORD } from "../../../src/workflow/template/references.ts";
import { check, planOf, refusal, usual, workflow } from "../definition/definitions.ts";

/** The ids that a node's config names. */
function namedIn(plan: Plan, id: string): readonly string[] {
  if (plan.references === "unresolved") throw new Error("It is not known yet.");
  return namedOf(plan.references, plan.index.get(id) ?? -1).ancestors.map((node) => plan.ids[node] ?? "?");
}

const chain = workflow([
  { id: "a" },
  { id: "b", dependencies: ["a"], config: { x: "{{ a.y }} {{ c.y }} {{ beside.y }} {{ params.z }}" } },
  { id: "c", dependencies: ["b"], config: { x: ["{{ nodes.a.y }}", '{{ nodes["b"].y }}', "{{ runtime.k }}"] } },
  { id: "beside", config: { x: "no template" } },
]);

/** Layers, each node on all of the layer before, and one last node whose config names `names` other roots. */
function layered(layers: number, wide: number, names: number): string {
  const id = (layer: number, at: number): string => `n${layer}-${at}`;
  const nodes = Array.from({ length: layers * wide }, (_, node) => {
    const layer = Math.floor(node / wide);
    return {
      id: id(layer, node % wide),
      dependencies: layer === 0 ? [] : Array.from({ length: wide }, (__, at) => id(layer - 1, at)),
    };
  });
  const others = Array.from({ length: names }, (_, at) => ({ id: `x${at}`, dependencies: [] }));
  const config = { text: others.map((other) => `{{ ${other.id}.y }}`).join("") };
  return workflow([...nodes, ...others, { id: "last", dependencies: [id(layers - 1, 0)], config }]);
}
const wideLimits = { limits: { nodes: 100_000, edges: 1_000_000, nesting: 128 } };

describe("what templates name", () => {
  test("is the ancestors among their names, and the words", () => {
    const plan = planOf(chain);
    expect(["a", "b", "c", "beside"].map((id) => namedIn(plan, id))).toEqual([[], ["a"], ["a", "b"], []]);
    expect([...((plan.references as { words: Uint8Array }).words ?? [])]).toEqual([0, WORD.params, WORD.runtime, 0]);
  });

  test("is stored with the definition, and costs one without templates nothing", () => {
    const result = check(chain);
    if (!result.ok) throw new Error("It is right.");
    expect(result.text).toContain('"references":');
    expect(compileStored(result.text)).toEqual(result.plan);
    const plain = check(workflow([{ id: "a" }, { id: "b", dependencies: ["a"], config: { x: "none" } }]));
    if (!plain.ok) throw new Error("It is right.");
    expect(plain.text).not.toContain("references");
    expect(plain.plan.references).toBeNull();
  });

  test("is not known of a definition that was stored without it, and is found then", () => {
    const result = check(chain);
    if (!result.ok) throw new Error("It is right.");
    const { references, ...older } = JSON.parse(result.text) as { references: unknown };
    const plan = compileStored(JSON.stringify(older));
    expect([references === undefined, plan.references]).toEqual([false, "unresolved"]);
    expect<unknown>(findReferences(plan, 1_000)).toEqual(result.plan.references);
  });

  test("takes one walk where a node names 5,000 that are no ancestors", () => {
    const text = layered(40, 50, 5_000);
    // 97,501 edges and 7,001 nodes: one walk, where each name had one of its own before.
    const result = parseDefinition(text, { ...usual, ...wideLimits }, { stepsMax: 110_000 });
    expect(result.ok && result.warnings.length).toBe(51);
  });

  test("is refused where it would take more steps than it may, with what to do", () => {
    const text = layered(10, 10, 200);
    const result = parseDefinition(text, { ...usual, ...wideLimits }, { stepsMax: 100 });
    expect(result).toMatchObject({ ok: false, kind: "structure", exhausted: true });
    expect(result.ok ? "" : result.problems[0]?.message).toContain("too many names to follow");
    expect(parseDefinition(text, { ...usual, ...wideLimits }).ok).toBe(true);
  });
});

describe("a text in a config", () => {
  test("may have paths of 64 parts of 128 characters, and no more", () => {
    const most = `{{ params${`.${"k".repeat(128)}`.repeat(63)} }}`;
    expect(check(workflow([{ id: "a", config: { x: most } }])).ok).toBe(true);
    expect(refusal(workflow([{ id: "a", config: { x: `{{ params${".k".repeat(64)} }}` } }]))).toEqual([
      "structure",
      expect.stringContaining("dag.nodes.0.config.x: {{ params.k.k"),
    ]);
    expect(refusal(workflow([{ id: "a", config: { x: `{{ params.${"k".repeat(129)} }}` } }]))[1]).toContain(
      "a part of its path is longer than 128 characters",
    );
  });

  test("may have 10,000 templates, and no more, however many doubts were told before", () => {
    const doubtful = Array.from({ length: 60 }, (_, at) => ({ id: `d${at}`, config: { x: "{{ nobody.x }}" } }));
    const of = (count: number) => workflow([...doubtful, { id: "a", config: { x: "{{ params.k }}".repeat(count) } }]);
    expect(check(of(10_000)).ok).toBe(true);
    expect(refusal(of(10_001))[1]).toBe("dag.nodes.60.config.x: There are 10001 templates in one text; the limit is 10000.");
  });

  test("of two million parts is read in one go: time that grows with the square would not end within this test", () => {
    const text = workflow([{ id: "a", config: { x: `{{ a${".b".repeat(2_000_000)} }}` } }]);
    expect(refusal(text)[1]).toContain("its path has 2000001 parts; the limit is 64");
  });
});

describe("overrides", () => {
  const nodes = [{ id: "a" }, { id: "b" }];

  test("name the nodes whose configs a trigger may change: none, those, or all of an older system's definition", () => {
    expect(planOf(workflow(nodes)).overrides).toEqual([]);
    expect(planOf(workflow(nodes, { overrides: null })).overrides).toEqual([]);
    expect(planOf(workflow(nodes, { overrides: ["b", "a", "b"] })).overrides).toEqual([0, 1]);
    expect(planOf(workflow(nodes), { form: "overridable" }).overrides).toBe("all");
    expect(planOf(workflow(nodes, { overrides: ["b"] }), { form: "overridable" }).overrides).toEqual([1]);
  });

  test("are always in the stored definition; one without them is an older build's, and lets all be changed", () => {
    for (const [options, stored] of [
      [{}, "[]"],
      [{ form: "overridable" }, '"all"'],
    ] as const) {
      const result = check(workflow(nodes), options);
      expect(result.ok && result.text).toContain(`"overrides":${stored}`);
      const { overrides: _, ...older } = JSON.parse(result.ok ? result.text : "") as { overrides: unknown };
      expect(compileStored(JSON.stringify(older)).overrides).toBe("all");
    }
  });

  test("of a node that is not there are refused, with the place", () => {
    expect(refusal(workflow(nodes, { overrides: ["a", "c"] }))).toEqual(["structure", 'overrides.1: Unknown node "c" in overrides.']);
    expect(refusal(workflow(nodes, { overrides: "a" }))[0]).toBe("shape");
  });
});
