/** POST /workflows?trigger=true: a definition is stored and started in one act. */
import { beforeAll, describe, expect, test } from "bun:test";
import { openMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { type Served, serveApp } from "../served.ts";

let served: Served;
beforeAll(async () => {
  served = await serveApp();
});

const definition = (more: object = {}) => ({ name: "order", dag: { nodes: [{ id: "a", handler: "input", config: {} }] }, ...more });
const send = (body: unknown, query = "trigger=true", headers = {}) => served.send("POST", `/workflows?${query}`, body, headers);
const ended = "trigger=true&wait=30s";

describe("a definition", () => {
  test("is stored and runs: 201 says where it is, and its status by then", async () => {
    const answer = await send(definition());
    expect([answer.status, answer.headers.get("location")]).toEqual([201, `/workflows/${answer.json.execution_id}`]);
    expect(answer.json).toMatchObject({ name: "order", status: "RUNNING", message: "The workflow was accepted and triggered." });
    const trigger = await served.run(String(answer.json.execution_id));
    expect(trigger.json).toMatchObject({ completed: true });
    expect(String(trigger.json.trigger)).toContain("already");
  });

  test("under `definition` has its params beside it, with all their digits", async () => {
    const answer = await send(
      '{"params":{"user":12345678901234567890},"definition":{"name":"n","dag":{"nodes":[{"id":"a","handler":"input"}]}}}',
      ended,
    );
    expect([answer.status, answer.json.status, answer.headers.get("location")]).toMatchObject([201, "COMPLETED", expect.any(String)]);
    expect(answer.text).toContain('"results":{"a":{"user":12345678901234567890}}');
  });

  test("that allows it has a node's config changed by params, and one that does not has not", async () => {
    const nodes = [{ id: "a", handler: "llm", config: { prompt: "charge 5" } }];
    const params = { a: { prompt: "charge 1" } };
    const allowed = await send({ definition: { name: "n", overrides: ["a"], dag: { nodes } }, params }, ended);
    const refused = await send({ definition: { name: "n", dag: { nodes } }, params }, ended);
    expect([allowed, refused].map(({ text }) => [text.includes("charge 1"), text.includes("charge 5")])).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  test("may come with large params, with none, and in YAML", async () => {
    const text = "p".repeat(400_000);
    const large = await send({ definition: definition(), params: { text } }, ended);
    expect((large.json.results as { a: { text: string } }).a.text === text).toBe(true);
    for (const params of [null, {}, undefined])
      expect((await send({ definition: definition(), params }, ended)).json).toMatchObject({ completed: true });
    const yaml = "definition:\n  name: y\n  dag:\n    nodes:\n      - {id: a, handler: input}\nparams:\n  x: 1\n";
    const answer = await send(yaml, ended, { "content-type": "application/yaml" });
    expect(answer.json.results).toEqual({ a: { x: 1 } });
  });

  test("that is doubtful says so, with `wait` too, by the place in the body", async () => {
    const doubtful = definition({ colour: "red" });
    const warnings = [{ path: "colour", message: 'The field "colour" is not known and was ignored.' }];
    expect((await send(doubtful)).json.warnings).toEqual(warnings);
    const waited = await send(doubtful, ended);
    expect(waited.json).toMatchObject({ completed: true, warnings });
    expect((await send({ definition: doubtful }, ended)).json.warnings).toMatchObject([{ path: "definition.colour" }]);
    expect((await send(definition(), ended)).json).not.toHaveProperty("warnings");
  });

  test("that has a field of the name `definition` itself stays one", async () => {
    expect((await send(definition({ definition: { kept: true } }), ended)).json).toMatchObject({ name: "order", completed: true });
    expect((await send(definition({ description: 'a "definition"' }), ended)).json).toMatchObject({ name: "order", completed: true });
  });

  test("waits for room where there is none", async () => {
    const narrow = await serveApp({ maxRunningExecutions: 1 });
    const held = { name: "held", dag: { nodes: [{ id: "a", handler: "held", config: { name: "created-triggered" } }] } };
    const [first, second] = [
      await narrow.send("POST", "/workflows?trigger=true", held),
      await narrow.send("POST", "/workflows?trigger=true", held),
    ];
    expect([first?.json.status, second?.json.status]).toEqual(["RUNNING", "PENDING"]);
  });
});

describe("what cannot be started", () => {
  const refusals: [string, unknown, number, string][] = [
    ["params that are a list", { definition: definition(), params: [] }, 422, "params"],
    [
      "a node of the wrong shape, by its place in the body",
      { definition: { name: "n", dag: { nodes: [{ id: 5 }] } } },
      422,
      "definition.dag.nodes.0",
    ],
    [
      "an unknown dependency",
      { definition: { name: "n", dag: { nodes: [{ id: "a", handler: "noop", dependencies: ["b"] }] } } },
      400,
      "definition.dag.nodes.0",
    ],
    ["misspelt params", { definition: definition(), parms: { n: 1 } }, 422, "parms"],
    ["broken JSON", '{"definition":{"name":"n",}}', 400, ""],
    ["no definition", { params: {} }, 422, ""],
  ];
  test.each(refusals)("is refused, and nothing is stored: %s", async (_, body, status, path) => {
    const before = (await served.send("GET", "/workflows?limit=1000")).json.workflows as unknown[];
    const answer = await send(body);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "application/problem+json"]);
    expect(JSON.stringify(answer.json.errors ?? [{ path: "" }])).toContain(`"path":"${path}`);
    expect(((await served.send("GET", "/workflows?limit=1000")).json.workflows as unknown[]).length).toBe(before.length);
  });

  test("is waited for by nobody: wait without trigger=true is 422", async () => {
    const answer = await send(definition(), "wait=5s");
    expect([answer.status, answer.json.errors]).toMatchObject([422, [{ path: "query.wait" }]]);
    expect((await send(definition(), "trigger=yes")).status).toBe(422);
    expect((await send(definition(), "trigger=false")).json.status).toBe("PENDING");
  });
});

test("a body with a definition and its params says what it lacks where trigger=true is missing", async () => {
  const answer = await send({ definition: definition(), params: { n: 1 } }, "");
  expect([answer.status, answer.json.errors]).toEqual([422, [{ path: "definition", message: "Expected only with trigger=true" }]]);
  expect(answer.json.detail).toContain("?trigger=true");
});

test("with an Idempotency-Key happens once, and the key is for this request alone", async () => {
  const key = { "idempotency-key": "created-triggered" };
  const body = { definition: definition(), params: { n: 1 } };
  const first = await send(body, ended, key);
  const again = await send(body, "trigger=true", key);
  expect([first.status, again.status, again.json.execution_id, again.json.status]).toEqual([
    201,
    201,
    first.json.execution_id,
    "COMPLETED",
  ]);
  expect((await send({ ...body, params: { n: 2 } }, "trigger=true", key)).status).toBe(422);
  const other = { "idempotency-key": "created-triggered-alone" };
  expect((await send(definition(), "trigger=true", other)).status).toBe(201);
  expect((await send(definition(), "trigger=false", other)).status).toBe(422);
});

test("is one write: created, triggered and started in the first chunk", async () => {
  const writes: string[] = [];
  const memory = openMemoryStore();
  const store = new Proxy(memory, {
    get(target, name) {
      const found = Reflect.get(target, name) as unknown;
      if (typeof found !== "function") return found;
      return (...given: readonly unknown[]) => {
        if (name === "create" || name === "commit") writes.push(name);
        return Reflect.apply(found, target, given);
      };
    },
  });
  const { send: ask } = await serveApp({ store });
  await ask("POST", "/workflows?trigger=true", {
    name: "held",
    dag: { nodes: [{ id: "a", handler: "held", config: { name: "one-write" } }] },
  });
  expect(writes).toEqual(["create"]);
});
