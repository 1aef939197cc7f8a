/** What a server takes in over HTTP: new executions, created and triggered by two requests each; or, as the ceiling, requests for its health. */
import { type BenchServer, startBenchServer } from "../bench-server.ts";
import { type Case, needed, type Subject } from "../case.ts";
import { chain } from "../definitions.ts";
import { assertCompleted, executionIdOf, requestText, spread, untilAllEnded, withClients } from "../http-client.ts";

const CONNECTIONS = 32;
const ROUND_MS = 1_200;
const WARM_EXECUTIONS = 4_000;
const SAMPLED_EACH = 97;

export const restCase: Case = {
  name: "rest",
  title: "POST /workflows and POST …/trigger for each of many one-node executions over 32 kept connections, until all have ended",
  async start(variant, services) {
    const server = await startBenchServer({ store: needed(variant.store ?? null), services });
    return variant.part === "health" ? health(server) : await executions(server);
  },
};

async function executions(server: BenchServer): Promise<Subject> {
  const create = requestText("POST", "/workflows", JSON.stringify(chain(1)));

  const msOf = (count: number): Promise<number> =>
    withClients(server.url, CONNECTIONS, async (clients, first) => {
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
    });

  await msOf(WARM_EXECUTIONS);
  const count = Math.round((WARM_EXECUTIONS / (await msOf(WARM_EXECUTIONS))) * ROUND_MS);
  return {
    round: async () => ({ "executions/s": (count / (await msOf(count))) * 1_000 }),
    stop: () => server.stop(),
  };
}

function health(server: BenchServer): Subject {
  const ask = requestText("GET", "/health");
  const perSecond = (): Promise<number> =>
    withClients(server.url, CONNECTIONS, async (clients) => {
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
      return (answers / (performance.now() - startedMs)) * 1_000;
    });
  return { round: async () => ({ "requests/s": await perSecond() }), stop: () => server.stop() };
}
