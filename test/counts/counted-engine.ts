/**
 * The engine with every act counted that could be done by node and is done by batch. The parts are real (engine, actors, codec,
 * pool, frames, host), time is simulated, and a commit takes a while, as on a disk: so a count is the same on every machine.
 */
import type { CheckedDefinition, Engine } from "../../src/engine/engine.ts";
import type { Clock } from "../../src/env/clock.ts";
import type { Turns } from "../../src/env/turns.ts";
import { decodeAttempts, encodeAttempts } from "../../src/pool/wire/attempt-frame.ts";
import { slotsBytes, viewSlots } from "../../src/pool/wire/slots.ts";
import { Dispatcher } from "../../src/pool/dispatch/dispatcher.ts";
import { createDispatcherPool } from "../../src/pool/dispatcher-pool.ts";
import { createHost } from "../../src/pool/host/host.ts";
import type { Link, LinkEvents } from "../../src/pool/wire/link.ts";
import { ThreadHandlers } from "../../src/pool/thread-handlers.ts";
import { decodeOutcomes, encodeOutcomes } from "../../src/pool/wire/outcome-frame.ts";
import type { Pool } from "../../src/pool/pool.ts";
import { frameAssembler, isAttemptNumbers, isOutcomeNumbers, sendFrame } from "../../src/pool/wire/protocol.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { recordingLog } from "../env/log/recording-log.ts";
import { DEFAULTS, LIMITS } from "../sim/instance.ts";
import { World } from "../sim/world.ts";
import type { ClusterOptions } from "../../src/cluster/cluster.ts";
import { startEngine } from "../../src/engine/start.ts";

/** Of thirteen digits, as all times of today. */
const NOW_MS = 1_763_700_000_000;
/** A few commits' time goes by while 1,000 nodes run, as on a machine. */
const COMMIT_MS = 1;
export const THREADS = 2;

export type Counts = {
  commits: number;
  otherStoreCalls: number;
  events: number;
  logCharacters: number;
  messages: number;
  turns: number;
  timers: number;
};

export function noCounts(): Counts {
  return { commits: 0, otherStoreCalls: 0, events: 0, logCharacters: 0, messages: 0, turns: 0, timers: 0 };
}

export function countedWorld(): World {
  return new World(1, NOW_MS);
}

/** Fails with what to do about it. */
export function expectAtMost(what: string, found: number, most: number): void {
  if (found <= most) return;
  throw new Error(
    `${what}: ${found}, at most ${most} are expected. Something on the hot path is done by node that was done by batch: look at what changed, or say beside the bound why it must be higher.`,
  );
}

/** 1 → `width` → 1. */
export function fanOut(width: number): unknown {
  const middle = Array.from({ length: width }, (_, i) => `n${i}`);
  const node = (id: string, dependencies: readonly string[] = []) => ({ id, handler: "noop", dependencies });
  return { name: "fan-out", dag: { nodes: [node("root"), ...middle.map((id) => node(id, ["root"])), node("join", middle)] } };
}

/**
 * Lets so many executions run, all created triggered and in one turn, and waited for. The counts are theirs alone; what the
 * waiting clients ask for at the end is in them.
 */
export async function countManyAtOnce(after: After, engine: Engine, counts: Counts, executions: number): Promise<Counts> {
  const definition = await checked(engine, fanOut(3));
  Object.assign(counts, noCounts());
  const runNew = async (): Promise<void> => {
    const result = await engine.create({ definition, trigger: { params: null }, idempotency: null });
    if (result.type !== "created") throw new Error(`Not created: ${JSON.stringify(result)}`);
    if (!(await engine.waitForEnd(result.id, 60_000))) throw new Error(`Execution ${result.id} has not ended.`);
  };
  await after(Promise.all(Array.from({ length: executions }, runNew)));
  const counted = { ...counts };
  const ended = await after(engine.list({ status: "COMPLETED", limit: executions }));
  if (ended.length !== executions) throw new Error(`${ended.length} of ${executions} executions are COMPLETED.`);
  return counted;
}

/** Created and not yet triggered; its id. */
export async function created(after: After, engine: Engine, definition: unknown): Promise<string> {
  const request = { definition: await checked(engine, definition), trigger: null, idempotency: null };
  const result = await after(engine.create(request));
  if (result.type !== "created") throw new Error(`Not created: ${JSON.stringify(result)}`);
  return result.id;
}

/** One after the other, `everyMs` after the one before, each created triggered; until all have ended. The counts are theirs alone. */
export async function countSteady(
  { after, engine, counts, world }: { readonly after: After; readonly engine: Engine; readonly counts: Counts; readonly world: World },
  executions: number,
  everyMs: number,
): Promise<Counts> {
  const definition = await checked(engine, fanOut(3));
  Object.assign(counts, noCounts());
  const ends: Promise<boolean>[] = [];
  for (let at = 0; at < executions; at++) {
    const created = engine.create({ definition, trigger: { params: null }, idempotency: null });
    ends.push(created.then((result) => (result.type === "created" ? engine.waitForEnd(result.id, 60_000) : false)));
    await world.pass(everyMs);
  }
  const ended = await after(Promise.all(ends));
  if (!ended.every((each) => each)) throw new Error("Not all executions have ended.");
  return { ...counts };
}

/** A large one is checked in a real thread, which the world would not wait for. */
async function checked(engine: Engine, definition: unknown): Promise<CheckedDefinition> {
  const result = await engine.check(JSON.stringify(definition), "workflow");
  if (!result.ok) throw new Error(`The test's definition is refused: ${JSON.stringify(result.problems)}`);
  return result.definition;
}

