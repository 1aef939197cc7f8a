/** What the built-in handlers put out, as the older systems' users expect it. */
import { describe, expect, test } from "bun:test";
import { attemptOf, benchOf, completedNode, contextOf, failureOf, outputOf, textOf } from "../attempts.ts";

const { run, world } = await benchOf();
const now = new Date(world.nowMs()).toISOString();

describe("input", () => {
  test("puts out the params as they came, to the last space and digit", async () => {
    const params = '{"10":1, "2":12345678901234567890,"__proto__":{}}';
    expect(await textOf(run(attemptOf("input", null, { params })))).toBe(params);
  });

  test.each([null, "{}", " { } "])("without params (%p) says so, with the value from its config", async (params) => {
    const without = { status: "ok", message: "The workflow was triggered without params.", timestamp: now };
    expect(await outputOf(run(attemptOf("input", { value: [1] }, { params })))).toEqual({ ...without, value: [1] });
    expect(await outputOf(run(attemptOf("input", null, { params })))).toEqual({ ...without, value: null });
  });
});

describe("output", () => {
  test("gathers its parents by id, in their order and to the last digit, with its own config", async () => {
    const parents = [completedNode("10", '{"n":12345678901234567890}'), completedNode("2", "[1, 2]"), completedNode("__proto__", "null")];
    const final = '{"10":{"n":12345678901234567890},"2":[1, 2],"__proto__":null}';
    const config = '{"title":"t","big":98765432109876543210,"status":"mine"}';
    expect(await textOf(run(attemptOf("output", config, { parents })))).toBe(
      `{"status":"ok","final":${final},"aggregated_results":${final},"final_status":"workflow_completed","title":"t","big":98765432109876543210}`,
    );
    expect(await outputOf(run(attemptOf("output")))).toEqual({
      status: "ok",
      final: {},
      aggregated_results: {},
      final_status: "workflow_completed",
    });
  });

  test("takes what its templates name", async () => {
    const scope = [completedNode("a", '{"x":7}')];
    expect((await outputOf(run(attemptOf("output", { sum: "{{ a.x }}" }, { scope })))).sum).toBe(7);
  });
});

describe("external services, made up", () => {
  test.each(["call_external_service", "external_api"])("%s echoes the url as it was resolved", async (name) => {
    const data = "Mock response from http://x/1";
    expect(await outputOf(run(attemptOf(name, { url: "http://x/1" })))).toEqual({ status: "ok", data, url: "http://x/1", timestamp: now });
  });

  test("make do with any url, or none", async () => {
    const scope = [completedNode("a", '{"at":{"id":12345678901234567890}}')];
    expect(await textOf(run(attemptOf("external_api", { url: "{{ a.at }}" }, { scope })))).toContain('"url":{"id":12345678901234567890}');
    expect((await outputOf(run(attemptOf("external_api")))).url).toBe("http://example.com/mock");
  });
});

describe("language models, made up", () => {
  test.each(["llm", "llm_generate", "call_llm_service", "llm_service"])(
    "%s answers with the whole prompt, under all its words",
    async (name) => {
      const text = "Mock answer to: Say hello";
      expect(await outputOf(run(attemptOf(name, { prompt: "Say hello" })))).toEqual({
        response: text,
        text,
        result: text,
        model: "mock",
        tokens_used: 9,
      });
    },
  );

  test("take any prompt, or none", async () => {
    const scope = [completedNode("a", '{"id":12345678901234567890}')];
    expect((await outputOf(run(attemptOf("llm", { prompt: "{{ a.output }}" }, { scope })))).text).toBe(
      'Mock answer to: {"id":12345678901234567890}',
    );
    expect((await outputOf(run(attemptOf("llm", { prompt: 7, model: "m" })))).model).toBe("m");
    expect((await outputOf(run(attemptOf("llm")))).text).toBe("Mock answer to: ");
  });
});

test("the mocks take their time, and end at once when aborted", async () => {
  const slow = await benchOf({ mockLatencyMs: { min: 1_000, max: 2_000 } });
  let ended = false;
  const beganAtMs = slow.world.nowMs();
  const outcome = Promise.resolve(slow.run(attemptOf("llm", { prompt: "x" }))).finally(() => {
    ended = true;
  });
  await slow.world.pass(999);
  expect(ended).toBe(false);
  await slow.world.until(() => ended, "the mock has answered");
  expect(slow.world.nowMs() - beganAtMs).toBeLessThanOrEqual(2_000);
  expect((await outputOf(outcome)).text).toBe("Mock answer to: x");

  const context = contextOf();
  const aborted = slow.run(attemptOf("external_api"), context);
  context.abort(new Error("timed out"));
  expect((await failureOf(aborted)).message).toBe("timed out");
  expect((await failureOf(slow.run(attemptOf("external_api"), context))).message).toBe("timed out");
});

test("noop puts out null, and the example tasks true", async () => {
  expect(await textOf(run(attemptOf("noop")))).toBe("null");
  for (const name of ["task_a", "task_b", "task_c"]) expect(await textOf(run(attemptOf(name)))).toBe("true");
});
