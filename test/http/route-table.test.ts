/** What a row of a route table is enough for: every method, bodies that are read, checked and described, and all refusals, over HTTP. */
import { afterAll, describe, expect, test } from "bun:test";
import { systemClock } from "../../src/env/clock.ts";
import { systemHandles } from "../../src/env/process/handles.ts";
import { serve } from "../../src/http/server.ts";
import { type JsonSchema, misfitsAndExtras } from "./openapi/json-schema.ts";
import { type Answer, answerOf, serveApp } from "./served.ts";
import { createSmallApp } from "./small-app.ts";

const PAGE = "https://app.example";
const { options, engine, create } = await serveApp({ bodyBytes: 1_000 });
const { app, recipes } = createSmallApp(options);
const started = serve({
  host: "127.0.0.1",
  port: 0,
  callers: { hosts: [], origins: [PAGE], proxied: false },
  connections: null,
  handles: systemHandles,
  clock: systemClock,
  report: () => undefined,
});
if (!started.ok) throw new Error(started.reason);
const { serving } = started;
serving.open(app);
afterAll(() => serving.stop(0));

async function send(method: string, path: string, body: unknown = null, headers: Record<string, string> = {}): Promise<Answer> {
  const text = body === null || typeof body === "string" ? body : JSON.stringify(body);
  return answerOf(await fetch(serving.url + path, { method, headers, body: text }));
}

/** Every refusal is a problem document. */
function problem({ status, headers, json }: Answer): readonly unknown[] {
  expect([headers.get("content-type"), json.status]).toEqual(["application/problem+json", status]);
  return [status, json.title, json.detail];
}

const soup = { title: "Soup", spices: ["salt"] };

describe("a path of several methods", () => {
  test("answers each by its own row", async () => {
    const put = await send("PUT", "/recipes/tea", { title: "Tea" });
    expect([put.status, put.json, put.headers.get("kitchen-version")]).toEqual([201, { name: "tea", version: 1, created: true }, "1"]);
    expect((await send("PUT", "/recipes/tea", { title: "Tea" })).json).toEqual({ name: "tea", version: 1, created: false });
    expect((await send("GET", "/recipes/tea")).json).toEqual({ title: "Tea", spices: [] });
    expect((await send("PATCH", "/recipes/tea", { servings: 3, more: 1 })).json).toEqual({ changed: true, servings: 3 });
    const deleted = await send("DELETE", "/recipes/tea");
    expect([deleted.status, deleted.text, deleted.headers.get("x-content-type-options")]).toEqual([204, "", "nosniff"]);
    expect(recipes.has("tea")).toBe(false);
  });

  test("names all of them where another is asked for, and to OPTIONS", async () => {
    for (const [path, allow] of [
      ["/recipes/tea", "PUT, GET, HEAD, PATCH, DELETE, OPTIONS"],
      ["/hooks/a", "POST, OPTIONS"],
    ] as const) {
      const other = await send(path === "/hooks/a" ? "DELETE" : "POST", path);
      expect([problem(other)[0], other.headers.get("allow")]).toEqual([405, allow]);
      const asked = await send("OPTIONS", path);
      expect([asked.status, asked.text, asked.headers.get("allow")]).toEqual([204, "", allow]);
    }
  });

  test("answers HEAD as GET without the body, and refuses it where there is no GET", async () => {
    await send("PUT", "/recipes/head", soup);
    const [get, head] = [await send("GET", "/recipes/head"), await send("HEAD", "/recipes/head")];
    expect([head.status, head.text, head.headers.get("content-length")]).toEqual([200, "", String(get.text.length)]);
    expect((await send("HEAD", "/hooks/a")).status).toBe(405);
  });
});