/** Lets a world go on until the promise is settled. */
export type After = <T>(promise: Promise<T>) => Promise<T>;

export function inWorld(world: World): After {
  return (promise) => world.settled(promise);
}

/** On a store in memory whose commits take a millisecond, or on the one of a cluster as it is. `gatherMs`: as a store that has it, a file. */
export function startCounted(world: World, counts: Counts, cluster: ClusterOptions | null = null, gatherMs?: number): Promise<Engine> {
  const clock: Clock = {
    nowMs: () => world.nowMs(),
    monotonicMs: () => world.monotonicMs(),
    after(delayMs, fire) {
      counts.timers += 1;
      return world.after(delayMs, fire);
    },
  };
  let due: (() => void)[] = [];
  const turns: Turns = {
    run(turn) {
      counts.turns += 1;
      // As the real ones: all that are due are taken in one go.
      if (due.push(turn) > 1) return;
      world.run(() => {
        const taken = due;
        due = [];
        for (const each of taken) each();
      });
    },
  };
  return startEngine({
    store: cluster?.store ?? { ...countedStore(openMemoryStore(), world, counts), ...(gatherMs !== undefined && { gatherMs }) },
    storeKind: "memory",
    pool: framedPool(clock, turns, counts),
    clock,
    random: world.random,
    turns,
    ids: world,
    log: recordingLog().log,
    definitions: { limits: LIMITS, defaults: DEFAULTS },
    retention: { finishedMs: 86_400_000, untriggeredMs: 86_400_000 },
    maxRunningExecutions: null,
    mailboxLimit: 10_000,
    waitersLimit: 1_000,
    degraded: false,
    cluster,
  });
}

function countedStore(store: Store, world: World, counts: Counts): Store {
  const counted = <Arguments extends readonly unknown[], Answer>(call: (...args: Arguments) => Promise<Answer>) => {
    return (...args: Arguments): Promise<Answer> => {
      counts.otherStoreCalls += 1;
      return call(...args);
    };
  };
  const note = (chunk: { readonly from: number; readonly to: number; readonly text: string }): void => {
    counts.events += chunk.to - chunk.from + 1;
    counts.logCharacters += chunk.text.length;
  };
  return {
    lanes: store.lanes,
    laneOf: (id) => store.laneOf(id),
    acquire: (lane, bootId) => store.acquire(lane, bootId),
    async commit(lane, commit) {
      counts.commits += 1;
      for (const { chunk } of commit.entries) note(chunk);
      await new Promise<void>((resolve) => world.after(COMMIT_MS, resolve));
      return store.commit(lane, commit);
    },
    create: counted((batch) => {
      for (const { chunk } of batch) note(chunk);
      return store.create(batch);
    }),
    load: counted((id) => store.load(id)),
    chunksAfter: counted((id, sequence) => store.chunksAfter(id, sequence)),
    summary: counted((id) => store.summary(id)),
    large: counted((id, keys) => store.large(id, keys)),
    list: counted((query) => store.list(query)),
    active: (lane) => store.active(lane),
    remove: (execution) => store.remove(execution),
    sweep: (retention) => store.sweep(retention),
    raiseLevel: (level) => store.raiseLevel(level),
    close: () => store.close(),
  };
}

/** The pool of threads with its frames, where each thread is a host in this one. */
function framedPool(clock: Clock, turns: Turns, counts: Counts): Pool {
  const report = (sentence: string): never => {
    throw new Error(sentence);
  };
  const handlers = new ThreadHandlers();
  const dispatcher = new Dispatcher({
    startLink: (slots, events) => startFramed(slots, events, turns, clock, counts),
    slots: 5_000,
    hosts: THREADS,
    hostsMost: THREADS,
    hostsIdle: THREADS,
    idleMs: Number.POSITIVE_INFINITY,
    silentMs: Number.POSITIVE_INFINITY,
    abortGraceMs: 100,
    suspects: false,
    unknownHandler: (name) => report(`No thread has the handler ${name}.`),
    clock,
    turns,
    report,
  });
  return createDispatcherPool({ dispatchers: [dispatcher], dispatcherOf: () => dispatcher, handlers, clock, turns, report });
}

function startFramed(count: number, events: LinkEvents, turns: Turns, clock: Clock, counts: Counts): Link {
  const slots = viewSlots(new ArrayBuffer(slotsBytes(count)), count);
  const crossing = (hear: (message: unknown) => boolean) => {
    return (message: unknown): void => {
      counts.messages += 1;
      turns.run(() => void hear(message));
    };
  };
  const up = crossing(frameAssembler(isOutcomeNumbers, (frame) => events.outcomes(decodeOutcomes(frame))));
  const host = createHost({
    run: () => ({ type: "completed", output: "null" }),
    slots,
    post: (outcomes) => sendFrame(encodeOutcomes(outcomes), up),
    clock,
    turns,
    beatMs: null,
  });
  const down = crossing(frameAssembler(isAttemptNumbers, (frame) => host.take(decodeAttempts(frame))));
  turns.run(() => events.ready([{ name: "noop", names: ["noop"], needs: [] }]));
  return {
    slots,
    send: (works) => sendFrame(encodeAttempts(works), down),
    abort: (aborted, reason) => host.abort(aborted, reason),
    end: () => undefined,
  };
}
