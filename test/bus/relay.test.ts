/** What the relay and the bus promise: in order, at least once, one send in flight. */
import { describe, expect, test } from "bun:test";
import type { Bus, EventRecord } from "../../src/bus/bus.ts";
import { createMemoryBus } from "../../src/bus/memory.ts";
import { createRelay } from "../../src/bus/relay.ts";
import { createWaiters } from "../../src/bus/waiters.ts";
import type { CommitEntry } from "../../src/store/store.ts";
import { recordingLog } from "../env/recording-log.ts";
import { World } from "../sim/world.ts";

function entry(from: number, to: number, status: "RUNNING" | "COMPLETED" = "RUNNING"): CommitEntry {
  const summary = {
    id: "x",
    name: "test",
    definition: "hash",
    tags: [],
    status,
    sequence: to,
    total: 1,
    completed: 0,
    failed: 0,
    error: null,
    createdAtMs: 1,
    triggeredAtMs: 1,
    startedAtMs: 1,
    finishedAtMs: null,
    updatedAtMs: 1,
    closed: false,
  } as const;
  return { chunk: { from, to, text: `[${from}-${to}]` }, summary, large: [] };
}

describe("the relay", () => {
  test("publishes what was committed, in order, with one send in flight", async () => {
    const world = new World();
    const sent: string[] = [];
    let inFlight = 0;
    const bus: Bus = {
      ...createMemoryBus(),
      async publish(records: readonly EventRecord[]) {
        inFlight += 1;
        expect(inFlight).toBe(1);
        await new Promise<void>((resolve) => world.after(10, resolve));
        sent.push(...records.map(({ from, to }) => `${from}-${to}`));
        inFlight -= 1;
      },
    };
    const relay = createRelay({ bus, epoch: 1, clock: world, log: recordingLog().log });
    relay.applied([entry(1, 2)]);
    relay.applied([entry(3, 3)]);
    relay.applied([entry(4, 9)]);
    await world.pass(100);
    await relay.idle();
    expect(sent).toEqual(["1-2", "3-3", "4-9"]);
  });

  test("sends again what the bus did not take, and nothing overtakes it", async () => {
    const world = new World();
    const sent: string[] = [];
    let away = true;
    const bus: Bus = {
      ...createMemoryBus(),
      publish(records: readonly EventRecord[]) {
        if (away) return Promise.reject(new Error("away"));
        sent.push(...records.map(({ from, to }) => `${from}-${to}`));
        return Promise.resolve();
      },
    };
    const { log, entries } = recordingLog();
    const relay = createRelay({ bus, epoch: 1, clock: world, log });
    relay.applied([entry(1, 1)]);
    await world.pass(250);
    relay.applied([entry(2, 2)]);
    away = false;
    await world.pass(250);
    expect(sent).toEqual(["1-1", "2-2"]);
    expect(entries.some(({ level }) => level === "warn")).toBe(true);
  });
});

describe("the bus within a process", () => {
  test("tells every subscriber until it unsubscribes", async () => {
    const bus = createMemoryBus();
    const heard: number[] = [];
    const unsubscribe = bus.subscribe(({ from }) => heard.push(from));
    const record: EventRecord = { execution: "x", from: 1, to: 1, epoch: 1, events: "[]", status: "RUNNING", closed: false };
    await bus.publish([record, { ...record, from: 2 }]);
    unsubscribe();
    await bus.publish([{ ...record, from: 3 }]);
    expect(heard).toEqual([1, 2]);
  });
});

describe("waiting for the end of an execution", () => {
  test("is bounded: beyond the limit nobody waits", async () => {
    const world = new World();
    const waiters = createWaiters(createMemoryBus(), world, 1);
    const first = waiters.wait("x", 1_000);
    expect(waiters.wait("x", 1_000)).toBeNull();
    first?.cancel();
    const second = waiters.wait("x", 1_000);
    waiters.stop();
    expect([await first?.ended, await second?.ended]).toEqual([false, false]);
  });

  test("goes on while events come that are not the end", async () => {
    const world = new World();
    const bus = createMemoryBus();
    const waiters = createWaiters(bus, world, 10);
    let ended: boolean | null = null;
    void waiters.wait("x", 1_000)?.ended.then((how) => {
      ended = how;
    });
    const record: EventRecord = { execution: "x", from: 1, to: 1, epoch: 1, events: "[]", status: "RUNNING", closed: false };
    await bus.publish([record, { ...record, execution: "other", status: "COMPLETED" }]);
    await world.pass(10);
    expect(ended).toBeNull();
    await bus.publish([{ ...record, status: "COMPLETED" }]);
    await world.pass(10);
    expect<boolean | null>(ended).toBe(true);
  });
});
