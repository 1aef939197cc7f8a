/** Goes through the OpenAPI document: every answer that it names happens, and every example is one that a client could have got. */
import { afterAll, describe, expect, test } from "bun:test";
import { StoreUnavailable } from "../../../src/engine/engine.ts";
import { systemClock } from "../../../src/env/clock.ts";
import { systemHandles } from "../../../src/env/process/handles.ts";
import { serve } from "../../../src/http/server.ts";
import { openMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { type JsonSchema, misfits } from "./json-schema.ts";
import { type Answer, answerOf, type Served, serveApp } from "../served.ts";

type Media = { readonly schema: JsonSchema; readonly examples?: Readonly<Record<string, { readonly value: unknown }>> };
type Operation = {
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, Media>>; readonly headers?: Readonly<Record<string, unknown>> }>
  >;
};
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
};
type Route = { readonly method: string; readonly path: string; readonly operation: Operation };

const served = await serveApp({ bodyBytes: 32 * 1024 * 1024 });
const failing = (error: Error): Promise<Served> =>
  serveApp({ store: Object.assign(openMemoryStore(), { list: () => Promise.reject(error), load: () => Promise.reject(error) }) });
const away = await failing(new StoreUnavailable("the store does not answer"));
const broken = await failing(new Error("nobody foresaw this"));
const stopped = await serveApp();
await stopped.engine.stop(0);
const started = serve({
  host: "127.0.0.1",
  port: 0,
  callers: { hosts: [], origins: [], proxied: false },
  connections: null,
  handles: systemHandles,
  clock: systemClock,
  report: (sentence) => {
    throw new Error(sentence);
  },
});
if (!started.ok) throw new Error(started.reason);
const { serving } = started;
afterAll(() => serving.stop(0));

const document = (await served.send("GET", "/openapi.json")).json as unknown as Document;
const routes: Route[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
);
const ID = /\{\w+\}/g;
const fits = (value: unknown, schema: JsonSchema): readonly string[] => misfits(value, schema, document.components.schemas);

const node = { id: "a", handler: "noop" };
const hello = { name: "hello", tags: ["demo"], dag: { nodes: [{ id: "greet", handler: "noop" }] } };
const newExecution = async (at: Served): Promise<string> => String((await at.send("POST", "/workflow", hello)).json.execution_id);

/** A body that the route takes: its first example. */
function bodyOf({ operation }: Route): unknown {
  const examples = operation.requestBody?.content["application/json"]?.examples ?? {};
  return Object.values(examples)[0]?.value;
}

type Asked = {
  readonly at?: Served;
  readonly id?: string;
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
};

async function ask(route: Route, { at = served, id = "x", query = "", body = bodyOf(route), headers = {} }: Asked): Promise<Answer> {
  return at.send(route.method, route.path.replace(ID, id) + query, body, headers);
}

async function fetched(route: Route, headers: Record<string, string>): Promise<Answer> {
  const answer = await fetch(`${serving.url}${route.path.replace(ID, "x")}`, { method: route.method, headers, redirect: "manual" });
  return answerOf(answer);
}

/** One that is never triggered. */
const undone = await newExecution(served);

/** How each problem comes about, by the name of its example. */
const PROBLEMS: Readonly<Record<string, (route: Route) => Promise<Answer>>> = {
  brokenJson: (route) => ask(route, { body: '{"name": "hello",' }),
  badDefinition: (route) => ask(route, { body: { name: "t", dag: { nodes: [{ ...node, dependencies: ["b"] }] } } }),
  badSteps: (route) => ask(route, { body: { name: "t", steps: [{ execution_type: "parallel", tasks: [{ name: "task_x" }] }] } }),
  noExecution: (route) => ask(route, {}),
  tooLarge: (route) => ask(route, { body: "{}", headers: { "content-length": "33554433" } }),
  otherType: (route) => ask(route, { body: "<a/>", headers: { "content-type": "text/xml", "content-length": "4" } }),
  badShape: (route) => ask(route, { body: { name: "t", dag: { nodes: [{ ...node, priority: "high" }] } } }),
  badStepsShape: (route) => ask(route, { body: { name: "t", steps: [{ execution_type: "random", tasks: [{ name: "task_a" }] }] } }),
  async keyReused(route) {
    const headers = { "idempotency-key": route.path };
    await ask(route, { headers });
    return ask(route, { headers, body: { ...(bodyOf(route) as object), name: "another" } });
  },
  unknownParameter: (route) => ask(route, { query: "?colour=red" }),
  badParams: (route) => ask(route, { body: [1] }),
  badCancel: (route) => ask(route, { id: undone, body: { reason: 5 } }),
  badPriority: (route) => ask(route, { id: undone, body: { priority: 11 } }),
  alreadyFinished: (route) => ask(route, { id, body: { priority: 1 } }),
  notRunning: (route) => ask(route, { id: undone }),
  notFinished: (route) => ask(route, { id: undone }),
  badCancelQuery: (route) => ask(route, { query: "?cancel=yes" }),
  badLimit: (route) => ask(route, { query: "?limit=0" }),
  badView: (route) => ask(route, { query: "?view=half" }),
  badWait: (route) => ask(route, { query: "?wait=soon" }),
  badTrigger: (route) => ask(route, { query: "?trigger=yes" }),
  badParamsBeside: (route) => ask(route, { query: "?trigger=true", body: { definition: hello, params: [1] } }),
  stopping: (route) => ask(route, { at: stopped }),
  storeAway: (route) => ask(route, { at: away }),
  notReady: (route) => ask(route, { at: stopped }),
  failed: (route) => ask(route, { at: broken }),
  badHost: (route) => fetched(route, { host: "a b" }),
  foreignPage: (route) => fetched(route, { origin: "https://other.example" }),
  unknownHost: (route) => fetched(route, { host: "troupe.example" }),
  starting: (route) => fetched(route, {}),
};

