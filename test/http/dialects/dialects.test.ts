/** The four older systems: their published examples, sent as they are published, to their end. */
import { describe, expect, test } from "bun:test";
import {
  chainExample,
  parallelFetchExample,
  paramsByNodeExample,
  paramsExample,
  stepsExample,
} from "../../../src/http/openapi/examples.ts";
import { serveApp } from "../served.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

test('"Parallel API Fetcher": create, trigger with params, status, results', async () => {
  const { send } = await serveApp();
  const created = await send("POST", "/workflows", parallelFetchExample);
  const id = created.json.execution_id;
  expect([created.json.status, typeof id]).toEqual(["PENDING", "string"]);
  expect((await send("POST", `/workflows/${id}/trigger`, paramsExample)).json).toMatchObject({ execution_id: id, status: "triggered" });
  const { results } = (await send("GET", `/workflows/${id}/results?wait=30s`)).json;
  const url = "http://localhost:8911/document/policy/list";
  expect(results).toMatchObject({
    input: { user_id: 123 },
    get_user: { status: "ok", url },
    output: { final: { get_user: { url }, get_posts: { url }, get_comments: { url } }, final_status: "workflow_completed" },
  });
  expect((await send("GET", `/workflows/${id}`)).json).toMatchObject({
    status: "COMPLETED",
    node_statuses: { input: "COMPLETED", output: "COMPLETED" },
  });
});

test("the linear chain: a prompt holds what the node before it has fetched", async () => {
  const { send } = await serveApp();
  const id = (await send("POST", "/workflows", chainExample)).json.execution_id;
  const run = await send("POST", `/workflows/${id}/trigger?wait=30s`);
  const { fetch_data, summarize } = run.json.results as Record<string, Record<string, unknown>>;
  const fetched = typeof fetch_data?.data === "string" ? fetch_data.data : JSON.stringify(fetch_data?.data);
  expect(String(summarize?.response)).toContain(`Summarize: ${fetched}`);
  expect(run.json).toMatchObject({ completed: true, results: { output: { final_status: "workflow_completed" } } });
});

test("params by node: the bare object on the wire is merged into that node's config, before templates", async () => {
  const { send } = await serveApp();
  const dag = {
    nodes: [
      { id: "input", handler: "input" },
      { id: "get_posts", handler: "call_external_service", dependencies: ["input"], config: { url: "http://localhost/posts" } },
      { id: "llm_service", handler: "call_llm_service", dependencies: ["get_posts"], config: { prompt: "nothing" } },
      { id: "output", handler: "output", dependencies: ["llm_service"] },
    ],
  };
  for (const body of [paramsByNodeExample, { params: paramsByNodeExample }]) {
    const created = await send("POST", "/workflow", { name: "runtime params", dag });
    expect([created.status, created.json.status]).toEqual([200, "PENDING"]);
    const id = created.json.execution_id;
    expect((await send("POST", `/workflow/trigger/${id}`, body)).json).toMatchObject({ execution_id: id, status: "triggered" });
    const { results, completed } = (await send("GET", `/workflows/${id}/results?wait=30s`)).json;
    const { get_posts, llm_service } = results as Record<string, Record<string, unknown>>;
    const posts = typeof get_posts?.data === "string" ? get_posts.data : JSON.stringify(get_posts?.data);
    expect(completed).toBe(true);
    expect(String(llm_service?.result)).toContain(`Recent Posts: ${posts}. Task: Summarize this user activity`);
  }
});

