/** More connections than there are file handles: the server goes on, tells of it, and takes new ones when there is room again. */
import { afterAll, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { endOf, start } from "./client.ts";
import { until } from "./facts.ts";
import { endAll, launch, lastLines, newHome, readiness, type Run } from "./server.ts";

const FILES = 120;
const CONNECTIONS = 200;

afterAll(endAll);

/** Opened as soon as the port is there, each with half a request. */
async function flood(port: number, run: Run): Promise<readonly Socket[]> {
  const open = (): Promise<Socket | null> =>
    new Promise((resolve) => {
      const socket = connect({ host: "127.0.0.1", port });
      socket.once("connect", () => resolve(socket));
      socket.on("error", () => resolve(null));
      socket.write("GET /health HTTP/1.1\r\nhost: loc");
    });
  let ended = false;
  void run.ended.then(() => {
    ended = true;
  });
  const first = await until("the port", async () => (ended ? "ended" : await open()));
  if (first === "ended") throw new Error(`It ended at its start: ${lastLines(run)}`);
  const others = await Promise.all(Array.from({ length: CONNECTIONS }, open));
  return [first, ...others].filter((socket) => socket !== null);
}

async function freePort(): Promise<number> {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const { port } = server;
  server.stop(true);
  return port;
}

test("a flood in the first moments of the start harms nothing: it is told of, cut off, and work goes on", async () => {
  const port = await freePort();
  const run = launch(newHome(), { PORT: `${port}` }, { files: FILES });
  const sockets = await flood(port, run);
  expect(sockets.length).toBeGreaterThan(FILES);
  const server = await readiness(run);
  await until("what is said of it", () => server.stderr.some((line) => line.includes("APP_CONNECTIONS_MAX")));
  const isAnswered = (): Promise<boolean> =>
    fetch(`${server.url}/health`)
      .then(({ ok }) => ok)
      .catch(() => false);
  await until("an answer", isAnswered);
  expect((await endOf(server, await start(server, "after", [{ id: "only", handler: "noop" }]))).status).toBe("COMPLETED");
  for (const socket of sockets) socket.destroy();
  expect((await server.end("SIGTERM")).exitCode).toBe(0);
});

test("a request that is being answered is not cut where too many connections are open", async () => {
  const port = await freePort();
  const run = launch(newHome(), { PORT: `${port}`, APP_CONNECTIONS_MAX: "20" }, {});
  const server = await readiness(run);
  const id = await start(server, "waits", [{ id: "only", handler: "noop" }]);
  const held = await fetch(`${server.url}/workflows`, {
    method: "POST",
    body: JSON.stringify({ name: "gate", dag: { nodes: [{ id: "g", handler: "gate", config: { gate: "later" } }] } }),
  });
  const { execution_id } = (await held.json()) as { execution_id: string };
  const waiting = fetch(`${server.url}/workflows/${execution_id}/trigger?wait=5s`, { method: "POST" });
  await until("the wait", async () => (await (await fetch(`${server.url}/workflows/${execution_id}`)).text()).includes('"RUNNING"'));
  const sockets = await flood(port, run);
  await until("a closed port", () => server.stderr.some((line) => line.includes("20 connections or more")));
  expect((await waiting).status).toBe(200);
  for (const socket of sockets) socket.destroy();
  await until("an answer", () =>
    fetch(`${server.url}/workflows/${id}`)
      .then(({ ok }) => ok)
      .catch(() => false),
  );
});