describe("a body that a schema checks", () => {
  const put = (body: unknown, headers?: Record<string, string>) => send("PUT", "/recipes/checked", body, headers);

  test("is JSON or YAML", async () => {
    expect((await put("title: Pie\nspices: [sugar]\n", { "content-type": "application/yaml" })).status).toBe(201);
    expect((await send("GET", "/recipes/checked")).json).toEqual({ title: "Pie", spices: ["sugar"] });
    expect(problem(await put("<a/>", { "content-type": "text/xml" }))[0]).toBe(415);
  });

  test("is refused with the place of what does not fit, and nothing is done", async () => {
    const before = recipes.get("checked");
    const wrong = await put({ title: 5, spices: ["salt", null] });
    expect(problem(wrong)[2]).toBe("In the body, title is not usable. Invalid type: Expected string but received a number.");
    expect((wrong.json.errors as { path: string }[]).map(({ path }) => path)).toEqual(["title", "spices.1"]);
    expect(problem(await put("[]"))[0]).toBe(422);
    expect(problem(await put("null"))[2]).toStartWith("The body is not usable. ");
    expect(recipes.get("checked")).toEqual(before);
  });

  test("is refused where it is missing, broken, too deep or too large", async () => {
    expect(problem(await put(null))).toEqual([400, "Bad Request", "The request has no body; a JSON document is expected."]);
    expect(problem(await put('{"title": }'))[2]).toContain("line 1, column 11");
    expect(problem(await put(`{"title": ${"[".repeat(200)}${"]".repeat(200)}}`))[2]).toBe("The body is nested deeper than 128 levels.");
    expect(problem(await put({ title: "x".repeat(1_000) }))[0]).toBe(413);
  });

  test("may be left out where its row says so", async () => {
    expect((await send("PATCH", "/recipes/x")).json).toEqual({ changed: false, servings: null });
    expect(problem(await send("PATCH", "/recipes/x", { servings: 0 }))[0]).toBe(422);
    expect(problem(await send("PATCH", "/recipes/x", "[]"))[2]).toBe("The body is a list; it must be an object.");
  });

  test("is a text where its row reads it itself", async () => {
    const text = '{"id": 12345678901234567890}';
    expect((await send("POST", "/hooks/a", text, { signature: "s" })).text).toBe(text);
    const lines = await send("POST", "/lines", "{}\n{}\n{}", { "content-type": "application/x-ndjson" });
    expect([lines.status, lines.text]).toEqual([200, "3"]);
  });

  test("may have a limit of its own", async () => {
    const refused = await send("POST", "/hooks/a", { text: "x".repeat(100) }, { signature: "s" });
    expect(problem(refused)).toEqual([413, "Content Too Large", "The body is larger than the limit of 100 bytes."]);
    expect((await send("PATCH", "/recipes/x", { servings: 1, text: "x".repeat(100) })).status).toBe(200);
  });
});

describe("a refusal", () => {
  test("401 says how to prove who calls", async () => {
    const answer = await send("POST", "/hooks/a", {});
    expect([...problem(answer), answer.headers.get("www-authenticate")]).toEqual([
      401,
      "Unauthorized",
      "The signature is missing.",
      "Signature",
    ]);
  });

  test("409 has a word for programs", async () => {
    const answer = await send("DELETE", "/recipes/soup");
    expect([...problem(answer), answer.json.code]).toEqual([409, "Conflict", "The recipe is in use.", "in_use"]);
  });

  test("412 is what If-Match asks for, and a header that is none is 422", async () => {
    await send("PUT", "/recipes/matched", soup);
    const other = { title: "Stew" };
    expect(problem(await send("PUT", "/recipes/matched", other, { "if-match": '"3"' })).slice(0, 2)).toEqual([412, "Precondition Failed"]);
    expect((await send("PUT", "/recipes/matched", other, { "if-match": '"1"' })).json).toMatchObject({ version: 2, created: true });
    const broken = await send("PUT", "/recipes/matched", other, { "if-match": "3" });
    expect([problem(broken)[0], broken.json.errors]).toMatchObject([422, [{ path: "header.if-match" }]]);
  });

  test("429 says when to come again", async () => {
    const answer = await send("POST", "/hooks/busy", {}, { signature: "s" });
    expect([problem(answer)[1], answer.headers.get("retry-after")]).toEqual(["Too Many Requests", "7"]);
  });
});

describe("the row of a command", () => {
  test("gives it the body and what stands in the path, and its words are the answer", async () => {
    const id = await create([{ id: "a", handler: "input" }]);
    const answer = await send("POST", `/workflows/${id}/begin/now`, { reason: "It is time." });
    expect([answer.status, answer.text]).toEqual([200, `{"execution_id":"${id}","changed":true,"message":"It begins."}`]);
    await engine.waitForEnd(id, 30_000);
    const view = await engine.view(id);
    expect(view?.nodes.map(({ output }) => output)).toEqual(['{"name":"now","reason":"It is time."}']);
  });

  test("may make a rejection a 409, and what is not there is 404", async () => {
    const id = await create([{ id: "a", handler: "noop" }]);
    await send("POST", `/workflows/${id}/begin/now`);
    await engine.waitForEnd(id, 30_000);
    const again = await send("POST", `/workflows/${id}/begin/now`);
    expect([...problem(again), again.json.code]).toEqual([409, "Conflict", "It is COMPLETED.", "already_finished"]);
    expect(problem(await send("POST", "/workflows/nobody/begin/now"))[0]).toBe(404);
  });
});

