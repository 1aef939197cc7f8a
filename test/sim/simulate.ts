/**
 * Plays one seed: random DAGs through the whole engine, on a store that loses calls and answers, with threads that lose
 * attempts, supervisors that crash and instances that die, some of which live on as zombies. Then looks at the log, and
 * at nothing else, for what was promised.
 */
import type { Engine } from "../../src/engine.ts";
import type { RunAttempt } from "../../src/pool/pool.ts";
import { decode } from "../../src/store/codec.ts";
import { emptyMemory, openMemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { compileStored } from "../../src/workflow/definition.ts";
import type { Plan } from "../../src/workflow/graph.ts";
import type { WorkflowEvent } from "../../src/workflow/messages.ts";
import { at } from "../../src/workflow/state.ts";
import { faultyStore } from "./faulty-store.ts";
import { created, startInstance } from "./instance.ts";
import { World } from "./world.ts";

export type Faults = {
  readonly storeFails: number;
  readonly supervisorCrashes: number;
  readonly handlerFails: number;
  readonly instanceDies: number;
};
export type Played = { readonly statuses: readonly string[]; readonly instances: number; readonly trace: string };

const EXECUTIONS = 3;
const INSTANCES_MAX = 8;

/** Throws, naming the seed, where a promise is broken. */
export async function simulate(seed: number, faults: Faults): Promise<Played> {
  const world = new World(seed);
  const files = emptyMemory();
  const truth = openMemoryStore(files);
  const broken: string[] = [];
  const begun: string[] = [];

  const run: RunAttempt = (attempt, { executionId }) => {
    begun.push(`${executionId}/${attempt.nodeId}/${attempt.attempt}`);
    const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<RunAttempt>>>();
    void dependenciesDone(truth, executionId, attempt.nodeId).then((done) => {
      if (!done) broken.push(`${attempt.nodeId} of ${executionId} began before its dependencies were durable`);
    });
    world.after(world.random.below(200), () => {
      const fails = world.random.chance(faults.handlerFails);
      const failure = { kind: "handler", code: "boom", message: "It broke.", retryable: true } as const;
      resolve(fails ? { type: "failed", failure } : { type: "completed", output: JSON.stringify({ from: attempt.nodeId }) });
    });
    return promise;
  };
  const start = (): Promise<Engine> =>
    startInstance({
      world,
      store: faultyStore(openMemoryStore(files), world, {
        lostCalls: faults.storeFails,
        lostAnswers: faults.storeFails,
        conflicts: faults.supervisorCrashes,
        latencyMaxMs: 20,
      }),
      run,
    });

  let engine = await within(world, start(), "the first start");
  let instances = 1;
  const ids: string[] = [];
  for (let count = 0; count < EXECUTIONS; count++) {
    const definition = randomDefinition(world);
    const id = await within(
      world,
      retried(() => created(engine, definition)),
      "a create",
    );
    ids.push(id);
    // Triggered by several clients at once, and again where the answer was "come again".
    for (let client = 0; client < 3; client++) void triggered(world, () => engine, id);
  }
  for (let steps = 0; !(await allClosed(truth, ids)); steps++) {
    if (steps > 20_000) throw new Error(`Seed ${seed}: no end after ${steps} steps.`);
    if (!(await world.step())) throw new Error(`Seed ${seed}: nothing happens any more, and not all executions have ended.`);
    if (instances < INSTANCES_MAX && world.random.chance(faults.instanceDies)) {
      // The old one is not stopped: it lives on as a zombie, whose writes the store must refuse.
      instances += 1;
      engine = await within(world, start(), "a later start");
    }
  }

  if (instances === 1 && new Set(begun).size < begun.length) broken.push("an attempt began twice within one instance");

  const statuses: string[] = [];
  const trace: string[] = [];
  for (const id of ids) {
    const { plan, events } = await logOf(truth, id);
    broken.push(...faultsIn(plan, events).map((fault) => `${id}: ${fault}`));
    statuses.push(events.map((event) => (event.type === "ExecutionFinished" ? event.status : "")).join(""));
    trace.push(...events.map((event) => JSON.stringify(event)));
  }
  if (broken.length > 0) throw new Error(`Seed ${seed}: ${broken.join("; ")}`);
  return { statuses, instances, trace: [...trace, ...begun].join("\n") };
}

async function logOf(truth: Store, id: string): Promise<{ plan: Plan; events: WorkflowEvent[] }> {
  const stored = await truth.load(id);
  if (stored === null) throw new Error(`Execution ${id} is lost.`);
  const plan = compileStored(stored.definitionText);
  const events: WorkflowEvent[] = [];
  for (const chunk of stored.chunks) decode(chunk.text, plan, (event) => events.push(event));
  return { plan, events };
}

/** What the log of one execution shows to be wrong. */
function faultsIn(plan: Plan, events: readonly WorkflowEvent[]): string[] {
  const found: string[] = [];
  const done = new Set<number>();
  const ends = { ExecutionTriggered: 0, ExecutionFinished: 0, ExecutionClosed: 0 };
  for (const event of events) {
    if (event.type in ends) ends[event.type as keyof typeof ends] += 1;
    if (event.type !== "AttemptCompleted") continue;
    if (done.has(event.node)) found.push(`${plan.ids[event.node]} has two results`);
    done.add(event.node);
    if (event.output !== JSON.stringify({ from: plan.ids[event.node] })) found.push(`${plan.ids[event.node]} has another's result`);
    for (const dependency of dependenciesOf(plan, event.node)) {
      if (!done.has(dependency)) found.push(`${plan.ids[event.node]} completed before ${plan.ids[dependency]}`);
    }
  }
  for (const [type, count] of Object.entries(ends)) if (count !== 1) found.push(`${type} stands ${count} times in the log`);
  const completed = events.some((event) => event.type === "ExecutionFinished" && event.status === "COMPLETED");
  if (completed && done.size !== plan.ids.length) found.push(`completed with ${done.size} of ${plan.ids.length} nodes`);
  return found;
}

async function dependenciesDone(truth: Store, id: string, nodeId: string): Promise<boolean> {
  const { plan, events } = await logOf(truth, id);
  const done = new Set(events.flatMap((event) => (event.type === "AttemptCompleted" ? [event.node] : [])));
  return dependenciesOf(plan, plan.index.get(nodeId) ?? -1).every((dependency) => done.has(dependency));
}

function dependenciesOf(plan: Plan, node: number): number[] {
  return [...plan.dependencies.subarray(at(plan.dependencyStart, node), at(plan.dependencyStart, node + 1))];
}

async function allClosed(truth: Store, ids: readonly string[]): Promise<boolean> {
  const summaries = await Promise.all(ids.map((id) => truth.summary(id)));
  return summaries.every((summary) => summary?.closed === true);
}

function randomDefinition(world: World): unknown {
  const { random } = world;
  const nodes = Array.from({ length: 2 + random.below(10) }, (_, node) => ({
    id: `n${node}`,
    handler: "step",
    dependencies: Array.from({ length: node }, (_, before) => `n${before}`).filter(() => random.chance(0.3)),
    retry: { max_attempts: 4, initial_interval: "100ms" },
  }));
  return { name: "random", dag: { nodes } };
}

/** Goes on until the engine that is in charge by then has taken the trigger, or says that it was taken. */
async function triggered(world: World, engine: () => Engine, id: string): Promise<void> {
  for (;;) {
    const result = await engine().trigger(id, null);
    if (result.type === "triggered" || result.type === "already") return;
    await new Promise<void>((resolve) => world.after(100 + world.random.below(100), resolve));
  }
}

async function retried<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (tries > 50) throw error;
    }
  }
}

/** Lets the world go on until the promise is kept. */
async function within<T>(world: World, promise: Promise<T>, what: string): Promise<T> {
  let settled = false;
  const both = promise.finally(() => {
    settled = true;
  });
  both.catch(() => undefined);
  await world.until(() => settled, what);
  return both;
}
