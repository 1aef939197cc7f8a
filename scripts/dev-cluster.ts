/**
 * `npm run dev:cluster`: three instances on one Redis and one Kafka, and a port before them, to try things such as killing one. The
 * services are its own, on free ports, unless the environment names some; see cluster-plan.ts.
 */
import { join } from "node:path";
import { keep } from "../test/services/keeper.ts";
import { readConfig } from "../src/env/config/config.ts";
import { isFree } from "../test/services/ports.ts";
import { clusterPlan } from "./cluster-plan.ts";
import { endWith } from "./ending.ts";
import { openFront } from "./front.ts";
import { openServices } from "./services.ts";

const root = join(import.meta.dir, "..");
/** The pause before a restart, long enough to see what happens without the instance. */
const RESTART_AFTER_MS = 5_000;
const READY_PAUSE_MS = 50;

type Instance = { readonly name: string; stop(): Promise<void> };

async function main(): Promise<void> {
  const read = readConfig(process.env);
  if (!read.ok) throw new Error(read.faults.join("\n"));
  const plan = clusterPlan(read.config, process.env.PORT, isFree);
  const services = await openServices({ ...plan.services, dir: join(root, "data/cluster/services") });
  const starts = await Promise.allSettled(
    plan.ports.map((port, index) => startInstance(`instance-${index + 1}`, port, services.environment)),
  );
  const instances = starts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const stop = async (): Promise<void> => {
    console.error("Stopping: running attempts may finish.");
    await Promise.all(instances.map((instance) => instance.stop()));
    await services.stop();
  };
  endWith(stop);
  try {
    for (const each of starts) if (each.status === "rejected") throw each.reason;
    await openFront(plan.front, plan.ports);
  } catch (error) {
    await stop();
    throw error;
  }
  const url = `localhost:${plan.front}`;
  const [first, second] = plan.ports;
  const { REDIS_URL: redis = "the Redis of your settings", KAFKA_BOOTSTRAP_SERVERS: kafka = "the Kafka of your settings" } =
    services.environment;
  console.log(`
Three instances are ready at ${plan.ports.map((port) => `localhost:${port}`).join(", ")}, and all of them at ${url}:
each new connection goes to the next. Create an execution, trigger it and read it; any instance answers.

  curl -s ${url}/workflows -H 'content-type: application/json' -d '{"name":"hello","dag":{"nodes":[{"id":"greet","handler":"llm","config":{"prompt":"Hello"}}]}}'
  curl -s -X POST ${url}/workflows/EXECUTION_ID/trigger
  curl -s 'localhost:${second}/workflows/EXECUTION_ID/results?wait=5s'
  curl -s localhost:${first}/health

Their state is in ${redis}, their events go to ${kafka}.

Kill one with the kill -9 that its first line names: the others take its work over, and it starts again after ${RESTART_AFTER_MS / 1000} s.
Ctrl-C ends everything.
`);
}

/**
 * Starts an instance. Resolves when it is ready; rejects if it ends instead. An instance that was ready once is started again when it dies.
 */
async function startInstance(name: string, port: number, services: Readonly<Record<string, string>>): Promise<Instance> {
  let isStopping = false;
  const launch = async (): Promise<Bun.Subprocess> => {
    const child = Bun.spawn([process.execPath, join(root, "src/main.ts")], {
      cwd: root,
      env: {
        WORKER_CONCURRENCY: "1",
        ...process.env,
        ...services,
        APP_REDIS_REQUIRED: "true",
        APP_DATA_DIR: join(root, "data/cluster", name),
        HOST: "127.0.0.1",
        PORT: `${port}`,
        WORKER_ID: name,
      },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      // This script passes Ctrl-C on once.
      detached: true,
    });
    keep(child.pid, child.exited);
    console.error(`${name} | starts, end it with: kill -9 ${child.pid}`);
    const ready = Promise.withResolvers<void>();
    void prefixed(name, child.stderr, () => undefined);
    void prefixed(name, child.stdout, (line) => {
      if (line.includes("is ready at")) ready.resolve();
    });
    void child.exited.then(() => ready.reject(new Error(`${name} ended at its start; its lines above say why.`)));
    await ready.promise;
    // It listens, and waits for its share of the work.
    while (isRunning(child) && !(await fetch(`http://127.0.0.1:${port}/ready`).then(({ ok }) => ok))) await Bun.sleep(READY_PAUSE_MS);
    return child;
  };
  let child = await launch();
  const watch = async (): Promise<void> => {
    for (;;) {
      await child.exited;
      if (isStopping) return;
      console.error(
        `${name} | is gone (${child.signalCode ?? `exit code ${child.exitCode}`}); it starts again in ${RESTART_AFTER_MS / 1000} s`,
      );
      await Bun.sleep(RESTART_AFTER_MS);
      if (isStopping) return;
      child = await launch();
    }
  };
  watch().catch((error: unknown) => console.error(`${name} | ${error instanceof Error ? error.message : error}`));
  return {
    name,
    async stop() {
      isStopping = true;
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

function isRunning({ exitCode, signalCode }: Bun.Subprocess): boolean {
  return exitCode === null && signalCode === null;
}

/** Passes the lines on to this terminal, behind the instance's name. */
async function prefixed(name: string, stream: ReadableStream<Uint8Array>, hear: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      hear(line);
      if (line !== "") console.error(`${name} | ${line}`);
    }
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