/** What a store that is broken does to whoever writes is not to be had from outside. */
const isUnforeseenWrite = (name: string, { method }: Route): boolean => name === "failed" && method !== "GET";

describe.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))("%s", (_, route) => {
  const media = Object.entries(route.operation.responses).flatMap(([status, { content = {}, headers = {} }]) =>
    Object.entries(content).map(([type, { schema, examples = {} }]) => ({ status: Number(status), type, schema, examples, headers })),
  );

  test("has an example of every answer that has a schema, and each fits it", () => {
    for (const { status, schema, examples } of media) {
      expect(Object.keys(examples).length, `${status}`).toBeGreaterThan(0);
      for (const [name, { value }] of Object.entries(examples)) expect([status, name, fits(value, schema)]).toEqual([status, name, []]);
    }
  });

  test("says whether it refuses query parameters that it does not know", async () => {
    const { json } = await ask(route, { query: "?colour=red" });
    const isRefused = String(json.detail).startsWith("The query has an unknown parameter, colour");
    const { examples = {} } = route.operation.responses["422"]?.content?.["application/problem+json"] ?? {};
    expect(Object.hasOwn(examples, "unknownParameter")).toBe(isRefused);
  });

  test("takes each example of its body, which fits the schema", async () => {
    for (const { schema, examples = {} } of Object.values(route.operation.requestBody?.content ?? {})) {
      for (const { value } of Object.values(examples)) {
        expect(fits(value, schema)).toEqual([]);
        const query = Object.hasOwn(value as object, "definition") ? "?trigger=true" : "";
        const answer = await ask(route, { id: await newExecution(served), body: value, query });
        expect([Math.trunc(answer.status / 100), answer.json.warnings]).toEqual([2, undefined]);
      }
    }
  });

  for (const { status, type, schema, examples, headers } of media.filter(({ type }) => type === "application/problem+json")) {
    test.each(Object.entries(examples))(`answers ${status} %s as its example says, to the letter`, async (name, { value }) => {
      if (isUnforeseenWrite(name, route)) return;
      const make = PROBLEMS[name];
      if (make === undefined) throw new Error(`Nothing here makes the problem ${name}.`);
      const answer = await make(route);
      const shown = { ...answer.json, ...(name === "badSteps" && forAnyCatalog(answer.json)) };
      expect([answer.status, answer.headers.get("content-type"), shown]).toEqual([status, type, value as typeof shown]);
      expect(fits(answer.json, schema)).toEqual([]);
      for (const header of Object.keys(headers)) expect([header, answer.headers.has(header)]).toEqual([header, true]);
    });
  }
});

/** Which handlers are known hangs on the folder. */
function forAnyCatalog({ detail, errors }: Answer["json"]): object {
  const cut = (text: unknown): string => String(text).replace(/Known are: .*$/, "Known are: input, output, …");
  return {
    detail: cut(detail),
    errors: (errors as { path: string; message: string }[]).map((error) => ({ ...error, message: cut(error.message) })),
  };
}

