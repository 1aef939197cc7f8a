/** What does not fit is refused with a problem document that says why: never a 5xx, never a hang. */
import { describe, expect, test } from "bun:test";
import { HTTPException } from "hono/http-exception";
import { openMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { type Store, StoreUnavailable } from "../../../src/store/store.ts";
import { type Answer, answerOf, serveApp } from "../served.ts";

const node = (id: string, after: readonly string[] = [], more: object = {}) => ({ id, handler: "noop", dependencies: after, ...more });
const workflow = (nodes: readonly object[]) => ({ name: "test", dag: { nodes } });

/** Every refusal is a whole problem document; answers its status and detail. */
function problem(answer: Answer): readonly [number, unknown] {
  const { type, title, status, detail } = answer.json;
  expect([answer.headers.get("content-type"), status, type, typeof title]).toEqual([
    "application/problem+json",
    answer.status,
    "about:blank",
    "string",
  ]);
  expect(answer.headers.get("x-request-id")).toMatch(/./);
  return [answer.status, detail];
}

describe("a definition", () => {
  const structure: [string, readonly object[], RegExp][] = [
    ["a cycle", [node("a", ["c"]), node("b", ["a"]), node("c", ["b"]), node("d")], /cycle: .*a -> /],
    ["a node that depends on itself", [node("a", ["a"])], /a/],
    ["an unknown dependency", [node("a", ["ghost"])], /Unknown dependency "ghost" of node "a"/],
    ["a doubled id", [node("a"), node("a")], /Duplicate node id "a"/],
    ["an unknown handler", [{ id: "a", handler: "teleport" }], /Unknown handler "teleport" of node "a"/],
    ["no nodes", [], /no nodes/],
    ["what is not built yet", [node("a", [], { if: "true" })], /`if` is not supported yet/],
  ];
  test.each(structure)("with %s is 400", async (_, nodes, detail) => {
    const { send } = await serveApp();
    for (const route of ["/workflows", "/workflow"]) {
      const [status, told] = problem(await send("POST", route, workflow(nodes)));
      expect([status, String(told)]).toEqual([400, expect.stringMatching(detail)]);
    }
  });

  const shapes: [string, unknown, string][] = [
    ["a list", [], "Expected an object."],
    ["a string", '"text"', "Expected an object."],
    ["without a dag", { name: "x" }, "At dag: Required, but missing."],
    ["with a number as its name", { name: 5, dag: { nodes: [node("a")] } }, "At name: Expected string, got a number."],
    [
      "with an id that is no word",
      workflow([node("a b")]),
      "At dag.nodes.0.id: Expected an id of 1 to 128 letters, digits, _ or -, got a string of 3 characters.",
    ],
  ];
  test.each(shapes)("that is %s is 422 and says where", async (_, body, detail) => {
    const { send } = await serveApp();
    const answer = await send("POST", "/workflows", body);
    expect(problem(answer)).toEqual([422, detail]);
    expect(answer.json.errors).toHaveLength(1);
  });

  test("with many faults tells all of them in errors, and the first in the sentence", async () => {
    const { send } = await serveApp();
    const answer = await send("POST", "/workflows", workflow(Array.from({ length: 5 }, () => ({ id: "a", handler: 1 }))));
    expect(problem(answer)[1]).toContain("There are more problems, see errors.");
    expect(answer.json.errors).toContainEqual({ path: "dag.nodes.4.handler", message: "Expected string, got a number." });
  });
});

describe("JSON", () => {
  test("that is broken is 400, with the place", async () => {
    const { send } = await serveApp();
    const broken = '{"name": "x",\n "dag": {"nodes": [,]}}';
    const detail = "The body is not valid JSON: expected a value at line 2, column 20.";
    for (const path of ["/workflows", "/workflow", "/api/workflow", "/workflows/x/trigger", "/workflow/trigger/x"]) {
      expect([path, ...problem(await send("POST", path, broken))]).toEqual([path, 400, detail]);
    }
  });

  test("of 100,000 levels is 400, closed or not", async () => {
    const { send } = await serveApp();
    const open = "[".repeat(100_000);
    for (const body of [open, open + "]".repeat(100_000), '{"a":'.repeat(100_000)]) {
      expect(problem(await send("POST", "/workflows", body))).toEqual([400, "The definition is nested deeper than 128 levels."]);
      expect(problem(await send("POST", "/workflows/x/trigger", body))).toEqual([400, "The body is nested deeper than 128 levels."]);
    }
  });

  test("is missing where a definition is expected: 400", async () => {
    const { send } = await serveApp();
    for (const body of [undefined, "", "  \n"]) {
      expect(problem(await send("POST", "/workflows", body))).toEqual([400, "The request has no body; a JSON document is expected."]);
    }
  });

  test("in another encoding than UTF-8 is 400 or 415", async () => {
    const { app } = await serveApp();
    const latin = new Uint8Array([0x7b, 0x22, 0xe9, 0x22, 0x3a, 0x31, 0x7d]);
    const post = async (body: string | Uint8Array<ArrayBuffer>, type: string) =>
      problem(await answerOf(await app.request("/workflows", { method: "POST", headers: { "content-type": type }, body })));
    expect(await post(latin, "application/json")).toEqual([400, "The body is not valid UTF-8."]);
    expect((await post(latin, "application/json; charset=iso-8859-1"))[0]).toBe(415);
    expect((await post(`\ufeff${JSON.stringify(workflow([node("a", ["b"])]))}`, "application/json"))[1]).toContain("Unknown dependency");
  });
});

describe("a content type", () => {
  test("that says JSON in any of its ways is understood, and so is none", async () => {
    const { app } = await serveApp();
    const body = new TextEncoder().encode(JSON.stringify(workflow([node("a")])));
    for (const type of [undefined, "application/json", "Application/JSON; charset=UTF-8", "application/vnd.api+json", "text/json"]) {
      const headers = type === undefined ? {} : { "content-type": type };
      expect([type, (await app.request("/workflows", { method: "POST", headers, body })).status]).toEqual([type, 201]);
    }
  });

  test("that says something else is 415 and told what would do, but an empty body may have any", async () => {
    const { send, create } = await serveApp();
    for (const type of [
      "text/plain",
      "application/xml",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "nonsense",
    ]) {
      const answer = await send("POST", "/workflows", workflow([node("a")]), { "content-type": type });
      expect(problem(answer)[1]).toContain('send JSON with "Content-Type: application/json"');
      expect([answer.status, answer.headers.get("accept")]).toEqual([415, "application/json, application/yaml"]);
    }
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect((await send("POST", `/workflows/${await create([node("a")])}/trigger`, "", { ...form, "content-length": "0" })).status).toBe(
      200,
    );
    expect((await send("POST", `/workflows/${await create([node("a")])}/trigger`, undefined, form)).status).toBe(200);
  });

  test("does not help a compressed body: 415", async () => {
    const { send } = await serveApp();
    const answer = await send("POST", "/workflows", workflow([node("a")]), { "content-encoding": "gzip" });
    expect([problem(answer)[0], answer.headers.get("accept-encoding")]).toEqual([415, "identity"]);
  });
});

describe("a body above the limit", () => {
  test("is 413 before it is read where its length is announced, and while it is read where not", async () => {
    const { app, create } = await serveApp({ bodyBytes: 1000 });
    const id = await create([node("a")]);
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(400).fill(0x20));
        sent += 400;
      },
    });
    for (const path of ["/workflows", `/workflows/${id}/trigger`]) {
      const announced = await app.request(path, { method: "POST", headers: { "content-length": "1001" }, body: "{}" });
      expect(problem(await answerOf(announced))).toEqual([413, "The body is larger than the limit of 1000 bytes."]);
      expect(problem(await answerOf(await app.request(path, { method: "POST", body: "x".repeat(1001) })))[0]).toBe(413);
    }
    expect(problem(await answerOf(await app.request("/workflows", { method: "POST", body: endless })))[0]).toBe(413);
    expect(sent).toBeLessThan(10_000);
  });

  test("counts bytes, not characters, and lets through what just fits", async () => {
    const { app, create } = await serveApp({ bodyBytes: 1000 });
    const trigger = async (body: string) =>
      (await app.request(`/workflows/${await create([node("a")])}/trigger`, { method: "POST", body })).status;
    expect(await trigger(JSON.stringify({ a: "x".repeat(992) }))).toBe(200);
    expect(await trigger(JSON.stringify({ a: "ä".repeat(497) }))).toBe(413);
  });
});

