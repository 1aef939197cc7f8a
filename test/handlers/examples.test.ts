/** The examples do what they say, offline. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Catalog } from "../../src/workflow/definition/catalog.ts";
import { parseDefinition } from "../../src/workflow/definition/definition.ts";
import type { Plan } from "../../src/workflow/plan/plan.ts";
import { mergeConfig } from "../../src/workflow/template/template.ts";
import { attemptOf, type Bench, benchOf, completedNode, failureOf, loadFrom, outputOf, textOf } from "./attempts.ts";

const folder = join(import.meta.dir, "../../examples");
const read = (name: string): string => readFileSync(join(folder, "workflows", name), "utf8");
const ownHandlers = join(folder, "handlers");

async function planOf(text: string, form: "workflow" | "steps"): Promise<Plan> {
  const loaded = await loadFrom();
  if (!loaded.ok) throw new Error(loaded.faults.join("\n"));
  const catalog: Catalog = new Map(loaded.registry.infos.flatMap((info) => info.names.map((name) => [name, info] as const)));
  const limits = { nodes: 100, edges: 1_000, nesting: 32 };
  const defaults = { retry: { maxAttempts: 3, initialIntervalMs: 1_000 }, timeoutMs: 60_000 };
  const result = parseDefinition(text, { form, limits, catalog, defaults });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  expect(result.warnings).toEqual([]);
  return result.plan;
}

/** Runs a plan's nodes one after the other: here all dependencies stand before their dependents. */
async function runThrough(
  plan: Plan,
  bench: Bench,
  given: Readonly<Record<string, object>> = {},
): Promise<Readonly<Record<string, string>>> {
  const outputs: Record<string, string> = {};
  for (const [node, id] of plan.ids.entries()) {
    const rows = plan.dependencies.subarray(plan.dependencyStart[node], plan.dependencyStart[node + 1]);
    const parents = [...rows].map((parent) => plan.ids[parent] ?? "").map((name) => completedNode(name, outputs[name] ?? ""));
    const scope = Object.entries(outputs).map(([name, text]) => completedNode(name, text));
    const config = plan.configs[node] ?? null;
    const merged = given[id] === undefined ? config : mergeConfig(config, JSON.stringify(given[id])).text;
    outputs[id] = await textOf(bench.run(attemptOf(plan.handlers[node] ?? "", merged, { nodeId: id, parents, scope })));
  }
  return outputs;
}

describe("the published examples of the older systems come to their ends", () => {
  test("the parallel API fetcher", async () => {
    const outputs = await runThrough(await planOf(read("parallel-api-fetcher.json"), "workflow"), await benchOf());
    const { final, final_status } = JSON.parse(outputs.output ?? "");
    expect(Object.keys(final)).toEqual(["get_user", "get_posts", "get_comments"]);
    expect(final.get_user).toMatchObject({ status: "ok", url: "http://localhost:8911/document/policy/list" });
    expect(final_status).toBe("workflow_completed");
  });

  test("the linear chain with {{ fetch_data.data }}", async () => {
    const outputs = await runThrough(await planOf(read("linear-chain.json"), "workflow"), await benchOf());
    expect(JSON.parse(outputs.process ?? "").response).toBe("Mock answer to: Summarize: Mock response from http://api.example.com/data");
  });

  test("the params for one node with {{ get_posts.output.data }}", async () => {
    const { params } = JSON.parse(read("user-activity.trigger.json"));
    const outputs = await runThrough(await planOf(read("user-activity.json"), "workflow"), await benchOf(), params);
    expect(JSON.parse(outputs.llm_service ?? "").result).toBe(
      "Mock answer to: Recent Posts: Mock response from http://localhost:8911/users/1/posts. Task: Summarize this user activity",
    );
  });

  test("the steps with task_a, task_b, task_c", async () => {
    const outputs = await runThrough(await planOf(read("steps.json"), "steps"), await benchOf());
    expect(outputs).toEqual({ task_a: "true", task_b: "true", task_c: "true" });
  });
});

describe("the examples of handlers", () => {
  test("charge_card pays, declines for good, and refuses a wrong config", async () => {
    const { run, log } = await benchOf({}, ownHandlers);
    expect(await outputOf(run(attemptOf("charge_card", { card: "4111", cents: 5 })))).toEqual({ receipt: "e1/me:5", cents: 5 });
    expect(log.entries).toEqual([
      {
        level: "info",
        message: "The card was charged.",
        fields: { execution: "e1", node: "me", attempt: 1, fields: { cents: 5, attempt: 1 } },
      },
    ]);
    expect(await failureOf(run(attemptOf("charge_card", { card: "0000", cents: 5 })))).toMatchObject({
      code: "card_declined",
      retryable: false,
    });
    expect((await failureOf(run(attemptOf("charge_card", { card: "4111", cents: 0.5 })))).message).toContain("config.cents");
  });

  test("word_count counts the words of its parents", async () => {
    const { run } = await benchOf({}, ownHandlers);
    const parents = [completedNode("a", '"one two"'), completedNode("b", '{"x":"three"}')];
    expect(await outputOf(run(attemptOf("word_count", null, { parents })))).toEqual({
      counts: [
        { id: "a", words: 2 },
        { id: "b", words: 2 },
      ],
      total: 4,
    });
  });

  test("are told to the main thread by name, needs and the shape of their config", async () => {
    const loaded = await loadFrom(ownHandlers);
    if (!loaded.ok) throw new Error(loaded.faults.join("\n"));
    expect(loaded.registry.infos.slice(-2)).toEqual([
      {
        name: "charge_card",
        names: ["charge_card"],
        needs: [],
        config: {
          type: "object",
          fields: [
            { name: "card", required: true, shape: { type: "string" } },
            { name: "cents", required: true, shape: { type: "number", integer: true, min: 1 } },
          ],
          others: "any",
        },
      },
      { name: "word_count", names: ["word_count"], needs: ["parents"] },
    ]);
  });
});