const id = await newExecution(served);
await served.run(id);
const { etag = "" } = Object.fromEntries((await served.send("GET", `/workflows/${id}`)).headers);
const steps = { name: "hello", steps: [{ execution_type: "parallel", tasks: [{ name: "task_a" }] }] };
const stepsId = String((await served.send("POST", "/api/workflow?wait=30s", steps)).json.workflow_id);
const fresh = async (): Promise<Asked> => ({ id: await newExecution(served), body: {} });
const waiting = async (): Promise<Asked> => {
  const held = await served.create([{ id: "a", handler: "held" }]);
  await served.send("POST", `/workflows/${held}/trigger`);
  return { id: held };
};
const paused = async (): Promise<Asked> => {
  const asked = await waiting();
  await served.send("POST", `/workflows/${asked.id}/pause`);
  return asked;
};

/** By route and example. Not here: 202 of a command, for which the owner must be another instance that is silent. */
const answers: readonly (readonly [method: string, path: string, example: string, asked: Asked])[] = [
  ["POST", "/workflows", "created", { body: hello }],
  ["POST", "/workflows", "started", { body: { definition: hello, params: {} }, query: "?trigger=true" }],
  ["POST", "/workflows", "with_wait", { body: hello, query: "?trigger=true&wait=30s" }],
  ["POST", "/workflow", "created", { body: hello }],
  ["GET", "/workflows", "page", { query: "?limit=1" }],
  ["GET", "/workflows/{execution_id}", "full", { id }],
  ["GET", "/workflows/{execution_id}/results", "ended", { id }],
  ["POST", "/workflows/{execution_id}/trigger", "triggered", await fresh()],
  ["POST", "/workflows/{execution_id}/trigger", "with_wait", { ...(await fresh()), query: "?wait=30s" }],
  ["POST", "/workflow/trigger/{execution_id}", "triggered", await fresh()],
  ["POST", "/workflow/trigger/{execution_id}", "with_wait", { ...(await fresh()), query: "?wait=30s" }],
  ["POST", "/workflows/{execution_id}/cancel", "changed", await fresh()],
  ["POST", "/workflows/{execution_id}/pause", "changed", await waiting()],
  ["POST", "/workflows/{execution_id}/resume", "changed", await paused()],
  ["DELETE", "/workflows/{execution_id}", "cancelled", { ...(await waiting()), query: "?cancel=true" }],
  ["PATCH", "/workflows/{execution_id}", "changed", { id: await newExecution(served), body: { priority: 8 } }],
  ["POST", "/api/workflow", "accepted", { body: steps }],
  ["POST", "/api/workflow", "with_wait", { body: steps, query: "?wait=30s" }],
  ["GET", "/api/workflow/{id}", "ended", { id: stepsId }],
  ["GET", "/api/workflows", "page", { query: "?limit=1" }],
  ["GET", "/health", "alone", {}],
  ["GET", "/ready", "ready", {}],
];

describe("what is answered where all is well", () => {
  test.each(answers)(
    "%s %s: its example %s has the members of a real answer, and both fit the schema",
    async (method, path, example, asked) => {
      const route = routes.find((one) => one.method === method && one.path === path);
      if (route === undefined) throw new Error("There is no such route.");
      const answer = await ask(route, asked);
      const described = route.operation.responses[String(answer.status)];
      const media = described?.content?.["application/json"];
      expect([answer.status, Object.keys(media?.examples ?? {})]).toEqual([answer.status, expect.arrayContaining([example])]);
      const real = JSON.parse(answer.text) as unknown;
      expect(fits(real, media?.schema ?? {})).toEqual([]);
      expect(Object.keys(media?.examples?.[example]?.value as object)).toEqual(Object.keys(real as object));
      for (const header of Object.keys(described?.headers ?? {})) expect([header, answer.headers.has(header)]).toEqual([header, true]);
    },
  );

  test("every example is held against an answer", () => {
    const others = ["DELETE", "PATCH"].map((method) => `${method} /workflows/{execution_id} queued`);
    const held = new Set(answers.map(([method, path, example]) => `${method} ${path} ${example}`));
    const named = routes.flatMap(({ method, path, operation }) =>
      Object.values(operation.responses).flatMap(({ content }) =>
        Object.keys(content?.["application/json"]?.examples ?? {}).map((example) => `${method} ${path} ${example}`),
      ),
    );
    expect(named.filter((one) => !held.has(one))).toEqual([
      ...others,
      ...["trigger", "cancel", "pause", "resume"].map((command) => `POST /workflows/{execution_id}/${command} queued`),
    ]);
  });

  test("what has no body: nothing has changed, and where the documentation is", async () => {
    expect((await served.send("GET", `/workflows/${id}`, undefined, { "if-none-match": etag })).status).toBe(304);
    expect((await served.send("GET", "/")).status).toBe(302);
    expect((await served.send("GET", "/docs")).status).toBe(200);
  });
});
