/** Whose configs a trigger may change: only those of nodes that the definition names, or of what an older system has sent. */
import { describe, expect, test } from "bun:test";
import { openMemoryStore } from "../../../src/store/memory/memory-store.ts";
import type { NewExecution, Store } from "../../../src/store/store.ts";
import { serveApp } from "../served.ts";

const nodes = [
  { id: "charge", handler: "input", config: { value: { cents: 5_000 } } },
  { id: "said", handler: "input", dependencies: ["charge"], config: { value: "{{ runtime.word }}" } },
];
/** The configs of both as they ran, by what the `input` handler puts out of them beside the params. */
const shown = [
  { id: "charge", handler: "llm", config: { prompt: "charge 5000" } },
  { id: "said", handler: "llm", dependencies: ["charge"], config: { prompt: "said {{ runtime.prompt }}{{ charge.model }}" } },
];
const params = { charge: { prompt: "charge 1" }, said: { word: "yes" } };

/** The prompt that the node was given, which the stand-in for a language model repeats. */
function prompts(results: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(results as Record<string, { response: string }>).map(([id, { response }]) => [id, response]));
}

describe("params under a node's id", () => {
  test("change nothing of a definition that does not allow it", async () => {
    const { create, run } = await serveApp();
    for (const body of [params, { params }]) {
      const { json } = await run(await create([shown[0] as object]), body);
      expect(prompts(json.results).charge).toContain("charge 5000");
    }
  });

  test("change the config of the nodes that `overrides` names, and of no other", async () => {
    const { create, run } = await serveApp();
    const two = [shown[0] as object, { ...(shown[0] as object), id: "other" }];
    const id = await create(two, { overrides: ["charge"] });
    const { json } = await run(id, { params: { charge: { prompt: "charge 1" }, other: { prompt: "charge 2" } } });
    const said = prompts(json.results);
    expect([said.charge, said.other]).toEqual([expect.stringContaining("charge 1"), expect.stringContaining("charge 5000")]);
  });

  test("may spell the braces of their templates as JSON allows", async () => {
    const { create, run } = await serveApp();
    const id = await create([shown[0] as object], { overrides: ["charge"] });
    const { json } = await run(id, '{"params":{"charge":{"prompt":"\\u007b\\u007B params.word }}"},"word":"spelt"}}');
    expect(prompts(json.results).charge).toContain("spelt");
  });

  test("are `runtime` to a node that allows it, and missing to one that does not", async () => {
    const { create, run } = await serveApp();
    const [, node] = nodes;
    const echo = { ...(node as object), dependencies: [], handler: "llm", config: { prompt: "{{ runtime.word }}" } };
    const allowed = await run(await create([echo], { overrides: ["said"] }), params);
    expect(prompts(allowed.json.results).said).toContain("yes");
    const refused = await run(await create([echo]), params);
    expect(refused.json).toMatchObject({ status: "FAILED", error: expect.stringContaining("there is no runtime.word") });
  });

  test("change the config of every node of what came by POST /workflow, unless it says of which", async () => {
    const { send, run } = await serveApp();
    const submit = async (more: object = {}) =>
      String((await send("POST", "/workflow", { name: "older", dag: { nodes: [shown[0]] }, ...more })).json.execution_id);
    expect(prompts((await run(await submit(), params)).json.results).charge).toContain("charge 1");
    expect(prompts((await run(await submit({ overrides: [] }), params)).json.results).charge).toContain("charge 5000");
  });

  test("the same text by both routes is two definitions", async () => {
    const { send, run } = await serveApp();
    const body = JSON.stringify({ name: "both", dag: { nodes: [shown[0]] } });
    const ids: string[] = [];
    for (const path of ["/workflow", "/workflows"]) ids.push(String((await send("POST", path, body)).json.execution_id));
    const [older, canonical] = await Promise.all(ids.map((id) => run(id, params)));
    expect(prompts(older?.json.results).charge).toContain("charge 1");
    expect(prompts(canonical?.json.results).charge).toContain("charge 5000");
  });

  test("change every node's config of what an older build has stored, and its templates are followed as before", async () => {
    const store = openMemoryStore();
    const first = await serveApp({ store: storingAsBefore(store) });
    const id = await first.create(shown);
    // Read back by an instance that has not checked it.
    const { run } = await serveApp({ store });
    const { json } = await run(id, {
      charge: { prompt: "charge 1" },
      said: { prompt: "{{ charge.response }}, {{ params.said.more }}", more: "more" },
    });
    const said = prompts(json.results);
    expect(said.charge).toContain("charge 1");
    expect(said.said).toContain("charge 1");
    expect(said.said).toContain(", more");
  });
});

test("an unknown node in overrides is 400, with the place", async () => {
  const { send } = await serveApp();
  const refused = await send("POST", "/workflows", { name: "x", overrides: ["nobody"], dag: { nodes } });
  expect([refused.status, refused.json.errors]).toEqual([400, [{ path: "overrides.0", message: 'Unknown node "nobody" in overrides.' }]]);
});

/** As builds that knew neither of rights nor of names. */
function storingAsBefore(store: Store): Store {
  const older = (execution: NewExecution): NewExecution => {
    const { overrides: _, references: __, ...definition } = JSON.parse(execution.definitionText) as Record<string, unknown>;
    return { ...execution, definitionText: JSON.stringify(definition) };
  };
  return new Proxy(store, {
    get(target, name) {
      if (name === "create") return (batch: readonly NewExecution[]) => target.create(batch.map(older));
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
