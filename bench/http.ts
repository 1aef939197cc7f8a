/**
 * REST from another process, with connections that are kept: creates and triggers a second, and from a trigger to its
 * result for one node. Beside them GET /health, which is what the HTTP library and the machine give.
 * `bun bench/http.ts [rounds]`. Client and server share the cores, so a server alone does better than this.
 */
import { connect, type Socket } from "node:net";
import type { StoreKind } from "./engine.ts";
import { fsyncMs, load, machineFacts, median } from "./machine.ts";
import { startBenchServer } from "./server.ts";

const THREADS = 2;
const CONNECTIONS = 32;
const REQUESTS = 6_000;
const LATENCIES = 500;
const STORES: readonly StoreKind[] = ["memory", "sqlite"];
const DEFINITION = JSON.stringify({ name: "one", dag: { nodes: [{ id: "only", handler: "noop" }] } });

const rounds = Number(process.argv[2] ?? 5);
const figures = new Map<string, number[]>();

await main();

async function main(): Promise<void> {
  console.log(`REST over kept connections, ${CONNECTIONS} at once, ${THREADS} threads, ${rounds} rounds\n${machineFacts()}`);
  for (let round = 1; round <= rounds; round++) {
    for (const store of STORES) await measureServer(store);
    note("fsync, ms", fsyncMs());
    console.log(`round ${round} done, load ${load()}`);
  }
  console.log(`\n${"".padEnd(52)}${"median".padStart(10)}   (min – max of rounds)`);
  for (const [what, values] of figures) {
    const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)].map(shown);
    console.log(`${what.padEnd(52)}${middle?.padStart(10)}   (${least} – ${most})`);
  }
  process.exit(0);
}

async function measureServer(store: StoreKind): Promise<void> {
  const server = await startBenchServer(store, THREADS);
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => openClient(server.url)));
  const [first] = clients;
  if (first === undefined) throw new Error("No connection.");
  // Everything is compiled by then.
  await createAll(clients, 1_000);

  note(
    `${store}: GET /health, a second`,
    await perSecond(REQUESTS, () => spread(clients, REQUESTS, (client) => client.request("GET", "/health"))),
  );
  let ids: string[] = [];
  note(`${store}: POST /workflows, a second`, await perSecond(REQUESTS, async () => void (ids = await createAll(clients, REQUESTS))));
  note(
    `${store}: POST …/trigger, a second`,
    await perSecond(REQUESTS, () => spread(clients, REQUESTS, (client, at) => client.request("POST", `/workflows/${ids[at]}/trigger`))),
  );
  ids = await createAll(clients, LATENCIES);
  const alone: number[] = [];
  for (const id of ids) alone.push(await timed(() => first.request("POST", `/workflows/${id}/trigger?wait=10s`)));
  noteLatency(`${store}: trigger to result, one client`, alone);
  ids = await createAll(clients, REQUESTS);
  const crowded: number[] = [];
  await spread(clients, REQUESTS, async (client, at) => {
    crowded.push(await timed(() => client.request("POST", `/workflows/${ids[at]}/trigger?wait=10s`)));
  });
  noteLatency(`${store}: trigger to result, ${CONNECTIONS} clients`, crowded);
  for (const client of clients) client.close();
  await server.stop();
}

async function createAll(clients: readonly Client[], count: number): Promise<string[]> {
  const ids: string[] = [];
  await spread(clients, count, async (client) => {
    const { execution_id } = JSON.parse(await client.request("POST", "/workflows", DEFINITION)) as { execution_id: string };
    ids.push(execution_id);
  });
  return ids;
}

/** Does `act` for 0 to `count` - 1, each client one after the other. */
async function spread(clients: readonly Client[], count: number, act: (client: Client, at: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    clients.map(async (client) => {
      while (next < count) await act(client, next++);
    }),
  );
}

async function perSecond(count: number, act: () => Promise<void>): Promise<number> {
  return (count / (await timed(act))) * 1_000;
}

/** Milliseconds. */
async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await act();
  return performance.now() - startedMs;
}

function noteLatency(what: string, ms: readonly number[]): void {
  const sorted = ms.toSorted((a, b) => a - b);
  note(`${what}, p50 ms`, sorted[Math.floor(sorted.length * 0.5)] ?? Number.NaN);
  note(`${what}, p99 ms`, sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN);
}

function note(what: string, value: number): void {
  figures.set(what, [...(figures.get(what) ?? []), value]);
}

function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(3);
}

/** One request after another on one connection. fetch() would cost the client more than the server needs for its answer. */
type Client = {
  /** Resolves with the body; rejects where the answer is not a 2xx. */
  request(method: string, path: string, body?: string): Promise<string>;
  close(): void;
};

async function openClient(url: string): Promise<Client> {
  const { hostname, port } = new URL(url);
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opening = connect({ host: hostname, port: Number(port), noDelay: true }, () => resolve(opening));
    opening.once("error", reject);
  });
  let heard = "";
  let waiting: { resolve(body: string): void; reject(error: Error): void } | null = null;
  socket.setEncoding("latin1");
  socket.on("data", (part: string) => {
    heard += part;
    const head = heard.indexOf("\r\n\r\n");
    if (head === -1) return;
    const length = Number(/^content-length: (\d+)/im.exec(heard.slice(0, head))?.[1]);
    if (heard.length < head + 4 + length) return;
    const body = heard.slice(head + 4, head + 4 + length);
    const ok = heard.startsWith("HTTP/1.1 2");
    heard = "";
    const asked = waiting;
    waiting = null;
    if (ok) asked?.resolve(body);
    else asked?.reject(new Error(`Refused: ${body}`));
  });
  socket.on("close", () => waiting?.reject(new Error("The server closed the connection.")));
  return {
    request(method, path, body = "") {
      socket.write(
        `${method} ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
      });
    },
    close: () => socket.destroy(),
  };
}
