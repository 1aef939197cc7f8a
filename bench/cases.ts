/** Every case by its name. A case's own module is loaded only in the process that runs it. */
import type { Case } from "./case.ts";

const LOADERS: Readonly<Record<string, () => Promise<Case>>> = {
  "fan-out": async () => (await import("./cases/fan-out.ts")).fanOutCase,
  chain: async () => (await import("./cases/chain.ts")).chainCase,
  micro: async () => (await import("./cases/micro.ts")).microCase,
  diamonds: async () => (await import("./cases/diamonds.ts")).diamondsCase,
  outputs: async () => (await import("./cases/outputs.ts")).outputsCase,
  "one-node": async () => (await import("./cases/one-node.ts")).oneNodeCase,
  rest: async () => (await import("./cases/rest.ts")).restCase,
  instances: async () => (await import("./cases/instances.ts")).instancesCase,
  relay: async () => (await import("./cases/relay.ts")).relayCase,
  waits: async () => (await import("./cases/waits.ts")).waitsCase,
  calls: async () => (await import("./cases/calls.ts")).callsCase,
  cpu: async () => (await import("./cases/cpu.ts")).cpuCase,
  footprint: async () => (await import("./cases/footprint.ts")).footprintCase,
  idle: async () => (await import("./cases/idle.ts")).idleCase,
  steady: async () => (await import("./cases/steady.ts")).steadyCase,
  overload: async () => (await import("./cases/overload.ts")).overloadCase,
  start: async () => (await import("./cases/start.ts")).startCase,
  bullmq: async () => (await import("./rivals/bullmq.ts")).bullmqCase,
  "bullmq-calls": async () => (await import("./rivals/bullmq-calls.ts")).bullmqCallsCase,
  effect: async () => (await import("./rivals/effect.ts")).effectCase,
  "thread-pool": async () => (await import("./rivals/thread-pool.ts")).threadPoolCase,
  ceiling: async () => (await import("./rivals/ceiling.ts")).ceilingCase,
};

export const CASE_NAMES: readonly string[] = Object.keys(LOADERS);

/** Rejects with a sentence that names the cases, where there is none of that name. */
export async function caseOf(name: string): Promise<Case> {
  const load = LOADERS[name];
  if (load === undefined) throw new Error(`There is no case "${name}"; there are ${CASE_NAMES.join(", ")}.`);
  return await load();
}
