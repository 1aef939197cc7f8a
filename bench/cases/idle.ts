/** A server that has run something and rests: its CPU and what it writes. Its windows lie beside those of the others, since all of them only rest. */
import { startBenchServer } from "../bench-server.ts";
import { type Case, type Measured, needed } from "../case.ts";
import { bytesWrittenBy, cpuUsOf } from "../costs.ts";
import { diamond } from "../definitions.ts";
import { assertCompleted, executionIdOf, requestText, untilAllEnded, withClients } from "../http-client.ts";

const EXECUTIONS = 200;
/** Until its threads and collectors have come to rest. */
const REST_MS = 5_000;
const WINDOW_MS = 6_000;

export const idleCase: Case = {
  name: "idle",
  title: "a server at rest after some executions, for 10 s: CPU of the process, and bytes that it writes to the disk",
  async start(variant, services) {
    const server = await startBenchServer({ store: needed(variant.store ?? null), services });
    await withClients(server.url, 1, async (_, client) => {
      let id = "";
      for (let i = 0; i < EXECUTIONS; i++) {
        id = executionIdOf(await client.ask(requestText("POST", "/workflows", JSON.stringify(diamond()))));
        await client.ask(requestText("POST", `/workflows/${id}/trigger`, ""));
      }
      await untilAllEnded(client);
      await assertCompleted(client, id);
    });
    await Bun.sleep(REST_MS);

    async function window(): Promise<Measured> {
      const [cpuUs, bytes, startedMs] = [cpuUsOf(server.pid), bytesWrittenBy(server.pid), performance.now()];
      await Bun.sleep(WINDOW_MS);
      const us = (performance.now() - startedMs) * 1_000;
      return {
        "% of a core": ((cpuUsOf(server.pid) - cpuUs) / us) * 100,
        "bytes written": bytesWrittenBy(server.pid) - bytes,
      };
    }

    let next = window();
    return {
      async round() {
        const measured = await next;
        next = window();
        return measured;
      },
      stop: () => server.stop(),
    };
  },
};
