/**
 * What one node costs, in counts that no clock and no busy machine can change: the guards of the hot path. The parts are
 * real (engine, actors, codec, pool, frames, host), time is simulated, and a commit takes a while, as on a disk.
 */
import { beforeAll, describe, expect, test } from "bun:test";
import { type Engine, startEngine } from "../src/engine.ts";
import type { Clock } from "../src/env/clock.ts";
import type { Turns } from "../src/env/turns.ts";
import { decodeAttempts, encodeAttempts } from "../src/pool/attempt-frame.ts";
import { cellsBytes, viewCells } from "../src/pool/cells.ts";
import { Crew } from "../src/pool/crew.ts";
import { createCrewsPool } from "../src/pool/crews-pool.ts";
import { createHost } from "../src/pool/host.ts";
import type { Link, LinkEvents } from "../src/pool/link.ts";
import { decodeOutcomes, encodeOutcomes } from "../src/pool/outcome-frame.ts";
import type { Pool } from "../src/pool/pool.ts";
import { frameAssembler, isAttemptNumbers, isOutcomeNumbers, sendFrame } from "../src/pool/protocol.ts";
import { openMemoryStore } from "../src/store/memory.ts";
import type { Store } from "../src/store/store.ts";
import { recordingLog } from "./env/recording-log.ts";
import { created, DEFAULTS, LIMITS } from "./sim/instance.ts";
import { World } from "./sim/world.ts";

/** A few commits' time goes by while 1,000 nodes run, as on a machine. */
const COMMIT_MS = 1;
const THREADS = 2;
/** Of thirteen digits, as all times of today. */
const NOW_MS = 1_763_700_000_000;

type Counts = {
  commits: number;
  otherStoreCalls: number;
  events: number;
  logCharacters: number;
  messages: number;
  turns: number;
  timers: number;
};

describe.each([1_000, 8_000])("a fan-out of %d", (width) => {
  const nodes = width + 2;
  let counts: Counts;

  beforeAll(async () => {
    counts = await countsOf(width);
  });

  test("commits together what ends together", () => {
    // The trigger, the root and the join have their own. In the middle a commit carries what ended while the last one was
    // written, which is 1,000 and more here; 4,000 events are the most that one may carry.
    expectAtMost("commits", counts.commits, 3 + Math.ceil(nodes / 400));
  });

  test("asks nothing of the store but commits", () => {
    // The create, and the summary that the waiting client asks for. A load, or a read a node, would be a query a node.
    expectAtMost("store calls beside commits", counts.otherStoreCalls, 2);
  });

  test("writes one event a node", () => {
    // A start that is soon followed by its end is not recorded. Five belong to the execution: created, triggered, started, finished, closed.
    expect(counts.events).toBe(nodes + 5);
  });

  test("writes some sixty characters of log a node", () => {
    // ["completed","n1234",1,1763700000000,1763700000450,0,null] and ",\n": two times, the id and the output. An id said twice, or a
    // key before each value, would be seen here.
    expectAtMost("characters of log a node", counts.logCharacters / nodes, 66);
  });

  test("sends attempts and outcomes in frames", () => {
    // 512 attempts or outcomes are a frame of two messages; the root and the join are one message each way.
    expectAtMost("messages to and from threads", counts.messages, 4 + 2 * 2 * (Math.ceil(nodes / 400) + THREADS));
  });

  test("takes turns of the event loop by batch, not by node", () => {
    // A turn for a mailbox's batch, one to place what waits, one for each frame heard: a few for each frame and commit.
    expectAtMost("turns", counts.turns, 20 + nodes / 40);
  });

  test("sets no timer a node", () => {
    // Timeouts are watched by the pool's one timer, retries by the company's, a trigger has its two deadlines.
    expectAtMost("timers", counts.timers, 20 + nodes / 400);
  });
});

function expectAtMost(what: string, found: number, most: number): void {
  if (found <= most) return;
  throw new Error(
    `${what}: ${found}, at most ${most} are expected. Something on the hot path is done by node that was done by batch: look at what changed, or say beside the bound why it must be higher.`,
  );
}

