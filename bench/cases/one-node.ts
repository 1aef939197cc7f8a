/** One noop node over HTTP, by one client with a kept connection: from its trigger to its result. */
import { startBenchServer } from "../bench-server.ts";
import { type Case, needed } from "../case.ts";
import { chain } from "../definitions.ts";
import { type Client, executionIdOf, requestText, withClients } from "../http-client.ts";
import { percentile } from "../results.ts";

const EXECUTIONS = 500;
const WARM_EXECUTIONS = 3_000;

export const oneNodeCase: Case = {
  name: "one-node",
  title: "one noop node over HTTP by one client that keeps its connection: POST …/trigger?wait=10s until its answer",
  async start(variant, services) {
    const server = await startBenchServer({ store: needed(variant.store ?? null), services });
    const create = requestText("POST", "/workflows", JSON.stringify(chain(1)));

    async function timesOf(client: Client, count: number): Promise<number[]> {
      const ids: string[] = [];
      for (let i = 0; i < count; i++) ids.push(executionIdOf(await client.ask(create)));
      const times: number[] = [];
      for (const id of ids) {
        const trigger = requestText("POST", `/workflows/${id}/trigger?wait=10s`, "");
        const startedMs = performance.now();
        const answer = await client.ask(trigger);
        times.push(performance.now() - startedMs);
        if (!answer.includes('"status":"COMPLETED"')) throw new Error(`Not completed: ${answer}`);
      }
      return times;
    }

    await withClients(server.url, 1, (_, client) => timesOf(client, WARM_EXECUTIONS));
    return {
      async round() {
        const times = await withClients(server.url, 1, (_, client) => timesOf(client, EXECUTIONS));
        return { "p50 ms": percentile(times, 0.5), "p99 ms": percentile(times, 0.99) };
      },
      stop: () => server.stop(),
    };
  },
};
