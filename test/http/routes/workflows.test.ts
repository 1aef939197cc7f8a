/** What the canonical routes promise: create, trigger, status, results. */
import { describe, expect, test } from "bun:test";
import { release } from "../fixtures/held.ts";
import { openMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { serveApp } from "../served.ts";

const node = (id: string, after: readonly string[] = [], more: object = {}) => ({ id, handler: "noop", dependencies: after, ...more });
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe("creating", () => {
  test("answers 201 with the id, where it is, and PENDING", async () => {
    const { send } = await serveApp();
    const created = await send("POST", "/workflows", { name: "one", dag: { nodes: [node("a")] } });
    expect(created.status).toBe(201);
    const { execution_id, ...rest } = created.json;
    expect(execution_id).toMatch(UUID);
    const message = `The workflow was accepted. Start it with POST /workflows/${execution_id}/trigger.`;
    expect(rest).toEqual({ name: "one", status: "PENDING", message });
    expect(created.headers.get("location")).toBe(`/workflows/${execution_id}`);
    expect((await send("GET", `/workflows/${execution_id}`)).json).toMatchObject({ status: "PENDING", name: "one" });
  });

  test("tells of doubts in `warnings`, and says nothing of warnings where there are none", async () => {
    const { send } = await serveApp();
    const doubtful = await send("POST", "/workflows", { name: "one", colour: "red", dag: { nodes: [node("a")] } });
    expect(doubtful.json.warnings).toEqual([{ path: "colour", message: 'The field "colour" is not known and was ignored.' }]);
    expect((await send("POST", "/workflows", { name: "one", dag: { nodes: [node("a")] } })).json).not.toHaveProperty("warnings");
  });

  test("tells at once what a handler can only refuse, its own modules' schemas included, and refuses it where strict", async () => {
    const { send } = await serveApp();
    const nodes = [
      node("a", [], { handler: "external_api", config: { method: "GETT", any: 1 } }),
      node("b", [], { handler: "counts", config: { number: "x" } }),
    ];
    const warnings = [
      { path: "dag.nodes.0.config.method", message: "Expected one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS." },
      { path: "dag.nodes.1.config.number", message: "Expected a number, got a string of 1 character." },
    ];
    expect((await send("POST", "/workflows", { name: "one", dag: { nodes } })).json.warnings).toEqual(warnings);
    const strict = await send("POST", "/workflows", { name: "one", strict: true, dag: { nodes } });
    expect([strict.status, strict.json.errors]).toEqual([400, warnings]);
  });

  test("takes YAML under its content type, with the digits of its integers", async () => {
    const { send } = await serveApp();
    const yaml = "name: from yaml\ndag:\n  nodes:\n    - id: a\n      handler: input\n";
    const created = await send("POST", "/workflows", yaml, { "content-type": "application/yaml; charset=utf-8" });
    expect([created.status, created.json.name]).toEqual([201, "from yaml"]);
    const trigger = `/workflows/${created.json.execution_id}/trigger?wait=30s`;
    const run = await send("POST", trigger, "n: 12345678901234567890\nlist: [1, 2]\n", { "content-type": "text/yaml" });
    expect(run.text).toContain('"results":{"a":{"n":12345678901234567890,"list":[1,2]}}');
  });

  test("with an Idempotency-Key happens once for a body, is answered the same, and refuses another body", async () => {
    const { send } = await serveApp();
    const body = { name: "one", dag: { nodes: [node("a")] } };
    for (const [route, again] of [
      ["/workflows", "/workflow"],
      ["/workflow", "/api/workflow"],
    ] as const) {
      const key = { "idempotency-key": "order 17" };
      const first = await send("POST", route, body, key);
      const second = await send("POST", route, body, key);
      expect([second.status, second.text, second.headers.get("location")]).toEqual([
        first.status,
        first.text,
        first.headers.get("location"),
      ]);
      const other = await send("POST", route, { ...body, name: "two" }, key);
      expect([other.status, other.json.detail]).toEqual([
        422,
        "This Idempotency-Key was used for another request before; take a new key for a new request.",
      ]);
      // Another route is another request.
      const steps = { name: "s", steps: [{ execution_type: "parallel", tasks: [{ name: "task_a" }] }] };
      const elsewhere = await send("POST", again, again === "/api/workflow" ? steps : body, key);
      expect(elsewhere.status).toBeLessThan(300);
    }
    const long = await send("POST", "/workflows", body, { "idempotency-key": "k".repeat(256) });
    expect([long.status, long.json.errors]).toEqual([
      422,
      [{ path: "header.idempotency-key", message: "Expected a key of 1 to 255 characters" }],
    ]);
  });
});

describe("triggering", () => {
  test("says triggered once, and to fifty at once that it was already", async () => {
    const { send, create } = await serveApp();
    const id = await create([{ id: "a", handler: "held", config: { name: "fifty" } }]);
    const answers = await Promise.all(Array.from({ length: 50 }, () => send("POST", `/workflows/${id}/trigger`)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(answers.filter(({ json }) => json.status === "triggered")).toHaveLength(1);
    const others = answers.filter(({ json }) => json.status !== "triggered");
    expect(others.map(({ json }) => json)).toEqual(
      others.map(() => ({
        execution_id: id,
        status: "RUNNING",
        message: "The workflow was already triggered and is running; nothing was changed.",
      })),
    );
    release("fifty");
    expect((await send("GET", `/workflows/${id}/results?wait=30s`)).json).toMatchObject({ status: "COMPLETED", results: { a: null } });
    expect((await send("POST", `/workflows/${id}/trigger`)).json).toMatchObject({
      status: "COMPLETED",
      message: "The workflow has already ended (COMPLETED); nothing was changed.",
    });
  });

  test("with ?wait answers with the results, also when it was triggered before", async () => {
    const { run, create } = await serveApp();
    const id = await create([node("a"), node("b", ["a"])]);
    const results = { execution_id: id, name: "test", status: "COMPLETED", completed: true, results: { a: null, b: null }, error: null };
    expect((await run(id)).json).toMatchObject({ ...results, trigger: "The workflow was triggered." });
    expect((await run(id)).json).toMatchObject({ ...results, trigger: "The workflow has already ended (COMPLETED); nothing was changed." });
  });

  test("waits for room where only so many may run, and says so", async () => {
    const { send, create } = await serveApp({ maxRunningExecutions: 1 });
    const first = await create([{ id: "a", handler: "held", config: { name: "room" } }]);
    const second = await create([node("a")]);
    await send("POST", `/workflows/${first}/trigger`);
    expect((await send("POST", `/workflows/${second}/trigger`)).json).toMatchObject({ status: "triggered" });
    expect((await send("POST", `/workflows/${second}/trigger`)).json).toMatchObject({ status: "PENDING" });
    expect((await send("GET", `/workflows/${second}/results`)).json).toMatchObject({ message: "The workflow waits for room to run." });
    release("room");
    expect((await send("GET", `/workflows/${second}/results?wait=30s`)).json).toMatchObject({ status: "COMPLETED" });
  });
});

describe("the status", () => {
  test("has the union of what the older systems told", async () => {
    const { send, create, run } = await serveApp();
    const id = await create([node("a"), { id: "b", handler: "broken", dependencies: ["a"] }, node("c", ["b"])], { tags: ["nightly"] });
    expect((await run(id)).json).toMatchObject({ status: "FAILED", completed: false });
    const { status, json, headers } = await send("GET", `/workflows/${id}`);
    expect([status, headers.get("content-type"), headers.get("cache-control")]).toEqual([200, "application/json", "no-cache"]);
    const states = { a: "COMPLETED", b: "FAILED", c: "PENDING" };
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(json).toEqual({
      execution_id: id,
      name: "test",
      status: "FAILED",
      progress: { total: 3, completed: 1, failed: 1, percentage: 33.3 },
      tags: ["nightly"],
      priority: 5,
      error: 'Node "b" failed on attempt 1 (card_declined): The card was declined.',
      failure: {
        ...{ node: "b", attempt: 1, kind: "handler", code: "card_declined", message: "The card was declined." },
        stack: expect.stringMatching(/^HandlerError: The card was declined\.\n {4}at run \(.*\/broken\.ts:7:15\)$/),
      },
      created_at: time,
      triggered_at: time,
      started_at: time,
      finished_at: time,
      updated_at: time,
      stalled: false,
      node_states: states,
      node_statuses: states,
      nodes: {
        a: { state: "COMPLETED", output: null, error: null, attempts: 1, started_at: time, finished_at: time },
        b: { state: "FAILED", output: null, error: "The card was declined.", attempts: 1, started_at: time, finished_at: time },
        c: { state: "PENDING", output: null, error: null, attempts: 0, started_at: null, finished_at: null },
      },
    });
  });

  test("as a summary is read from the summary alone: not the log, not the definition", async () => {
    const store = openMemoryStore();
    let isClosed = false;
    const guarded = new Proxy(store, {
      get(target, name) {
        if (isClosed && (name === "load" || name === "chunksAfter")) throw new Error(`A summary needs no ${name}.`);
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const { send, create, run } = await serveApp({ store: guarded });
    const id = await create([node("a"), { id: "b", handler: "broken", dependencies: ["a"] }]);
    await run(id);
    isClosed = true;
    const answer = await send("GET", `/workflows/${id}?view=summary`);
    expect(answer.json).toMatchObject({ status: "FAILED", progress: { total: 2, completed: 1, failed: 1 }, error: expect.any(String) });
    expect(
      (await send("GET", `/workflows/${id}?view=summary`, undefined, { "if-none-match": answer.headers.get("etag") ?? "" })).status,
    ).toBe(304);
    expect((await send("GET", `/workflows/${id}`)).status).toBe(500);
  });

  test("as a summary leaves out what grows with the nodes", async () => {
    const { send, create } = await serveApp();
    const id = await create([node("a")]);
    const summary = (await send("GET", `/workflows/${id}?view=summary`)).json;
    for (const map of ["nodes", "node_states", "node_statuses"]) expect(summary).not.toHaveProperty(map);
    expect(summary).toMatchObject({ status: "PENDING", progress: { total: 1, completed: 0, failed: 0, percentage: 0 }, stalled: false });
  });

  test("is 304 for who has it, until something happens", async () => {
    const { send, create, run } = await serveApp();
    const id = await create([node("a")]);
    const etag = (await send("GET", `/workflows/${id}`)).headers.get("etag") ?? "";
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const answer = await send("GET", `/workflows/${id}`, undefined, { "if-none-match": known });
      expect([answer.status, answer.text, answer.headers.get("etag")]).toEqual([304, "", etag]);
    }
    await run(id);
    const after = await send("GET", `/workflows/${id}`, undefined, { "if-none-match": etag });
    expect([after.status, after.json.status]).toEqual([200, "COMPLETED"]);
    expect(after.headers.get("etag")).not.toBe(etag);
  });

  test("keeps ids that look like numbers, and names that objects have anyway, in their order", async () => {
    const { send, create, run } = await serveApp();
    const ids = ["b", "10", "2", "__proto__", "constructor", "toString", "a-b", "1"];
    const id = await create(
      ids.map((each, position) => ({ id: each, handler: "input", dependencies: ids.slice(0, position), config: { value: position } })),
    );
    await run(id);
    const view = (await send("GET", `/workflows/${id}`)).text;
    expect(view).toContain(`"node_states":{${ids.map((each) => `"${each}":"COMPLETED"`).join(",")}}`);
    const results = (await send("GET", `/workflows/${id}/results`)).text;
    expect([...results.matchAll(/"([\w-]+)":\{"status"/g)].map((found) => found[1])).toEqual(ids);
    const steps = (await send("GET", `/api/workflow/${id}`)).text;
    expect([...steps.matchAll(/\{"name":"([\w-]+)","status"/g)].map((found) => found[1])).toEqual(ids);
  });
});

describe("results", () => {
  test("before the end are what there is, with completed false", async () => {
    const { send, create } = await serveApp();
    const id = await create([node("a"), { id: "b", handler: "held", dependencies: ["a"], config: { name: "half" } }]);
    expect((await send("GET", `/workflows/${id}/results`)).json).toMatchObject({
      status: "PENDING",
      completed: false,
      results: {},
      message: "The workflow has not been triggered yet.",
    });
    expect((await send("POST", `/workflows/${id}/trigger?wait=50ms`)).json).toMatchObject({
      status: "RUNNING",
      completed: false,
      results: { a: null },
    });
    release("half");
    expect((await send("GET", `/workflows/${id}/results?wait=30`)).json).toMatchObject({ completed: true, results: { a: null, b: null } });
  });

  test("hold large outputs, which the status shows by their size only", async () => {
    const { send, create, run } = await serveApp();
    const big = (id: string, characters: number) => ({ id, handler: "big", config: { characters } });
    const id = await create([big("small", 10), big("a", 3_000_000), big("b", 100_000), big("c", 3_000_000)]);
    const triggered = await run(id);
    const outputs = { small: "x".repeat(10), a: "x".repeat(3_000_000), b: "x".repeat(100_000), c: "x".repeat(3_000_000) };
    expect(triggered.json.results).toEqual(outputs);
    expect((await send("GET", `/workflows/${id}/results`)).json.results).toEqual(outputs);
    const nodes = (await send("GET", `/workflows/${id}`)).json.nodes;
    expect(nodes).toMatchObject({ small: { output: "x".repeat(10) }, b: { output: null, output_bytes: 100_002 } });
    expect((await send("GET", `/api/workflow/${id}`)).json).toMatchObject({
      steps: { "0": { tasks: { b: { status: "succeeded", result: outputs.b } } } },
    });
  });

  test("of 10,002 nodes come whole, as does their status", async () => {
    const { send, create, run } = await serveApp({ bodyBytes: 8 * 1024 * 1024 });
    const middle = Array.from({ length: 10_000 }, (_, position) => `n${position}`);
    const id = await create([node("root"), ...middle.map((each) => node(each, ["root"])), node("end", middle)]);
    expect(Object.keys((await run(id)).json.results as object)).toEqual(["root", ...middle, "end"]);
    const view = (await send("GET", `/workflows/${id}`)).json;
    expect(view).toMatchObject({ status: "COMPLETED", progress: { total: 10_002, completed: 10_002, percentage: 100 } });
    expect(Object.keys(view.nodes as object)).toEqual(["root", ...middle, "end"]);
    expect(Object.values(view.node_statuses as object).every((state) => state === "COMPLETED")).toBe(true);
  });
});

describe("health", () => {
  test("tells service, status, version and load", async () => {
    const { send } = await serveApp();
    const health = await send("GET", "/health");
    expect([health.status, health.json]).toMatchObject([
      200,
      {
        service: "troupe",
        status: "running",
        healthy: true,
        version: "0.0.0-test",
        instance: "test",
        degraded: false,
        store: { kind: "memory", available: true },
      },
    ]);
    expect((await send("GET", "/ready")).json).toEqual({ ready: true });
  });

  test("of a degraded instance is still 200, but it is not ready", async () => {
    const { send } = await serveApp({ degraded: true });
    expect([(await send("GET", "/health")).status, (await send("GET", "/health")).json.degraded]).toEqual([200, true]);
    const ready = await send("GET", "/ready");
    expect([ready.status, ready.headers.get("retry-after"), ready.headers.get("content-type")]).toEqual([
      503,
      "1",
      "application/problem+json",
    ]);
  });
});