describe("what is not there", () => {
  test("an unknown id is 404 under every route, with the older systems' words", async () => {
    const { send } = await serveApp();
    const ids = ["nobody", "0193a1f4-6c2b-7d5e-8f00-1a2b3c4d5e6f", "%00", "..%2f..%2fetc", "x".repeat(5000), "%E0%A4%A", "__proto__"];
    for (const id of ids) {
      for (const [method, path] of [
        ["GET", `/workflows/${id}`],
        ["GET", `/workflows/${id}/results`],
        ["GET", `/workflows/${id}/results?wait=60s`],
        ["GET", `/api/workflow/${id}`],
        ["POST", `/workflows/${id}/trigger`],
        ["POST", `/workflow/trigger/${id}?wait=60s`],
      ] as const) {
        expect([path, ...problem(await send(method, path))]).toEqual([path, 404, "Workflow not found"]);
      }
    }
  });

  test("an unknown path is 404, another method of a known one 405 with Allow, and OPTIONS tells the methods", async () => {
    const { send } = await serveApp();
    for (const path of ["/nothing", "/workflows/x/y/z", "/api", "/docs/package.json", "/docs/../package.json"]) {
      expect([path, problem(await send("GET", path))[0]]).toEqual([path, 404]);
    }
    const allowed = {
      "/workflows": "POST, GET, HEAD, OPTIONS",
      "/workflows/x": "GET, HEAD, DELETE, PATCH, OPTIONS",
      "/workflows/x/trigger": "POST, OPTIONS",
      "/workflow": "POST, OPTIONS",
      "/api/workflow": "POST, OPTIONS",
      "/health": "GET, HEAD, OPTIONS",
    };
    for (const [path, allow] of Object.entries(allowed)) {
      for (const method of ["DELETE", "PUT", "PATCH"].filter((each) => !allow.includes(each))) {
        const answer = await send(method, path);
        expect([path, method, problem(answer)[0], answer.headers.get("allow")]).toEqual([path, method, 405, allow]);
      }
      const options = await send("OPTIONS", path);
      expect([options.status, options.text, options.headers.get("allow")]).toEqual([204, "", allow]);
    }
    expect((await send("HEAD", "/workflows/x/trigger")).status).toBe(405);
  });

  test("HEAD answers as GET would, without the body", async () => {
    const { send, create } = await serveApp();
    const path = `/workflows/${await create([node("a")])}`;
    const [get, head] = [await send("GET", path), await send("HEAD", path)];
    expect([head.status, head.text, head.headers.get("etag")]).toEqual([200, "", get.headers.get("etag")]);
    expect(head.headers.get("content-length")).toBe(String(Buffer.byteLength(get.text)));
  });
});

