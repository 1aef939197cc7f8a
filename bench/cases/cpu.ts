/**
 * Nodes that compute, on two threads: how much quicker than one thread does it, beside raw Workers (part=raw), and how long a health
 * check waits meanwhile. The one thread is measured in each round, so a slow minute slows both sides.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { benchFolder, THREADS } from "../bench-engine.ts";
import { startBenchServer } from "../bench-server.ts";
import type { Case, ServicesOfRun, StoreKind, Subject } from "../case.ts";
import type { CpuAnswer, CpuOrder } from "../cpu-thread.ts";
import { independent } from "../definitions.ts";
import { type Client, executionIdOf, requestText, withClients } from "../http-client.ts";

const TASKS = 200;
const TASK_MS = 5;
const HEALTH_EVERY_MS = 20;
/** Two tasks long: the loop is compiled, and the threads are awake. */
const WARM_TASKS = 100;

export const cpuCase: Case = {
  name: "cpu",
  title: "200 nodes of 5 ms of pure CPU on two threads, beside one raw thread; a health check over HTTP every 20 ms meanwhile",
  async start({ store = "memory", part }, services) {
    const workers = Array.from({ length: THREADS }, () => startWorker());
    const [one] = workers;
    if (one === undefined) throw new Error("No thread.");
    const { loops } = await one.ask({ type: "calibrate", ms: TASK_MS });
    await rawMs(workers, loops, WARM_TASKS);
    const close = (): void => workers.forEach((worker) => void worker.terminate());
    if (part === "raw") {
      return {
        round: async () => ({ "speed-up": (await rawMs([one], loops, TASKS)) / (await rawMs(workers, loops, TASKS)) }),
        stop: async () => close(),
      };
    }
    return await engineSubject({ store, services, loops, alone: () => rawMs([one], loops, TASKS), close });
  },
};

async function engineSubject(options: {
  readonly store: StoreKind;
  readonly services: ServicesOfRun;
  readonly loops: number;
  /** Milliseconds of all tasks on one thread. */
  readonly alone: () => Promise<number>;
  readonly close: () => void;
}): Promise<Subject> {
  const { store, services, loops, alone, close } = options;
  const dir = benchFolder();
  writeFileSync(join(dir, "spin.ts"), handlerText());
  const server = await startBenchServer({ store, services, environment: { APP_HANDLERS_DIR: dir } });
  await withClients(server.url, 1, (_, client) => runMs(client, WARM_TASKS, loops));
  return {
    async round() {
      const aloneMs = await alone();
      const [ms, longestMs] = await watched(server.url, () => withClients(server.url, 1, (_, client) => runMs(client, TASKS, loops)));
      return { "speed-up": aloneMs / ms, "longest answer ms": longestMs };
    },
    async stop() {
      close();
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function handlerText(): string {
  return `import { defineHandler } from "troupe";
import { spin } from ${JSON.stringify(resolve(import.meta.dir, "../spin.ts"))};
export default defineHandler({ name: "spin", run: ({ loops }) => spin(loops) });
`;
}

/** From the trigger to the result, as a client sees it. */
async function runMs(client: Client, tasks: number, loops: number): Promise<number> {
  const definition = JSON.stringify(independent(tasks, "spin", { loops }));
  const id = executionIdOf(await client.ask(requestText("POST", "/workflows", definition)));
  const trigger = requestText("POST", `/workflows/${id}/trigger?wait=60s`, "");
  const startedMs = performance.now();
  const answer = await client.ask(trigger);
  const ms = performance.now() - startedMs;
  const { status, results } = JSON.parse(answer) as { status: string; results: Readonly<Record<string, number>> };
  if (status !== "COMPLETED" || Object.keys(results).length !== tasks) throw new Error(`Not all completed: ${answer.slice(0, 500)}`);
  return ms;
}

/** What `act` resolves with, and the longest that an answer to a health check took meanwhile, in milliseconds. */
async function watched<T>(url: string, act: () => Promise<T>): Promise<[T, number]> {
  let isOver = false;
  const watching = withClients(url, 1, async (_, client) => {
    const ask = requestText("GET", "/health");
    let longestMs = 0;
    while (!isOver) {
      const startedMs = performance.now();
      await client.ask(ask);
      const tookMs = performance.now() - startedMs;
      longestMs = Math.max(longestMs, tookMs);
      await Bun.sleep(Math.max(0, HEALTH_EVERY_MS - tookMs));
    }
    return longestMs;
  });
  try {
    const answer = await act();
    isOver = true;
    return [answer, await watching];
  } finally {
    isOver = true;
  }
}

type CpuWorker = { ask(order: CpuOrder): Promise<CpuAnswer>; terminate(): void };

function startWorker(): CpuWorker {
  const worker = new Worker(new URL("../cpu-thread.ts", import.meta.url));
  let heard: PromiseWithResolvers<CpuAnswer> = Promise.withResolvers();
  worker.onmessage = ({ data }: MessageEvent<CpuAnswer>) => heard.resolve(data);
  worker.onerror = ({ message }) => heard.reject(new Error(message));
  return {
    ask(order) {
      heard = Promise.withResolvers();
      worker.postMessage(order);
      return heard.promise;
    },
    terminate: () => worker.terminate(),
  };
}

/** Milliseconds of all tasks on these threads. */
async function rawMs(workers: readonly CpuWorker[], loops: number, tasks: number): Promise<number> {
  const next = new SharedArrayBuffer(4);
  const startedMs = performance.now();
  const answers = await Promise.all(workers.map((worker) => worker.ask({ type: "work", loops, tasks, next })));
  const ms = performance.now() - startedMs;
  const done = answers.reduce((sum, answer) => sum + answer.tasks, 0);
  if (done !== tasks) throw new Error(`${done} of ${tasks} tasks are done.`);
  return ms;
}
