/** Large bodies and large answers of many requests together: what finds no room is told to come again, and room comes back. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect as connectSocket, type Socket } from "node:net";
import { create, endOf, post, trigger } from "./client.ts";
import { until } from "./facts.ts";
import { connect, type RawConnection } from "./raw-connection.ts";
import { endAll, newHome, type Server, startServer } from "./server.ts";

const MIB = 2 ** 20;

let server: Server;
/** Its results are 24 MiB: more than what the system keeps on the way to a client that does not read. */
let wide: string;

beforeAll(async () => {
  server = await startServer(newHome(), { APP_BODIES_BYTES_MAX: "1MiB", APP_ANSWERS_AT_ONCE: "1" });
  wide = await create(
    server,
    "wide",
    Array.from({ length: 32 }, (_, n) => ({ id: `n${n}`, handler: "input" })),
  );
  // Announced or not, it is small enough to find room.
  await trigger(server, wide, { text: "p".repeat(0.75 * MIB) });
  expect((await endOf(server, wide)).status).toBe("COMPLETED");
});
afterAll(endAll);

/** A definition of about so many bytes. */
function definitionOf(bytes: number): string {
  return JSON.stringify({ name: "large", dag: { nodes: [{ id: "only", handler: "input", config: { value: "v".repeat(bytes) } }] } });
}

type Sending = { readonly connection: RawConnection; rest(): void };

/** Announces all of the body and sends most of it. */
async function mostlySent(body: string, announced = true): Promise<Sending> {
  const connection = await connect(server.url);
  const chunk = (text: string): string => (announced ? text : `${text.length.toString(16)}\r\n${text}\r\n`);
  const most = Math.ceil(body.length * 0.9);
  const length = announced ? `content-length: ${body.length}` : "transfer-encoding: chunked";
  connection.write(`POST /workflows HTTP/1.1\r\nhost: localhost\r\n${length}\r\n\r\n${chunk(body.slice(0, most))}`);
  await connection.flushed();
  return { connection, rest: () => connection.write(`${chunk(body.slice(most))}${announced ? "" : "0\r\n\r\n"}`) };
}

describe("bodies", () => {
  const body = definitionOf(0.7 * MIB);
  const refusedFor = async (): Promise<Response> => {
    let refused = new Response();
    await until("a refusal", async () => {
      refused = await post(server, "/workflows", body);
      return refused.status === 503;
    });
    return refused;
  };
  const isAccepted = async (): Promise<boolean> => (await post(server, "/workflows", body)).status === 201;

  test("that are on their way leave no room for another large one, but for small ones", async () => {
    const sending = await mostlySent(body);
    const refused = await refusedFor();
    expect([refused.headers.get("retry-after"), refused.headers.get("content-type")]).toEqual(["1", "application/problem+json"]);
    expect((await post(server, "/workflows", definitionOf(1_000))).status).toBe(201);
    sending.rest();
    expect((await sending.connection.answers(1))[0]?.status).toBe(201);
    sending.connection.close();
    expect(await isAccepted()).toBe(true);
  });

  test("whose client dies give their room back", async () => {
    const sending = await mostlySent(body);
    await refusedFor();
    sending.connection.cut();
    await until("room", isAccepted);
  });

  test("whose length is not announced are refused on their way, and take room like others where there is some", async () => {
    const first = await mostlySent(body);
    await refusedFor();
    const second = await mostlySent(body, false);
    const answer = await second.connection.answerOrEnd();
    expect(answer === "closed" || answer.status === 503).toBe(true);
    first.rest();
    expect((await first.connection.answers(1))[0]?.status).toBe(201);
    const third = await mostlySent(body, false);
    third.rest();
    expect((await third.connection.answers(1))[0]?.status).toBe(201);
    expect(await isAccepted()).toBe(true);
    for (const { connection } of [first, second, third]) connection.close();
  });

  test("of a request that waits have given their room back", async () => {
    const id = await create(server, "waits", [{ id: "only", handler: "gate", config: { gate: "never" } }]);
    const waiting = new AbortController();
    const held = fetch(`${server.url}/workflows/${id}/trigger?wait=60s`, {
      method: "POST",
      body: JSON.stringify({ text: "p".repeat(0.7 * MIB) }),
      signal: waiting.signal,
    });
    await until("the trigger", async () =>
      (await (await fetch(`${server.url}/workflows/${id}?view=summary`)).text()).includes('"RUNNING"'),
    );
    expect(await isAccepted()).toBe(true);
    waiting.abort();
    await held.catch(() => undefined);
  });
});

describe("answers", () => {
  const results = (): Promise<Response> => fetch(`${server.url}/workflows/${wide}/results`);

  /** Asks for the results and reads none of them. */
  async function unread(): Promise<Socket> {
    const { hostname, port } = new URL(server.url);
    const socket = connectSocket({ host: hostname, port: Number(port) });
    socket.on("error", () => undefined);
    socket.pause();
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.write(`GET /workflows/${wide}/results HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    return socket;
  }

  async function isAnswered(): Promise<boolean> {
    const answer = await results();
    const text = await answer.text();
    return answer.status === 200 && text.length > 24 * MIB && text.endsWith("}");
  }

  test("that nobody reads leave no room for another large one, but for small ones; and give it back when their reader goes", async () => {
    expect(await isAnswered()).toBe(true);
    const socket = await unread();
    let refused = new Response();
    await until("a refusal", async () => {
      refused = await results();
      if (refused.status === 503) return true;
      await refused.text();
      return false;
    });
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(((await refused.json()) as { detail: string }).detail).toContain("large answers");
    expect((await fetch(`${server.url}/workflows`)).status).toBe(200);
    socket.destroy();
    await until("room", isAnswered);
  });

  test("to HEAD take no room, and have a length only where all of it was counted", async () => {
    const head = await fetch(`${server.url}/workflows/${wide}/results`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), head.headers.get("content-type")]).toEqual([200, null, "application/json"]);
    expect(await isAnswered()).toBe(true);
    const id = await create(server, "one", [{ id: "only", handler: "input", config: { value: "ü€😀".repeat(50_000) } }]);
    await trigger(server, id);
    await endOf(server, id);
    for (const path of [`/workflows/${id}/results`, `/workflows/${id}`, "/docs/swagger-ui.css", "/nowhere"]) {
      const counted = await fetch(`${server.url}${path}`, { method: "HEAD" });
      const { byteLength } = await (await fetch(`${server.url}${path}`)).bytes();
      expect([path, counted.headers.get("content-length")]).toEqual([path, `${byteLength}`]);
    }
  });
});