describe("a query", () => {
  const faults: [string, string][] = [
    ["/workflows?limit=0", "limit"],
    ["/workflows?limit=1001", "limit"],
    ["/workflows?limit=1.5", "limit"],
    ["/workflows?limit=5&limit=6", "limit"],
    ["/workflows?status=runing", "status"],
    ["/workflows?status=RUNNING&status=FAILED", "status"],
    ["/workflows?colour=red", "colour"],
    ["/workflows?__proto__=1", "__proto__"],
    ["/workflows/x?view=full&depth=1", "depth"],
    ["/workflows/x/results?view=full", "view"],
    ["/workflows?cursor=abc", "cursor"],
    ["/workflows?name=", "name"],
    ["/api/workflows?cursor=%20", "cursor"],
    ["/workflows/x?view=half", "view"],
    ["/workflows/x/results?wait=soon", "wait"],
    ["/workflows/x/results?wait=-5s", "wait"],
    ["/workflows/x/results?wait=", "wait"],
  ];
  test.each(faults)("%s is 422 and names %s", async (path, name) => {
    const { send } = await serveApp();
    const answer = await send("GET", path);
    expect([problem(answer)[0], answer.json.errors]).toEqual([422, [{ path: `query.${name}`, message: expect.any(String) }]]);
  });

  test("that is not known names all that are, also where a body is sent, and nothing is done", async () => {
    const { send, create } = await serveApp();
    const workflow = { name: "t", dag: { nodes: [node("a")] } };
    const refused = await send("POST", "/workflows?tigger=true&x=1", workflow);
    expect(problem(refused)).toEqual([422, "The query has an unknown parameter, tigger; this route takes trigger, wait."]);
    expect((refused.json.errors as unknown[]).length).toBe(2);
    const id = await create([node("a")]);
    expect(problem(await send("POST", `/workflows/${id}/trigger?wiat=5s`))).toEqual([
      422,
      "The query has an unknown parameter, wiat; this route takes wait.",
    ]);
    const { json } = await send("GET", "/workflows");
    expect(json.workflows).toMatchObject([{ execution_id: id, status: "PENDING", triggered_at: null }]);
  });

  test("may hold what nobody knows where older systems' clients, probes and browsers ask", async () => {
    const { send, create } = await serveApp();
    const id = await create([node("a")]);
    const steps = { name: "t", steps: [{ execution_type: "parallel", tasks: [{ name: "task_a" }] }] };
    const answers = [
      await send("POST", "/workflow?x=1", { name: "t", dag: { nodes: [node("a")] } }),
      await send("POST", `/workflow/trigger/${id}?x=1`),
      await send("POST", "/api/workflow?x=1", steps),
      await send("GET", `/api/workflow/${id}?x=1`),
      await send("GET", "/api/workflows?x=1"),
    ];
    for (const path of ["/health", "/ready", "/docs", "/openapi.json", "/docs/start.js"]) answers.push(await send("GET", `${path}?x=1`));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 202, 200, 200, 200, 200, 200, 200, 200]);
    expect((await send("GET", "/?x=1")).status).toBe(302);
  });

  test("says states in any case", async () => {
    const { send, create, run } = await serveApp();
    const id = await create([node("a")]);
    await run(id);
    for (const word of ["completed", "Completed", "COMPLETED"]) {
      expect((await send("GET", `/workflows?status=${word}`)).json.workflows).toMatchObject([{ execution_id: id }]);
    }
  });
});