async function countsOf(width: number): Promise<Counts> {
  const counts: Counts = { commits: 0, otherStoreCalls: 0, events: 0, logCharacters: 0, messages: 0, turns: 0, timers: 0 };
  const world = new World(1, NOW_MS);
  const engine = await after(world, startCounted(world, counts));
  const middle = Array.from({ length: width }, (_, i) => `n${i}`);
  const node = (id: string, dependencies: readonly string[] = []) => ({ id, handler: "noop", dependencies });
  const definition = { name: "fan-out", dag: { nodes: [node("root"), ...middle.map((id) => node(id, ["root"])), node("join", middle)] } };
  const id = await after(world, created(engine, definition));
  // What the start took is not the fan-out's.
  Object.assign(counts, { messages: 0, turns: 0, timers: 0 });
  const ended = engine.waitForEnd(id, 60_000);
  await after(world, engine.trigger(id, null));
  expect(await after(world, ended)).toBe(true);
  const summary = await engine.summary(id);
  counts.otherStoreCalls -= 1;
  expect(summary).toMatchObject({ status: "COMPLETED", completed: width + 2, closed: true });
  return counts;
}

async function after<T>(world: World, promise: Promise<T>): Promise<T> {
  let settled = false;
  const both = promise.finally(() => {
    settled = true;
  });
  await world.until(() => settled, "the answer that the test waits for");
  return both;
}

function startCounted(world: World, counts: Counts): Promise<Engine> {
  const clock: Clock = {
    nowMs: () => world.nowMs(),
    monotonicMs: () => world.monotonicMs(),
    after(delayMs, fire) {
      counts.timers += 1;
      return world.after(delayMs, fire);
    },
  };
  const turns: Turns = {
    run(turn) {
      counts.turns += 1;
      world.run(turn);
    },
  };
  return startEngine({
    store: countedStore(openMemoryStore(), world, counts),
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
    waitersLimit: 10,
    degraded: false,
    cluster: null,
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
    sweep: (retention) => store.sweep(retention),
    close: () => store.close(),
  };
}

/** The pool of threads with its frames, where each thread is a host in this one. */
function framedPool(clock: Clock, turns: Turns, counts: Counts): Pool {
  const report = (sentence: string): never => {
    throw new Error(sentence);
  };
  const crew = new Crew({
    startLink: (slots, events) => startFramed(slots, events, turns, clock, counts),
    slots: 5_000,
    hosts: THREADS,
    hostsMost: THREADS,
    hostsIdle: THREADS,
    idleMs: Number.POSITIVE_INFINITY,
    silentMs: Number.POSITIVE_INFINITY,
    abortGraceMs: 100,
    suspects: false,
    clock,
    turns,
    report,
  });
  return createCrewsPool({ crews: [crew], crewOf: () => crew, clock, turns, report });
}

function startFramed(slots: number, events: LinkEvents, turns: Turns, clock: Clock, counts: Counts): Link {
  const cells = viewCells(new ArrayBuffer(cellsBytes(slots)), slots);
  const crossing = (hear: (message: unknown) => boolean) => {
    return (message: unknown): void => {
      counts.messages += 1;
      turns.run(() => void hear(message));
    };
  };
  const up = crossing(frameAssembler(isOutcomeNumbers, (frame) => events.outcomes(decodeOutcomes(frame))));
  const host = createHost({
    run: () => ({ type: "completed", output: "null" }),
    cells,
    post: (outcomes) => sendFrame(encodeOutcomes(outcomes), up),
    clock,
    turns,
    beatMs: null,
  });
  const down = crossing(frameAssembler(isAttemptNumbers, (frame) => host.take(decodeAttempts(frame))));
  turns.run(() => events.ready([{ name: "noop", names: ["noop"], needs: [] }]));
  return {
    cells,
    send: (works) => sendFrame(encodeAttempts(works), down),
    abort: (aborted, reason) => host.abort(aborted, reason),
    end: () => undefined,
  };
}
