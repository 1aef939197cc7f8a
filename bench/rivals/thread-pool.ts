/** poolifier, of the bare thread pools the fastest that was seen: n tasks at once, without dependencies, order or memory of them. */
import { fileURLToPath } from "node:url";
import { FixedThreadPool, WorkerChoiceStrategies } from "poolifier";
import type { Case } from "../case.ts";
import { timedRounds } from "./timed-rounds.ts";

const THREADS = 2;
const TASKS = 10_000;

export const threadPoolCase: Case = {
  name: "thread-pool",
  title:
    "poolifier, two threads: n noop tasks at once, from the first to the last result; the ceiling of an engine that is built on a pool",
  async start({ n = TASKS }, services) {
    // In turn and without its queue was the fastest: 140,000 tasks/s; 71,000 to the least used, 51,000 with its queue.
    const pool = new FixedThreadPool<null, null>(THREADS, fileURLToPath(new URL("./pool-thread.ts", import.meta.url)), {
      workerChoiceStrategy: WorkerChoiceStrategies.ROUND_ROBIN,
      enableTasksQueue: false,
      enableEvents: false,
    });
    const tasks = Array.from({ length: n }, () => null);
    return await timedRounds({
      services,
      nodes: n,
      async run() {
        const results = await pool.mapExecute(tasks);
        if (results.length !== n || results.some((result) => result !== null)) throw new Error("poolifier has not answered every task.");
      },
      measure: (ms) => ({ "tasks/s": (n / ms) * 1_000 }),
      stop: () => pool.destroy(),
    });
  },
};
