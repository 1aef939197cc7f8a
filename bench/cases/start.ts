/** From the start of a server's process to its first answer, in a folder (or on a Redis) that an earlier process has left in good order. */
import { rmSync } from "node:fs";
import { benchFolder } from "../bench-engine.ts";
import { startBenchServer } from "../bench-server.ts";
import { type Case, needed } from "../case.ts";
import { diamond } from "../definitions.ts";
import { assertCompleted, executionIdOf, requestText, withClients } from "../http-client.ts";
import { median } from "../results.ts";

const STARTS = 3;

export const startCase: Case = {
  name: "start",
  title: "from the start of `bun src/main.ts`, where an earlier process has run something, to the answer to a first request",
  async start(variant, services) {
    const store = needed(variant.store ?? null);
    const dir = benchFolder();

    /** Milliseconds until it answers; then it runs something and ends. */
    async function once(): Promise<number> {
      const startedMs = performance.now();
      const server = await startBenchServer({ store, services, dir });
      const ms = await withClients(server.url, 1, async (_, client) => {
        await client.ask(requestText("GET", "/health"));
        const answeredMs = performance.now() - startedMs;
        const id = executionIdOf(await client.ask(requestText("POST", "/workflows", JSON.stringify(diamond()))));
        await client.ask(requestText("POST", `/workflows/${id}/trigger?wait=10s`, ""));
        await assertCompleted(client, id);
        return answeredMs;
      });
      await server.stop();
      return ms;
    }

    await once();
    return {
      async round() {
        const times: number[] = [];
        for (let i = 0; i < STARTS; i++) times.push(await once());
        return { "ms in all": median(times) };
      },
      stop: async () => rmSync(dir, { recursive: true, force: true }),
    };
  },
};