describe("workflows of steps", () => {
  test("the published example is accepted with 202, starts at once, and shows in steps by position", async () => {
    const { send } = await serveApp();
    const accepted = await send("POST", "/api/workflow", stepsExample);
    const id = accepted.json.workflow_id;
    expect([accepted.status, accepted.json]).toEqual([
      202,
      { workflow_id: id, status: "pending", message: "The workflow was accepted and started." },
    ]);
    await send("GET", `/workflows/${id}/results?wait=30s`);
    const { created_at, updated_at, ...view } = (await send("GET", `/api/workflow/${id}`)).json;
    expect(created_at).toMatch(TIME);
    expect(updated_at).toMatch(TIME);
    const succeeded = (name: string) => ({ name, status: "succeeded", result: true });
    const shown = {
      id,
      name: "sample_workflow",
      status: "succeeded",
      steps: {
        "0": { execution_type: "sequential", status: "succeeded", tasks: { task_a: succeeded("task_a"), task_b: succeeded("task_b") } },
        "1": { execution_type: "parallel", status: "succeeded", tasks: { task_c: succeeded("task_c") } },
      },
    };
    expect(view).toEqual(shown);
    expect(JSON.parse((await send("GET", "/api/workflows")).text)).toEqual([{ ...shown, created_at, updated_at }]);
  });

  test("with ?wait the answer tells at once how it ended", async () => {
    const { send } = await serveApp();
    const accepted = await send("POST", "/api/workflow?wait=30s", stepsExample);
    expect([accepted.status, accepted.json]).toMatchObject([
      202,
      { status: "succeeded", steps: { "1": { tasks: { task_c: { result: true } } } } },
    ]);
    expect(accepted.json.workflow_id).toBe(accepted.json.id);
  });

  test("a failed task fails its step and the workflow; what comes after stays pending", async () => {
    const { send } = await serveApp();
    const task = (name: string, params: object | null = null) => ({ name, params });
    const steps = [
      { execution_type: "parallel", tasks: [task("task_a"), task("task_a")] },
      { execution_type: "sequential", tasks: [task("broken"), task("task_b")] },
      { execution_type: "parallel", tasks: [task("task_c")] },
    ];
    const answer = await send("POST", "/api/workflow?wait=30s", { name: "fails", steps });
    expect(answer.json).toMatchObject({
      status: "failed",
      steps: {
        "0": {
          status: "succeeded",
          tasks: { task_a: { name: "task_a", status: "succeeded" }, "task_a#2": { name: "task_a#2", status: "succeeded" } },
        },
        "1": { status: "failed", tasks: { broken: { status: "failed", result: null }, task_b: { status: "pending", result: null } } },
        "2": { status: "pending", tasks: { task_c: { status: "pending", result: null } } },
      },
    });
  });

  test("what was made elsewhere shows as one parallel step per level of its graph", async () => {
    const { send, create, run } = await serveApp();
    const id = await create([
      { id: "end", handler: "noop", dependencies: ["left", "right"] },
      { id: "left", handler: "noop", dependencies: ["root"] },
      { id: "right", handler: "noop", dependencies: ["root"] },
      { id: "root", handler: "noop" },
    ]);
    const tasksOf = async () => {
      const { steps } = (await send("GET", `/api/workflow/${id}`)).json as {
        readonly steps: Record<string, { tasks: object; status: string }>;
      };
      return Object.entries(steps).map(([position, { tasks, status }]) => [position, status, Object.keys(tasks)]);
    };
    expect(await tasksOf()).toEqual([
      ["0", "pending", ["root"]],
      ["1", "pending", ["left", "right"]],
      ["2", "pending", ["end"]],
    ]);
    await run(id);
    expect(await tasksOf()).toContainEqual(["1", "succeeded", ["left", "right"]]);
  });

  test("an unknown task, no steps and an empty step are 400; a wrong shape is 422; an unknown id is 404", async () => {
    const { send } = await serveApp();
    const refused = async (steps: unknown) => (await send("POST", "/api/workflow", { name: "x", steps })).status;
    expect(await refused([{ execution_type: "parallel", tasks: [{ name: "task_z" }] }])).toBe(400);
    expect(await refused([])).toBe(400);
    expect(await refused([{ execution_type: "parallel", tasks: [] }])).toBe(400);
    expect(await refused([{ execution_type: "sideways", tasks: [{ name: "task_a" }] }])).toBe(422);
    expect((await send("GET", "/api/workflow/nobody")).json).toMatchObject({ status: 404, detail: "Workflow not found" });
  });
});
