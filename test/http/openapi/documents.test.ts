/** The OpenAPI document says what the routes do, and the page at /docs needs nothing from outside. */
import { describe, expect, test } from "bun:test";
import { stepsExample } from "../../../src/http/openapi/examples.ts";
import { type JsonSchema, misfitsAndExtras } from "./json-schema.ts";
import { type Answer, serveApp } from "../served.ts";

type Operation = {
  readonly summary?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Record<string, unknown> }[];
  readonly requestBody?: {
    readonly content: Record<
      string,
      { readonly schema: Record<string, unknown>; readonly examples?: Record<string, { readonly value: unknown }> }
    >;
  };
  readonly responses: Record<string, { readonly description: string; readonly content?: Record<string, { readonly schema: JsonSchema }> }>;
};
type OpenApi = {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, Record<string, unknown>> };
};

async function served() {
  const all = await serveApp();
  const { json } = await all.send("GET", "/openapi.json");
  return { ...all, document: json as OpenApi };
}

describe("the OpenAPI document", () => {
  test("is of version 3.1 and refers only to what it holds", async () => {
    const { document } = await served();
    expect([document.openapi, document.info.version]).toEqual(["3.1.0", "0.0.0-test"]);
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((found) => found[1] ?? "");
    expect(references.length).toBeGreaterThan(20);
    expect(references.filter((name) => !(name in document.components.schemas))).toEqual([]);
  });

  test("has every route of the app but the page's own files, and no other", async () => {
    const { document, app } = await served();
    const routes = app.routes
      .filter(({ method, path }) => method !== "ALL" && !path.startsWith("/docs/"))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual([...new Set(routes)].sort());
  });

  test("describes each answer, problems as problem documents, and gives every operation a name of its own", async () => {
    const { document } = await served();
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    for (const { summary, responses } of operations) {
      expect(summary).toMatch(/./);
      for (const [status, { description, content }] of Object.entries(responses)) {
        expect(description).toMatch(/./);
        const shape = status === "409" ? "Conflict" : "Problem";
        if (Number(status) >= 400)
          expect(content).toMatchObject({ "application/problem+json": { schema: { $ref: `#/components/schemas/${shape}` } } });
      }
    }
    const names = operations.map((operation) => (operation as { operationId?: string }).operationId);
    expect(new Set(names).size).toBe(names.length);
  });

  test("tells the limits of parameters and of the definition", async () => {
    const { document } = await served();
    const parameters = document.paths["/workflows"]?.get?.parameters ?? [];
    expect(parameters.find(({ name }) => name === "limit")?.schema).toEqual({ type: "integer", minimum: 1, maximum: 1000, default: 50 });
    expect(parameters.find(({ name }) => name === "cursor")?.schema).toEqual({ type: "string", minLength: 1 });
    const trigger = document.paths["/workflows/{execution_id}/trigger"]?.post;
    expect(trigger?.parameters?.map(({ in: where, name }) => `${where} ${name}`).sort()).toEqual(["path execution_id", "query wait"]);
    const workflow = JSON.stringify(document.components.schemas.Workflow);
    expect(workflow).toContain('"pattern":"^[A-Za-z0-9_-]{1,128}$"');
    expect(workflow).toContain('"config":{"anyOf":[{"type":"object","additionalProperties":true},{"type":"null"}]}');
  });

  test("has examples that are accepted as they stand, and both forms of the trigger's body", async () => {
    const { document, send } = await served();
    const examples = (path: string) => Object.values(document.paths[path]?.post?.requestBody?.content["application/json"]?.examples ?? {});
    expect([examples("/workflows").length, examples("/api/workflow").length, examples("/workflows/{execution_id}/trigger").length]).toEqual(
      [3, 1, 3],
    );
    for (const { value } of examples("/workflows")) {
      const started = await send("POST", "/workflows?trigger=true", value);
      expect([started.status, started.json.warnings]).toEqual([201, undefined]);
      if (typeof value === "object" && value !== null && "definition" in value) continue;
      const created = await send("POST", "/workflows", value);
      expect([created.status, created.json.warnings]).toEqual([201, undefined]);
      for (const { value: body } of examples("/workflows/{execution_id}/trigger")) {
        expect((await send("POST", `/workflows/${created.json.execution_id}/trigger`, body)).status).toBe(200);
      }
    }
    for (const { value } of examples("/api/workflow")) expect((await send("POST", "/api/workflow", value)).json.warnings).toBeUndefined();
  });

  test("describes answers as they are: all members, and no other", async () => {
    const { send, create, document } = await served();
    const id = await create([
      { id: "a", handler: "broken" },
      { id: "b", handler: "big", config: { characters: 100_000 } },
    ]);
    const held = async (method: string, path: string, asked = path.replace(/\{\w+\}/, id), body?: unknown): Promise<Answer> => {
      const answer = await send(method, asked, body);
      const content = document.paths[path]?.[method.toLowerCase()]?.responses[String(answer.status)]?.content ?? {};
      const { schema = {} } = content[answer.headers.get("content-type") ?? ""] ?? {};
      expect([method, asked, schema]).not.toEqual([method, asked, {}]);
      expect([method, asked, ...misfitsAndExtras(answer.json, schema, document.components.schemas)]).toEqual([method, asked]);
      return answer;
    };
    await held("POST", "/workflows/{execution_id}/trigger");
    await held("POST", "/workflows/{execution_id}/trigger", `/workflows/${id}/trigger?wait=30s`);
    await held("GET", "/workflows/{execution_id}");
    await held("GET", "/workflows/{execution_id}", `/workflows/${id}?view=summary`);
    await held("GET", "/workflows/{execution_id}/results");
    await held("GET", "/workflows");
    const small = { name: "x", y: 1, dag: { nodes: [{ id: "a", handler: "noop" }] } };
    expect((await held("POST", "/workflow", "/workflow", small)).json.warnings).toBeDefined();
    await held("POST", "/workflows", "/workflows", small);
    await held("POST", "/workflows", "/workflows?trigger=true", small);
    await held("POST", "/workflows", "/workflows?trigger=true&wait=30s", small);
    await held("POST", "/api/workflow", "/api/workflow", stepsExample);
    await held("POST", "/api/workflow", "/api/workflow?wait=30s", stepsExample);
    await held("GET", "/api/workflow/{id}");
    await held("GET", "/api/workflows");
    await held("GET", "/health");
    await held("GET", "/ready");
    await held("POST", "/workflows", "/workflows", { name: 5 });
  });
});

describe("the page at /docs", () => {
  test("loads only what this server gives, under a policy that allows nothing else", async () => {
    const { send } = await serveApp();
    const page = await send("GET", "/docs");
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((found) => found[1] ?? "");
    expect(loaded).toHaveLength(4);
    for (const path of loaded) {
      const asset = await send("GET", path);
      expect([path, path.startsWith("/docs/"), asset.status, asset.text.length > 50]).toEqual([path, true, 200, true]);
      expect(asset.headers.get("cache-control")).toContain("max-age");
    }
    expect(page.text).not.toMatch(/<script(?![^>]*src=)|<style|style="|\son\w+=/);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toContain("unsafe");
    expect((await send("GET", "/docs/start.js")).text).toContain('url: "/openapi.json"');
  });

  test("is where / leads", async () => {
    const { send } = await serveApp();
    const root = await send("GET", "/");
    expect([root.status, root.headers.get("location")]).toEqual([302, "/docs"]);
  });
});
