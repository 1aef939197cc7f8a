/** `noop` attempts through the real pool of threads, from the start to the outcome that is settled. */
import { readConfig } from "../../src/env/config/config.ts";
import { openPool } from "../../src/wiring/engine-parts.ts";
import type { Attempt } from "../../src/pool/pool.ts";
import { THREADS } from "../bench-engine.ts";
import { type Micro, nsOf } from "./timing.ts";

/** `atOnce` are started in one turn; nanoseconds for each. */
export async function poolRoundTrip(atOnce: number): Promise<Micro> {
  const read = readConfig({ WORKER_CONCURRENCY: String(THREADS), APP_STORE: "memory", APP_HANDLERS_DIR: "no-handlers", LOG_LEVEL: "warn" });
  if (!read.ok) throw new Error(read.faults.join(" "));
  const pool = openPool(read.config, (sentence) => console.error(sentence));
  await pool.ready();
  const given = Array.from({ length: atOnce }, (_, node) => noop(node));
  let open = 0;
  let finished: () => void = () => undefined;
  const attempts = pool.attach(
    { id: "0193", name: "micro" },
    {
      began: () => undefined,
      returned: () => undefined,
      ended(node, attempt, _beganAtMs, outcome) {
        if (outcome.type !== "completed") throw new Error(`An attempt is ${outcome.type}: ${JSON.stringify(outcome)}`);
        attempts.settle(node, attempt);
        open -= 1;
        if (open === 0) finished();
      },
    },
  );
  const act = (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    finished = resolve;
    open = atOnce;
    for (const attempt of given) attempts.start(attempt);
    return promise;
  };
  return { ns: async () => (await nsOf(act)) / atOnce, stop: () => pool.close() };
}

function noop(node: number): Attempt {
  return {
    node,
    nodeId: `n${node}`,
    attempt: 1,
    handler: "noop",
    config: null,
    fromTrigger: [],
    scope: [],
    parents: [],
    params: null,
    runtime: null,
    timeoutMs: 3_600_000,
    priority: 5,
    suspect: false,
    limits: null,
  };
}
