/** The app behind a real port: bodies, waits, a taken port, and an end in bounded time. */
import { afterEach, describe, expect, test } from "bun:test";
import { systemClock } from "../../src/env/clock.ts";
import type { CallerRules } from "../../src/http/access/callers.ts";
import { systemHandles } from "../../src/env/process/handles.ts";
import { type Serving, serve } from "../../src/http/server.ts";
import { release } from "./fixtures/held.ts";
import { type Served, type ServedOptions, serveApp } from "./served.ts";

const EVERYBODY: CallerRules = { hosts: "any", origins: [], proxied: true };
const GIVEN = { callers: EVERYBODY, connections: null, handles: systemHandles, clock: systemClock, report: () => undefined };
const open: Serving[] = [];
afterEach(async () => {
  for (const serving of open.splice(0)) await serving.stop(0);
});

async function listen(options: ServedOptions = {}): Promise<Served & { readonly serving: Serving }> {
  const served = await serveApp(options);
  const result = serve({ host: "127.0.0.1", port: 0, ...GIVEN });
  if (!result.ok) throw new Error(result.reason);
  open.push(result.serving);
  result.serving.open(served.app);
  return { ...served, serving: result.serving };
}

const held = (name: string) => [{ id: "a", handler: "held", config: { name } }];

describe("a server", () => {
  test("takes a workflow from outside, runs it and answers", async () => {
    const { serving } = await listen();
    const post = (path: string, body: unknown) => fetch(serving.url + path, { method: "POST", body: JSON.stringify(body) });
    const { execution_id } = (await (await post("/workflows", { name: "x", dag: { nodes: [{ id: "a", handler: "input" }] } })).json()) as {
      execution_id: string;
    };
    const run = await post(`/workflows/${execution_id}/trigger?wait=30s`, { params: { user: 1 } });
    expect((await run.json()) as object).toMatchObject({ completed: true, results: { a: { user: 1 } } });
  });

  test("refuses what is too large in a problem document, with and without an announced length", async () => {
    const { serving } = await listen({ bodyBytes: 100_000 });
    const large = new Uint8Array(5_000_000).fill(0x20);
    const chunked = new ReadableStream({
      start(controller) {
        for (let sent = 0; sent < 10; sent++) controller.enqueue(large.subarray(0, 500_000));
        controller.close();
      },
    });
    for (const body of [large, chunked]) {
      const answer = await fetch(`${serving.url}/workflows`, { method: "POST", body });
      expect([answer.status, answer.headers.get("content-type"), ((await answer.json()) as { detail: string }).detail]).toEqual([
        413,
        "application/problem+json",
        "The body is larger than the limit of 100000 bytes.",
      ]);
    }
  });

  test("streams what is long", async () => {
    const { serving, create, run } = await listen();
    const id = await create(["a", "b", "c"].map((each) => ({ id: each, handler: "big", config: { characters: 3_000_000 } })));
    await run(id);
    const { results } = (await (await fetch(`${serving.url}/workflows/${id}/results`)).json()) as { results: Record<string, string> };
    expect(Object.values(results).map(({ length }) => length)).toEqual([3_000_000, 3_000_000, 3_000_000]);
  });

  test("tells the connection how long a request may wait, which is longer than silence may last otherwise", async () => {
    const { app, create } = await serveApp();
    const id = await create(held("asked"));
    const asked: number[] = [];
    const answer = app.request(
      `/workflows/${id}/trigger?wait=45s`,
      { method: "POST" },
      { mayTake: (_: Request, seconds: number) => void asked.push(seconds) },
    );
    release("asked");
    await answer;
    expect(asked).toEqual([75]);
  });

  test("that is starting says so, and to come again, instead of refusing the connection", async () => {
    const result = serve({ host: "127.0.0.1", port: 0, ...GIVEN });
    if (!result.ok) throw new Error(result.reason);
    open.push(result.serving);
    const early = await fetch(`${result.serving.url}/health`);
    expect([early.status, early.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await early.json()).toMatchObject({ status: 503, detail: "Troupe is starting; send the request again soon." });
    result.serving.open((await serveApp()).app);
    expect((await fetch(`${result.serving.url}/health`)).status).toBe(200);
  });

  test("says in a sentence that its port is taken, or that its address is not of this machine", async () => {
    const { serving } = await listen();
    const again = serve({ host: "127.0.0.1", port: serving.port, ...GIVEN });
    expect(again).toEqual({
      ok: false,
      reason: `Port ${serving.port} on 127.0.0.1 is taken by another program. Stop that one, or choose another port, as in PORT=${serving.port + 1}.`,
    });
    const elsewhere = serve({ host: "192.0.2.1", port: 0, ...GIVEN });
    expect(elsewhere).toEqual({
      ok: false,
      reason: "HOST=192.0.2.1 is not an address of this machine. Use 127.0.0.1, or 0.0.0.0 for all addresses.",
    });
  });

  test("that stops with its engine answers those who wait with what there is, and then takes nobody", async () => {
    const { serving, create, engine } = await listen();
    const id = await create(held("stopping"));
    const waiting = fetch(`${serving.url}/workflows/${id}/trigger?wait=60s`, { method: "POST" });
    while ((await engine.summary(id))?.status !== "RUNNING") await new Promise<void>((resolve) => setImmediate(resolve));
    await engine.stop(0, () => serving.stop(30_000));
    expect((await (await waiting).json()) as object).toMatchObject({ status: "RUNNING", completed: false });
    expect(fetch(serving.url)).rejects.toThrow();
    release("stopping");
  });

  test("that stops cuts what does not end within the grace", async () => {
    const { serving } = await listen();
    const never = new ReadableStream({ pull: () => new Promise<void>(() => undefined) });
    const stuck = fetch(`${serving.url}/workflows`, { method: "POST", body: never }).then(
      () => "answered",
      () => "cut",
    );
    expect((await fetch(`${serving.url}/health`)).status).toBe(200);
    await serving.stop(10);
    expect(await stuck).toBe("cut");
  });
});
