/** An error is kept, logged, published and shown to others: what it refuses may be a secret, so no value is in it. */
import { describe, expect, test } from "bun:test";
import { serveApp } from "./served.ts";

const SECRET = "hunter2";

describe("no error holds the value that it refuses", () => {
  test("where a handler's schema refuses a config: in REST, in the log, in the store", async () => {
    const { send, create, run, logged, engine } = await serveApp();
    const config = { number: "{{ params.x }}", mail: "{{ params.x }}" };
    const id = await create([{ id: "a", handler: "counts", config }]);
    await run(id, { x: SECRET });
    const view = await send("GET", `/workflows/${id}`);
    expect(view.text).toContain("config.number: Invalid type: Expected number but received a string of 7 characters");
    expect(view.text).toContain("config.mail: Invalid email: Received a string of 7 characters");
    const shown = [view, await send("GET", `/workflows/${id}/results`), await send("GET", "/workflows")].map(({ text }) => text);
    const kept = await engine.view(id);
    expect([...shown, JSON.stringify(logged), JSON.stringify(kept)].filter((text) => text.includes(SECRET))).toEqual([]);
  });

  test("where a definition, a query or a header is refused", async () => {
    const { send } = await serveApp();
    const node = { id: `${SECRET}!`, handler: "noop", timeout: SECRET, retry: SECRET, priority: SECRET, dependencies: SECRET };
    const answers = [
      await send("POST", "/workflows", { name: "t", tags: SECRET, strict: SECRET, dag: { nodes: [node] } }),
      await send("POST", "/workflows", { name: "t", dag: { nodes: [{ id: "a", handler: "noop", timeout: SECRET }] } }),
      await send("POST", "/api/workflow", { name: "t", steps: [{ execution_type: SECRET, tasks: [{ name: "task_a", params: SECRET }] }] }),
      await send("GET", `/workflows?status=${SECRET}&limit=${SECRET}&cursor=${SECRET}`),
      await send("GET", `/workflows/x?view=${SECRET}`),
      await send("GET", `/workflows/x/results?wait=${SECRET}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([422, 422, 422, 422, 422, 422]);
    expect(answers.map(({ text }) => text).filter((text) => text.includes(SECRET))).toEqual([]);
    const task = { name: "task_a", params: { timeout: SECRET, priority: SECRET, retry_count: SECRET } };
    const warned = await send("POST", "/api/workflow", { name: "t", steps: [{ execution_type: "parallel", tasks: [task] }] });
    expect(warned.json.warnings).toHaveLength(3);
    expect(warned.text).not.toContain(SECRET);
  });
});