describe("a page of another site", () => {
  const foreign = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
  ];
  test.each(["PUT", "PATCH", "DELETE", "POST", "OPTIONS", "HEAD"])("is refused %s, and nothing is done", async (method) => {
    await send("PUT", "/recipes/guarded", soup);
    for (const headers of foreign) {
      const answer = await send(method, method === "POST" ? "/hooks/a" : "/recipes/guarded", null, headers);
      expect([headers, answer.status]).toEqual([headers, 403]);
    }
    expect(recipes.get("guarded")).toEqual([JSON.stringify(soup)]);
  });

  test("calls where its origin is named: its browser is told every method of the path, and that If-Match may be sent", async () => {
    const asked = await send("OPTIONS", "/recipes/a", null, { origin: PAGE, "access-control-request-method": "DELETE" });
    expect([asked.status, asked.headers.get("access-control-allow-methods")]).toEqual([204, "PUT, GET, HEAD, PATCH, DELETE, OPTIONS"]);
    expect(asked.headers.get("access-control-allow-headers")?.split(", ")).toContain("if-match");
    expect((await send("PUT", "/recipes/page", soup, { origin: PAGE })).status).toBe(201);
  });
});

describe("the OpenAPI document", () => {
  type Media = { readonly schema: JsonSchema; readonly examples?: Readonly<Record<string, { readonly value: unknown }>> };
  type Described = { readonly content?: Readonly<Record<string, Media>>; readonly headers?: object };
  type Operation = {
    readonly requestBody?: Described & { readonly required: boolean };
    readonly parameters?: readonly { readonly name: string; readonly in: string }[];
    readonly responses: Readonly<Record<string, Described>>;
  };
  type Document = {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
  };
  const read = async () => (await send("GET", "/openapi.json")).json as unknown as Document;

  test("has every row, with its parameters, headers and body", async () => {
    const { paths, components } = await read();
    expect(Object.keys(paths["/recipes/{name}"] ?? {})).toEqual(["put", "get", "patch", "delete"]);
    const { put, patch } = paths["/recipes/{name}"] ?? {};
    expect(put?.parameters?.map(({ in: where, name }) => `${where} ${name}`).sort()).toEqual(["header if-match", "path name"]);
    expect([put?.requestBody?.required, patch?.requestBody?.required]).toEqual([true, false]);
    expect(Object.keys(put?.requestBody?.content ?? {})).toEqual(["application/json", "application/yaml"]);
    expect(Object.keys(put?.responses["201"]?.headers ?? {})).toEqual(["Location", "ETag", "Kitchen-Version"]);
    expect(Object.keys(paths["/lines"]?.post?.requestBody?.content ?? {})).toEqual(["application/x-ndjson"]);
    expect(components.schemas.Recipe).toMatchObject({ required: ["title"] });
  });

  test("describes each refusal with its header, a 409 with its code, and every example fits its schema", async () => {
    const { paths, components } = await read();
    const refused = (path: string, method: string, status: number) => paths[path]?.[method]?.responses[String(status)];
    expect(Object.keys(refused("/hooks/{name}", "post", 401)?.headers ?? {})).toEqual(["WWW-Authenticate"]);
    expect(Object.keys(refused("/hooks/{name}", "post", 429)?.headers ?? {})).toEqual(["Retry-After"]);
    expect(refused("/recipes/{name}", "put", 412)?.content).toHaveProperty("application/problem+json");
    const conflict = refused("/recipes/{name}", "delete", 409)?.content?.["application/problem+json"];
    expect(conflict?.schema).toEqual({ $ref: "#/components/schemas/Conflict" });
    expect(components.schemas.Conflict?.required).toContain("code");
    const media = Object.values(paths).flatMap((methods) =>
      Object.values(methods).flatMap(({ requestBody = {}, responses }) =>
        [requestBody, ...Object.values(responses)].flatMap(({ content = {} }: Described) => Object.values(content)),
      ),
    );
    const examples = media.flatMap(({ schema, examples = {} }) => Object.values(examples).map(({ value }) => ({ value, schema })));
    expect(examples.length).toBeGreaterThan(20);
    for (const { value, schema } of examples) expect([value, ...misfitsAndExtras(value, schema, components.schemas)]).toEqual([value]);
  });
});
