/** What a server takes in over HTTP: new executions, created and triggered by two requests each; or, as the ceiling, requests for its health. */
import { type BenchServer, startBenchServer } from "../bench-server.ts";
import { type Case, needed, type Subject } from "../case.ts";
import { chain } from "../definitions.ts";
import { assertCompleted, type Client, executionIdOf, openClient, requestText, spread, untilAllEnded } from "../http-client.ts";

const CONNECTIONS = 32;
const ROUND_MS = 1_500;
const WARM_EXECUTIONS = 4_000;
const SAMPLED_EACH = 97;

export const restCase: Case = {
  name: "rest",
  title: "POST /workflows and POST …/trigger for each of many one-node executions over 32 kept connections, until all have ended",
  async start(variant, services) {
    const server = await startBenchServer({ store: needed(variant.store ?? null), services });
    const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => openClient(server.url)));
    const [first] = clients;
    if (first === undefined) throw new Error("No connection.");
    return variant.part === "health" ? health(server, clients) : await executions(server, clients, first);
  },
};

async function executions(server: BenchServer, clients: readonly Client[], first: Client): Promise<Subject> {
  const create = requestText("POST", "/workflows", JSON.stringify(chain(1)));

  async function msOf(count: number): Promise<number> {
    const ids: string[] = [];
    const startedMs = performance.now();
    await spread(clients, count, async (client) => {
      const id = executionIdOf(await client.ask(create));
      await client.ask(requestText("POST", `/workflows/${id}/trigger`, ""));
      ids.push(id);
    });
    // What was only taken in is not done.
    await untilAllEnded(first);
    const ms = performance.now() - startedMs;
    for (const [at, id] of ids.entries()) if (at % SAMPLED_EACH === 0) await assertCompleted(first, id);
    return ms;
  }

  await msOf(WARM_EXECUTIONS);
  const count = Math.round((WARM_EXECUTIONS / (await msOf(WARM_EXECUTIONS))) * ROUND_MS);
  return {
    round: async () => ({ "executions/s": (count / (await msOf(count))) * 1_000 }),
    stop: () => end(server, clients),
  };
}

function health(server: BenchServer, clients: readonly Client[]): Subject {
  const ask = requestText("GET", "/health");
  return {
    async round() {
      let answers = 0;
      const startedMs = performance.now();
      const endMs = startedMs + ROUND_MS;
      await Promise.all(
        clients.map(async (client) => {
          while (performance.now() < endMs) {
            await client.ask(ask);
            answers += 1;
          }
        }),
      );
      return { "requests/s": (answers / (performance.now() - startedMs)) * 1_000 };
    },
    stop: () => end(server, clients),
  };
}

async function end(server: BenchServer, clients: readonly Client[]): Promise<void> {
  for (const client of clients) client.close();
  await server.stop();
}
