/**
 * Plays one seed: random DAGs through the whole engine, on a store that loses calls and answers, with threads that lose
 * attempts, supervisors that crash, and instances that end cleanly, die, or live on as zombies. Then looks at the log,
 * and at what the witness saw, for what was promised.
 */
import type { Engine } from "../../src/engine/engine.ts";
import type { Pool } from "../../src/pool/pool.ts";
import { emptyMemory, type MemoryFiles, openMemoryStore } from "../../src/store/memory/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { Clients } from "./clients.ts";
import { faultyStore } from "./faulty-store.ts";
import { startInstance } from "./instance.ts";
import { Life } from "./life.ts";
import { lossyPool } from "./lossy-pool.ts";
import { brokenPromises } from "./promises.ts";
import { storedLog } from "./stored-log.ts";
import { Witness } from "./witness.ts";
import { settled, World } from "./world.ts";

/** Probabilities: of each call, commit, attempt; of the last three, in each step of the play. */
export type Faults = {
  readonly storeFails: number;
  readonly supervisorCrashes: number;
  readonly handlerFails: number;
  readonly attemptLost: number;
  readonly instanceDies: number;
  readonly instanceEnds: number;
  /** MAX_CONCURRENT_WORKFLOWS. */
  readonly limit: number | null;
  readonly longRetries: boolean;
  /** Of each execution: a client cancels it. */
  readonly cancels: number;
  /** And pauses it for a while. */
  readonly pauses: number;
};
export const NO_FAULTS: Faults = {
  storeFails: 0,
  supervisorCrashes: 0,
  handlerFails: 0,
  attemptLost: 0,
  instanceDies: 0,
  instanceEnds: 0,
  limit: null,
  longRetries: false,
  cancels: 0,
  pauses: 0,
};

/** What is done to the engine's seams, to see that it is noticed. */
export type Sabotage = {
  readonly store?: (store: Store, life: Life, files: MemoryFiles) => Store;
  readonly pool?: (pool: Pool, life: Life) => Pool;
  readonly limit?: null;
};
export type Played = { readonly statuses: readonly string[]; readonly instances: number; readonly trace: string };

const EXECUTIONS = 3;
const INSTANCES_MAX = 8;
const STEPS_MAX = 20_000;

/** Throws, naming the seed, where a promise is broken. */
export async function simulate(seed: number, faults: Faults, sabotage: Sabotage = {}): Promise<Played> {
  const world = new World(seed);
  const { random } = world;
  const files = emptyMemory();
  const truth = openMemoryStore(files);
  const witness = new Witness(truth);
  const boots: string[] = [];
  const ended = new Set<string>();
  let instances = 0;
  let running = 0;

  /** In half of the plays most nodes that are ready wait outside the pool. */
  const narrow = (pool: Pool): Pool => (seed % 2 === 0 ? { ...pool, ahead: 2 } : pool);

  /** A new instance on the same files. */
  async function start(): Promise<{ life: Life; engine: Engine; boot: string }> {
    instances += 1;
    const life = new Life(world);
    let boot = "";
    const { store: throughStore = (store) => store, pool: throughPool = (pool) => pool } = sabotage;
    const store = faultyStore(throughStore(openMemoryStore(files), life, files), life, {
      lostCalls: faults.storeFails,
      lostAnswers: faults.storeFails,
      conflicts: faults.supervisorCrashes,
      latencyMaxMs: 20,
    });
    const limit = sabotage.limit === null ? null : faults.limit;
    const starting = startInstance({
      world: life,
      store: {
        ...store,
        acquire(lane, bootId) {
          boot = bootId;
          boots.push(bootId);
          return store.acquire(lane, bootId);
        },
      },
      run: witness.runIn(life, faults.handlerFails, () => (ended.has(boot) ? "ended" : boots.at(-1) === boot ? "owner" : "zombie")),
      throughPool: (pool) => lossyPool(narrow(throughPool(pool, life)), random, faults.attemptLost),
      ...(limit === null ? {} : { maxRunningExecutions: limit }),
    });
    starting.catch(() => undefined);
    if (instances > 1 && instances < INSTANCES_MAX && random.chance(faults.instanceDies * 10)) {
      // It dies while it takes over.
      for (let steps = random.below(30); steps > 0; steps--) await step();
      life.alive = false;
      return start();
    }
    const engine = await within(starting, "a start");
    return { life, engine, boot };
  }

  let now = await start();
  const clients = new Clients({ world, truth, engine: () => now.engine, witness, wishes: faults });
  for (let count = 0; count < EXECUTIONS; count++) clients.come();

  for (let steps = 0; !clients.content || !(await allClosed()); steps++) {
    if (steps > STEPS_MAX) throw new Error(`Seed ${seed}: no end after ${steps} steps.`);
    await step();
    clients.resumeStrays(files);
    if (instances >= INSTANCES_MAX) continue;
    if (random.chance(faults.instanceDies)) {
      // Half of the old ones live on as zombies, whose writes the store must refuse.
      now.life.alive = random.chance(0.5);
      now = await start();
    } else if (random.chance(faults.instanceEnds)) {
      await within(now.engine.stop(random.below(300)), "a clean end");
      ended.add(now.boot);
      now = await start();
    }
  }

  async function step(): Promise<void> {
    if (!(await world.step())) throw new Error(`Seed ${seed}: nothing happens any more, and not all executions have ended.`);
    const before = running;
    running = 0;
    for (const { summary } of files.executions.values()) if (summary.status === "RUNNING") running += 1;
    // What crashes too often is left alone for a while and gives its room to others; what is resumed takes room without asking.
    if (faults.limit === null || faults.supervisorCrashes + faults.pauses > 0) return;
    if (running > faults.limit && running > before) witness.broken.push(`${running} executions run, where ${faults.limit} may`);
  }

  /** Lets the world go on until the promise is kept. */
  function within<T>(promise: Promise<T>, what: string): Promise<T> {
    return settled(promise, async (isSettled) => {
      for (let steps = 0; !isSettled(); steps++) {
        if (steps > STEPS_MAX) throw new Error(`Seed ${seed}: ${what} does not come to an end.`);
        await step();
      }
    });
  }

  async function allClosed(): Promise<boolean> {
    return (await truth.active(0)).length === 0;
  }

  const broken = [...clients.broken, ...witness.broken];
  const statuses: string[] = [];
  const trace: string[] = [];
  for (const id of clients.accepted) {
    const log = await storedLog(truth, id);
    if (log === null) broken.push(`${id} was accepted, and is lost`);
    else {
      broken.push(...(await brokenPromises(truth, log, witness, { mayHaveDied: (boot) => !ended.has(boot) })));
      statuses.push(log.events.map((event) => (event.type === "ExecutionFinished" ? event.status : "")).join(""));
      trace.push(...log.events.map((event) => JSON.stringify(event)));
    }
  }
  if (broken.length > 0) throw new Error(`Seed ${seed}: ${broken.join("; ")}`);
  return { statuses, instances, trace: [...trace, ...witness.begun].join("\n") };
}
