/** Many small executions at once inside the process: from the first create, each triggered in the same act, to the last end that a waiting client is told. */
import { type Case, needed } from "../case.ts";
import { countCosts } from "../costs.ts";
import { startBenchEngine } from "../bench-engine.ts";
import { fanOut } from "../definitions.ts";
import { createdAndEnded } from "./created-and-ended.ts";

const WIDTH = 3;
const NODES = WIDTH + 2;
const AT_ONCE = 1_000;
const WARM_EXECUTIONS = 10_000;
const ROUND_MS = 1_000;

export const diamondsCase: Case = {
  name: "diamonds",
  title: "executions of 1 → 3 → 1 noop nodes, created triggered and waited for, `atOnce` under way at a time",
  async start(variant, services) {
    const atOnce = variant.atOnce ?? AT_ONCE;
    const bench = await startBenchEngine({ store: needed(variant.store ?? null), services });
    const definition = await bench.definition(fanOut(WIDTH));
    const costs = countCosts(services);
    const warmMs = await createdAndEnded(bench, definition, Math.min(WARM_EXECUTIONS, atOnce * 100), atOnce);
    const rate = Math.min(WARM_EXECUTIONS, atOnce * 100) / warmMs;
    const count = Math.max(atOnce, Math.round(rate * ROUND_MS));
    return {
      async round() {
        await costs.begin();
        const ms = await createdAndEnded(bench, definition, count, atOnce);
        return { "executions/s": (count / ms) * 1_000, ...(await costs.perNode(count * NODES)) };
      },
      async stop() {
        costs.close();
        await bench.stop();
      },
    };
  },
};
