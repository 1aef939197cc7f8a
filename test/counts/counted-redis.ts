/**
 * The counted engine as one instance on a real Redis, its events published to a stream in memory. Its world's time stands
 * still while Redis works: so what is decided meanwhile is the next commit, however quick or slow the machine is.
 */
import { RedisClient } from "bun";
import { createDoorbellHub } from "../../src/bus/memory/doorbell.ts";
import type { StreamRecord } from "../../src/bus/event-stream.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { systemClock } from "../../src/env/clock.ts";
import { systemIds } from "../../src/env/ids.ts";
import { openRedisStore } from "../../src/store/redis/redis-store.ts";
import type { SharedStore } from "../../src/store/shared-store.ts";
import { recordingLog } from "../env/log/recording-log.ts";
import { askRedis, type RedisService } from "../services/redis.ts";
import { type After, countedWorld, type Counts, noCounts, startCounted, THREADS } from "./counted-engine.ts";
import { MEMBER_LIMITS } from "../sim/instance.ts";
import { settled } from "../sim/world.ts";
import type { ClusterOptions } from "../../src/cluster/cluster.ts";

export type RedisCounts = {
  /** Scripts that clients called. */
  readonly scripts: number;
  readonly bytesIn: number;
  /** What its keys have grown by when all is over. */
  readonly memory: number;
  /** Of the outbox, each deleted when the stream had it. */
  readonly outboxEntries: number;
  /** Calls that published to the stream, the records in them and their characters. */
  readonly sends: number;
  readonly records: number;
  readonly streamCharacters: number;
};

export type CountedRedis = {
  readonly engine: Engine;
  readonly counts: Counts;
  /** Lets the world go on until the promise is settled. */
  readonly after: After;
  /** What the act cost (which waits by `after`), until the stream has every event of it. */
  costOf(act: () => Promise<unknown>): Promise<RedisCounts>;
  stop(): Promise<void>;
};

const LANES = 64;
/** Of simulated time: many times what a relay gathers for, and no sweep falls into it. */
const REST_MS = 500;
/** No renewal and no sweep falls into what is counted. */
const LEASE_RENEW_MS = 3_600_000;

/** Resolves when it owns every lane. The server must be nobody else's. */
export async function startCountedRedis(server: RedisService): Promise<CountedRedis> {
  const world = countedWorld();
  const counts = noCounts();
  const { log } = recordingLog();
  const redis = await openRedisStore({
    address: { url: server.url },
    clock: systemClock,
    ids: systemIds,
    log,
    outbox: true,
    lanes: LANES,
  });
  const bus = { entries: 0, sends: 0, records: 0, characters: 0 };
  const gate = gated(redis, (ids) => {
    bus.entries += ids.length;
  });
  /** One thing happens; time passes only where Redis has nothing to do. */
  const goOn = async (untilMs = Number.POSITIVE_INFINITY): Promise<boolean> => {
    if (await world.step(world.nowMs())) return true;
    // What Redis has just answered may lead to more.
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (await world.step(world.nowMs())) return true;
    if (!gate.isBusy()) return await world.step(untilMs);
    gate.open();
    return true;
  };
  const rest = async (): Promise<void> => {
    const untilMs = world.nowMs() + REST_MS;
    while (await goOn(untilMs));
  };
  const after: After = (promise) =>
    settled(promise, async (isSettled) => {
      while (!isSettled()) {
        const isOver = !(await goOn());
        if (isOver && !isSettled()) throw new Error("Nothing can happen any more, and the answer that the test waits for is not there.");
      }
    });
  const events = {
    async publish(records: readonly StreamRecord[]): Promise<void> {
      bus.sends += 1;
      bus.records += records.length;
      for (const record of records) if ("events" in record && typeof record.events === "string") bus.characters += record.events.length;
    },
    health: () => ({ available: true }) as const,
    close: async () => undefined,
  };
  const cluster: ClusterOptions = {
    store: gate.store,
    doorbell: createDoorbellHub(world).hang(),
    events,
    name: "counted",
    threads: THREADS,
    limits: MEMBER_LIMITS,
    leaseTtlMs: 4 * LEASE_RENEW_MS,
    leaseRenewMs: LEASE_RENEW_MS,
    overflowAfterMs: 100,
    outboxBytes: { max: 256 * 2 ** 20, hold: 512 * 2 ** 20 },
  };
  const engine = await after(startCounted(world, counts, cluster));
  while (engine.health().cluster?.lanes !== LANES) await goOn();
  return {
    engine,
    counts,
    after,
    async costOf(act) {
      // What came before it is not its own.
      await rest();
      const memory = await memoryOf(server);
      const before = await trafficOf(server);
      Object.assign(bus, { entries: 0, sends: 0, records: 0, characters: 0 });
      await act();
      await rest();
      const now = await trafficOf(server);
      const left = await Promise.all(Array.from({ length: LANES }, (_, lane) => redis.outbox(lane, 1)));
      if (left.some((entries) => entries.length > 0)) throw new Error(`After ${REST_MS} ms some events are not in the stream yet.`);
      return {
        scripts: now.scripts - before.scripts,
        bytesIn: now.bytesIn - before.bytesIn,
        memory: (await memoryOf(server)) - memory,
        outboxEntries: bus.entries,
        sends: bus.sends,
        records: bus.records,
        streamCharacters: bus.characters,
      };
    },
    async stop() {
      await after(engine.stop(0));
      await redis.close();
    },
  };
}

