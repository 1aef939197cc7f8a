/** The HTTP edge of the running server: large, late, broken and cut requests, after each of which it still answers. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { create, endOf, expectJson, post, trigger } from "./client.ts";
import { type Answer, connect } from "./raw-connection.ts";
import { endAll, newHome, type Server, startServer } from "./server.ts";

const MIB = 2 ** 20;
const BODY_MAX = 32 * MIB;
const REQUESTS = 200;
const IDLE_CONNECTIONS = 100;

let server: Server;
beforeAll(async () => {
  server = await startServer(newHome());
});
afterEach(async () => {
  expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({ healthy: true });
  expect(server.stderr.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});
afterAll(endAll);

const definition = (config: object = {}) => ({ name: "edge", dag: { nodes: [{ id: "only", handler: "input", config }] } });

async function expectProblem(response: Response, status: number): Promise<string> {
  const { detail } = await expectJson<{ detail: string }>(response, status);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  return detail;
}

describe("a body", () => {
  test("of 10 MB is accepted as a definition, and its config comes out whole", async () => {
    const value = "v".repeat(10 * MIB);
    const id = await create(server, "10 MB", [{ id: "only", handler: "input", config: { value } }]);
    await trigger(server, id);
    const end = await endOf(server, id);
    expect([end.status, end.nodes.only]).toMatchObject(["COMPLETED", { output: null }]);
    const { results } = await expectJson<{ results: { only: { value: string } } }>(
      await fetch(`${server.url}/workflows/${id}/results`),
      200,
    );
    expect(results.only.value === value).toBe(true);
  });

  test("of 10 MB is accepted as params, and they come out whole", async () => {
    const text = "p".repeat(10 * MIB);
    const id = await create(server, "10 MB of params", [{ id: "only", handler: "input" }]);
    await trigger(server, id, { text });
    expect((await endOf(server, id)).status).toBe("COMPLETED");
    const { results } = await expectJson<{ results: { only: { text: string } } }>(
      await fetch(`${server.url}/workflows/${id}/results`),
      200,
    );
    expect(results.only.text === text).toBe(true);
  });

  test("above the limit is refused with 413, with its length announced or not", async () => {
    const bytes = new Uint8Array(BODY_MAX + 1).fill(32);
    const announced = await fetch(`${server.url}/workflows`, { method: "POST", body: bytes });
    expect(await expectProblem(announced, 413)).toContain(String(BODY_MAX));
    expect(await expectProblem(await fetch(`${server.url}/workflows`, { method: "POST", body: pieces(bytes) }), 413)).toContain(
      String(BODY_MAX),
    );
  });

  test("that announces far too much is refused before it is sent", async () => {
    const connection = await connect(server.url);
    connection.write(`POST /workflows HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${10 ** 12}\r\n\r\n`);
    expect((await connection.answers(1))[0]).toMatchObject({ status: 413 });
    connection.close();
  });

  test("without a length, in pieces, is accepted", async () => {
    const bytes = new TextEncoder().encode(JSON.stringify(definition({ value: "piecemeal".repeat(50_000) })));
    const response = await fetch(`${server.url}/workflows`, { method: "POST", body: pieces(bytes) });
    expect(response.status).toBe(201);
  });

  test("that comes slowly, byte by byte, is waited for", async () => {
    const body = JSON.stringify(definition());
    const connection = await connect(server.url);
    connection.write(`POST /workflows HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n`);
    for (const character of body) {
      connection.write(character);
      await Bun.sleep(5);
    }
    expect((await connection.answers(1))[0]).toMatchObject({ status: 201 });
    connection.close();
  });

  test.each(["[", '{"a":'])("nested 100,000 levels deep by %s is refused with 400, on every route that reads one", async (opening) => {
    const text = opening.repeat(100_000);
    const id = await create(server, "deep", [{ id: "only", handler: "noop" }]);
    for (const path of ["/workflows", "/workflow", "/api/workflow", `/workflows/${id}/trigger`, `/workflow/trigger/${id}`]) {
      expect(await expectProblem(await post(server, path, text), 400)).toContain("deep");
    }
    const inside = JSON.stringify(definition({ value: "here" })).replace('"here"', `${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    await expectProblem(await post(server, "/workflows", inside), 400);
  });

  test("that is cut off in its middle harms nobody, and creates nothing", async () => {
    const before = await listed();
    const cut = Array.from({ length: 20 }, async () => {
      const connection = await connect(server.url);
      const body = JSON.stringify(definition());
      connection.write(`POST /workflows HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, -1)}`);
      await connection.flushed();
      connection.cut();
    });
    await Promise.all(cut);
    expect((await post(server, "/workflows", definition())).status).toBe(201);
    expect(await listed()).toBe(before + 1);
  });
});

describe("a connection", () => {
  test(`is kept: ${REQUESTS} requests on it, one after the other, are answered in order`, async () => {
    const connection = await connect(server.url);
    for (let n = 0; n < REQUESTS; n++) {
      connection.write(requestOf(n));
      await connection.answers(n + 1);
    }
    expectInOrder(await connection.answers(REQUESTS));
    connection.close();
  });

  // Bun closes a connection on which a request comes before the one before it is answered, unless that one is answered
  // in the same turn. HTTP allows it: a client that pipelines has to send again what was not answered.
  test(`on which ${REQUESTS} requests are sent at once gives the first answers in order, if not all, and mixes nothing up`, async () => {
    const connection = await connect(server.url);
    connection.write(Array.from({ length: REQUESTS }, (_, n) => requestOf(n)).join(""));
    expectInOrder(await connection.answersUntilEnd(REQUESTS));
    connection.close();
  });

  test("that is opened and left alone keeps nobody from being served", async () => {
    const idle = await Promise.all(Array.from({ length: IDLE_CONNECTIONS }, () => connect(server.url)));
    for (const connection of idle) connection.write("POST /workflows HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{");
    expect((await post(server, "/workflows", definition())).status).toBe(201);
    for (const connection of idle) connection.cut();
  });

  test.each([
    ["what is no HTTP", "This is no HTTP.\r\n\r\n"],
    ["a length that is none", "POST /workflows HTTP/1.1\r\nhost: localhost\r\ncontent-length: many\r\n\r\n"],
    ["two lengths", "POST /workflows HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcde"],
    ["a chunk size that is none", "POST /workflows HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"],
  ])("that says %s is answered with 400 or closed", async (_, request) => {
    const connection = await connect(server.url);
    connection.write(request);
    const answer = await connection.answerOrEnd();
    expect(answer === "closed" || answer.status === 400).toBe(true);
    connection.close();
  });
});

describe("a method", () => {
  test("HEAD is answered as GET without the body", async () => {
    const id = await create(server, "head", [{ id: "only", handler: "noop" }]);
    for (const path of ["/health", `/workflows/${id}`, `/workflows/${id}/results`, "/workflows", "/docs", "/openapi.json", "/nowhere"]) {
      const [head, get] = [await fetch(`${server.url}${path}`, { method: "HEAD" }), await fetch(`${server.url}${path}`)];
      expect([path, head.status, head.headers.get("content-type")]).toEqual([path, get.status, get.headers.get("content-type")]);
      expect(await head.text()).toBe("");
    }
  });

  test("OPTIONS tells what a route takes, and another method is refused with 405 and the same list", async () => {
    const options = await fetch(`${server.url}/workflows`, { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "POST, GET, HEAD, OPTIONS"]);
    const refused = await fetch(`${server.url}/workflows`, { method: "PATCH" });
    expect(refused.headers.get("allow")).toBe(options.headers.get("allow"));
    await expectProblem(refused, 405);
  });
});

/** By turns one that is answered at once, one that asks the store, and one that finds nothing. Its number comes back as a header. */
function requestOf(n: number): string {
  const path = ["/health", "/workflows", `/workflows/none-${n}`][n % 3] ?? "";
  return `GET ${path} HTTP/1.1\r\nhost: localhost\r\nx-request-id: r${n}\r\n\r\n`;
}

function expectInOrder(answers: readonly Answer[]): void {
  expect(answers.map(({ headers }) => headers["x-request-id"])).toEqual(answers.map((_, n) => `r${n}`));
  expect(answers.map(({ status }) => status)).toEqual(answers.map((_, n) => (n % 3 === 2 ? 404 : 200)));
}

/** As a stream, so that no length is announced. */
function pieces(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close();
      controller.enqueue(bytes.subarray(at, at + 64 * 1024));
      at += 64 * 1024;
    },
  });
}

async function listed(): Promise<number> {
  const { workflows } = await expectJson<{ workflows: object[] }>(await fetch(`${server.url}/workflows?limit=1000`), 200);
  return workflows.length;
}