describe("trouble inside", () => {
  const failing = (error: Error): Store =>
    Object.assign(openMemoryStore(), { list: () => Promise.reject(error), load: () => Promise.reject(error) });

  test("a store that is away is 503 with Retry-After", async () => {
    const { send } = await serveApp({ store: failing(new StoreUnavailable("the disk is full")) });
    for (const path of ["/workflows", "/workflows/x", "/api/workflows", "/workflows/x/results"]) {
      const answer = await send("GET", path);
      expect([path, ...problem(answer), answer.headers.get("retry-after")]).toEqual([path, 503, "The disk is full.", "1"]);
    }
  });

  test("an engine that is stopping takes nothing new: 503 with Retry-After", async () => {
    const { send, create, engine } = await serveApp();
    const id = await create([node("a")]);
    await engine.stop(0);
    for (const [path, body] of [
      ["/workflows", workflow([node("a")])],
      [`/workflows/${id}/trigger`, undefined],
    ] as const) {
      const answer = await send("POST", path, body);
      expect([...problem(answer), answer.headers.get("retry-after")]).toEqual([503, "The server is stopping.", "1"]);
    }
    expect(problem(await send("GET", "/ready"))).toEqual([503, "This instance is stopping."]);
  });

  test("what nobody foresaw is 500 without a trace of it, and is in the log under the request's id", async () => {
    const { send, logged } = await serveApp({ store: failing(new TypeError("secret internals")) });
    const answer = await send("GET", "/workflows", undefined, { "x-request-id": "mine-17" });
    expect(problem(answer)[0]).toBe(500);
    expect(answer.text).not.toContain("secret internals");
    expect(answer.headers.get("x-request-id")).toBe("mine-17");
    expect(logged.find(({ level }) => level === "error")?.fields).toMatchObject({ requestId: "mine-17", path: "/workflows" });
  });
});

test("what the HTTP library itself refuses is a problem document of the same status, if it is one that we know", async () => {
  const { app, send } = await serveApp();
  app.get("/refused/:status", (c) => {
    throw new HTTPException(c.req.param("status") === "415" ? 415 : 418, { message: "The library says no." });
  });
  expect(problem(await send("GET", "/refused/415"))).toEqual([415, "The library says no."]);
  expect(problem(await send("GET", "/refused/418"))[0]).toBe(500);
});

describe("every answer", () => {
  test("has a request id and headers that keep browsers careful", async () => {
    const { send } = await serveApp();
    for (const path of ["/health", "/nothing", "/docs", "/openapi.json", "/workflows"]) {
      const { headers } = await send("GET", path);
      expect([path, headers.get("x-content-type-options"), headers.get("referrer-policy")]).toEqual([path, "nosniff", "no-referrer"]);
      expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    }
    const strange = await send("GET", "/health", undefined, { "x-request-id": "a b <script>" });
    expect(strange.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });
});