type Gate = {
  readonly store: SharedStore;
  /** Calls wait, or answers. */
  isBusy(): boolean;
  /** Sends all calls that wait, or gives all answers; nothing while Redis has not answered all that was sent. */
  open(): void;
};

/**
 * Between the engine and Redis: what is asked in one moment of the world is sent at once, and all of it is answered at once. In how
 * many parts answers come from a socket, and what is asked in between, would be counted otherwise. `relayed` is told what was deleted
 * of an outbox.
 */
function gated(store: SharedStore, relayed: (ids: readonly string[]) => void): Gate {
  let inFlight = 0;
  let calls: (() => void)[] = [];
  let answers: (() => void)[] = [];

  async function passed(call: () => Promise<unknown>): Promise<unknown> {
    await new Promise<void>((resolve) => calls.push(resolve));
    inFlight += 1;
    try {
      return await call();
    } finally {
      inFlight -= 1;
      await new Promise<void>((resolve) => answers.push(resolve));
    }
  }

  const seen = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      // These ask nothing of Redis.
      if (/^(laneOf|on[A-Z]\w+)$/.test(String(name))) return member.bind(target);
      return (...args: readonly unknown[]): Promise<unknown> => {
        if (name === "relayed") relayed(args[1] as readonly string[]);
        // Until when it is waited for is by the world's clock, and Redis' store has the machine's.
        if (name === "create") return passed(() => store.create(args[0] as Parameters<SharedStore["create"]>[0], inAMinute()));
        return passed(() => Reflect.apply(member, target, args) as Promise<unknown>);
      };
    },
  });
  return {
    store: seen,
    isBusy: () => inFlight + calls.length + answers.length > 0,
    open() {
      if (inFlight > 0) return;
      const next = answers.length > 0 ? answers : calls;
      if (next === answers) answers = [];
      else calls = [];
      for (const pass of next) pass();
    },
  };
}

function inAMinute(): number {
  return systemClock.monotonicMs() + 60_000;
}

async function trafficOf({ port }: RedisService): Promise<Pick<RedisCounts, "scripts" | "bytesIn">> {
  const info = String(await askRedis(port, "INFO", "everything"));
  const value = (pattern: RegExp): number => Number(pattern.exec(info)?.[1] ?? 0);
  return { scripts: value(/^cmdstat_evalsha:calls=(\d+)/m), bytesIn: value(/^total_net_input_bytes:(\d+)/m) };
}

/** Of every key with what it holds. What Redis says of its whole memory has buffers and half-empty tables in it. */
async function memoryOf({ url }: RedisService): Promise<number> {
  const client = new RedisClient(url);
  const keys = (await client.send("KEYS", ["*"])) as string[];
  const sizes = await Promise.all(keys.map((key) => client.send("MEMORY", ["USAGE", key, "SAMPLES", "0"])));
  client.close();
  return sizes.reduce((sum: number, size) => sum + Number(size), 0);
}
