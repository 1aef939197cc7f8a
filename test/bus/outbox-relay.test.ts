/** What a lane's relay promises: the oldest first, one send in flight, nothing deleted that the stream does not have. */
import { describe, expect, test } from "bun:test";
import type { StreamRecord } from "../../src/bus/bus.ts";
import { createByteBudget } from "../../src/bus/chunk-memory.ts";
import { createOutboxRelay, type OutboxRelay } from "../../src/bus/outbox-relay.ts";
import { emptySharedMemory, openSharedMemoryStore } from "../../src/store/memory-shared.ts";
import type { OutboxEntry, SharedStore } from "../../src/store/shared-store.ts";
import type { Lease, Summary } from "../../src/store/store.ts";
import { toMessages } from "../../src/bus/kafka-records.ts";
import { rejectionOf } from "../contracts/rejection.ts";
import { recordingLog } from "../env/recording-log.ts";
import { World } from "../sim/world.ts";
import { Understood } from "./documented-reader.ts";
import { commitId, entryAfter, newExecution } from "../store/made.ts";

const LANE = 0;

type RelayStore = Pick<SharedStore, "outbox" | "relayed" | "chunksAfter" | "summary">;

/** An owner with its lane, and a stream whose answers the test gives. */
class Scene {
  readonly world = new World();
  readonly said = recordingLog();
  readonly files = emptySharedMemory(1);
  readonly store = openSharedMemoryStore({ files: this.files, clock: this.world });
  readonly budget = createByteBudget(1_000_000);
  readonly sent: StreamRecord[] = [];
  lease: Lease | null = null;
  number = 0;
  inFlight = 0;
  /** Of the calls to come. */
  takesMs = 1;
  away = false;

  readonly sink = {
    publish: async (records: readonly StreamRecord[]): Promise<void> => {
      this.inFlight += 1;
      expect(this.inFlight).toBe(1);
      await new Promise<void>((resolve) => void this.world.after(this.takesMs, resolve));
      this.inFlight -= 1;
      if (this.away) throw new Error("The stream is away.");
      this.sent.push(...records);
    },
  };

  relay(store: RelayStore = this.store): OutboxRelay {
    return createOutboxRelay({ store, lane: LANE, sink: this.sink, budget: this.budget, clock: this.world, log: this.said.log });
  }

  /** The store, with some calls answered by the test. */
  storeWith(over: Partial<RelayStore>): RelayStore {
    const { store } = this;
    return {
      outbox: (lane, limit) => store.outbox(lane, limit),
      relayed: (lane, ids) => store.relayed(lane, ids),
      chunksAfter: (id, sequence) => store.chunksAfter(id, sequence),
      summary: (id) => store.summary(id),
      ...over,
    };
  }

  async create(id: string): Promise<void> {
    await this.store.create([newExecution(id)]);
  }

  /** A commit of one event after `sequence`, and what the committer would tell of it. */
  async commit(id: string, sequence: number, over: Partial<Summary> = {}) {
    this.lease ??= await this.store.acquire(LANE, "boot-1");
    const entry = entryAfter(sequence, id, over);
    await this.store.commit(LANE, { id: commitId(this.lease, ++this.number), entries: [entry], cleanEnd: false });
    return { entries: [entry], epoch: this.lease.epoch };
  }

  get sequences(): readonly string[] {
    return this.sent.map((record) =>
      "rewoundTo" in record ? `rewound ${record.rewoundTo}` : `${record.execution} ${record.from}-${record.to}`,
    );
  }

  async left(): Promise<readonly OutboxEntry[]> {
    return this.store.outbox(LANE, 1_000);
  }
}

describe("a lane's relay", () => {
  test("sends what was committed, in order, and deletes it when the stream has it", async () => {
    const scene = new Scene();
    const relay = scene.relay();
    await scene.create("x");
    for (const sequence of [1, 2, 3]) {
      const { entries, epoch } = await scene.commit("x", sequence);
      relay.applied(entries, epoch);
      await scene.world.pass(100);
    }
    expect(scene.sequences).toEqual(["x 1-1", "x 2-2", "x 3-3", "x 4-4"]);
    expect(await scene.left()).toEqual([]);
  });

  test("joins what follows each other under one epoch", async () => {
    const scene = new Scene();
    const relay = scene.relay();
    await scene.create("x");
    await scene.create("y");
    for (const sequence of [1, 2, 3]) for (const id of ["x", "y"]) await scene.commit(id, sequence, { status: "RUNNING" });
    await scene.commit("x", 4, { status: "COMPLETED", closed: true });
    relay.wake();
    await scene.world.pass(100);
    expect(scene.sequences).toEqual(["x 1-1", "y 1-1", "x 2-5", "y 2-4"]);
    expect(scene.sent[2]).toEqual({
      execution: "x",
      from: 2,
      to: 5,
      epoch: 1,
      events: `[["started",1],\n["started",2],\n["started",3],\n["started",4]]`,
      status: "COMPLETED",
      closed: true,
    });
  });

  test("the bytes come from memory: the store is asked only for what others have written", async () => {
    const scene = new Scene();
    const asked: string[] = [];
    const relay = scene.relay(
      scene.storeWith({
        chunksAfter: (id, sequence) => {
          asked.push(`${id} ${sequence}`);
          return scene.store.chunksAfter(id, sequence);
        },
      }),
    );
    await scene.create("x");
    const { entries, epoch } = await scene.commit("x", 1);
    relay.applied(entries, epoch);
    await scene.world.pass(100);
    expect(scene.sequences).toEqual(["x 1-1", "x 2-2"]);
    expect(asked).toEqual(["x 0"]);
  });

  test("memory is bounded: what does not fit is read from the store", async () => {
    const scene = new Scene();
    const relay = createOutboxRelay({
      store: scene.store,
      lane: LANE,
      sink: scene.sink,
      budget: createByteBudget(20),
      clock: scene.world,
      log: scene.said.log,
    });
    await scene.create("x");
    scene.away = true;
    for (const sequence of [1, 2, 3]) {
      const { entries, epoch } = await scene.commit("x", sequence);
      relay.applied(entries, epoch);
    }
    await scene.world.pass(1_000);
    scene.away = false;
    await scene.world.pass(2_000);
    expect(scene.sequences).toEqual(["x 1-1", "x 2-3", "x 4-4"]);
  });

  test("a stream that is away costs nothing but time", async () => {
    const scene = new Scene();
    const relay = scene.relay();
    await scene.create("x");
    scene.away = true;
    const { entries, epoch } = await scene.commit("x", 1);
    relay.applied(entries, epoch);
    await scene.world.pass(30_000);
    expect(await scene.left()).toHaveLength(2);
    scene.away = false;
    await scene.world.pass(2_000);
    expect(scene.sequences).toEqual(["x 1-1", "x 2-2"]);
    expect(await scene.left()).toEqual([]);
  });

  test("a store that is away is asked again, and what the stream has is not sent again meanwhile", async () => {
    const scene = new Scene();
    let refusals = 0;
    const relay = scene.relay(
      scene.storeWith({
        relayed: (lane, ids) => (refusals++ < 5 ? Promise.reject(new Error("away")) : scene.store.relayed(lane, ids)),
      }),
    );
    await scene.create("x");
    relay.wake();
    await scene.world.pass(20_000);
    expect(refusals).toBe(6);
    expect(scene.sequences).toEqual(["x 1-1"]);
    expect(await scene.left()).toEqual([]);
  });

  test("deletes by id: what was committed before it and shows itself later is not lost (the prototype trimmed by the lowest id)", async () => {
    const scene = new Scene();
    const late: OutboxEntry = { id: "1", pointers: [{ execution: "x", from: 1, to: 1, epoch: 1, status: "RUNNING", closed: false }] };
    const next: OutboxEntry = { id: "2", pointers: [{ execution: "y", from: 1, to: 1, epoch: 1, status: "RUNNING", closed: false }] };
    let outbox = [next];
    const relay = scene.relay(
      scene.storeWith({
        outbox: async () => outbox,
        chunksAfter: async () => [{ from: 1, to: 1, text: "[[]]" }],
        relayed: async (_, ids) => {
          outbox = outbox.filter(({ id }) => !ids.includes(id));
        },
      }),
    );
    scene.takesMs = 50;
    relay.wake();
    await scene.world.pass(10);
    outbox = [late, next];
    await scene.world.pass(500);
    expect(outbox).toEqual([late]);
    relay.wake();
    await scene.world.pass(500);
    expect(scene.sequences).toEqual(["y 1-1", "x 1-1"]);
    expect(outbox).toEqual([]);
  });

  test("a commit that its owner was not told of is sent all the same (the prototype lost that of a recognised resend)", async () => {
    const scene = new Scene();
    const relay = scene.relay();
    await scene.create("x");
    await scene.commit("x", 1);
    const { entries, epoch } = await scene.commit("x", 2);
    relay.applied(entries, epoch);
    await scene.world.pass(100);
    expect(scene.sequences).toEqual(["x 1-1", "x 2-3"]);
  });

  test("an execution may go on before the old owner's outbox is drained: both owners' relays send, and a reader understands (in the prototype: disorder)", async () => {
    const scene = new Scene();
    const understood = new Understood();
    const landing = (records: readonly StreamRecord[]) => {
      for (const record of records) for (const { value } of toMessages(record, 900_000)) understood.read(value);
    };
    const paused = Promise.withResolvers<void>();
    const options = { store: scene.store, lane: LANE, budget: scene.budget, clock: scene.world, log: scene.said.log };
    const old = createOutboxRelay({ ...options, sink: { publish: async (records) => paused.promise.then(() => landing(records)) } });
    await scene.create("x");
    for (const sequence of [1, 2, 3]) {
      const { entries, epoch } = await scene.commit("x", sequence);
      old.applied(entries, epoch);
    }
    await scene.world.pass(100);
    scene.lease = await scene.store.acquire(LANE, "boot-2");
    scene.number = 0;
    const young = createOutboxRelay({ ...options, sink: { publish: async (records) => landing(records) } });
    for (const sequence of [4, 5]) {
      const { entries, epoch } = await scene.commit("x", sequence);
      young.applied(entries, epoch);
    }
    await scene.world.pass(100);
    paused.resolve();
    await scene.world.pass(1_000);
    expect(understood.histories.get("x")).toHaveLength(6);
    expect(understood.rewinds).toBe(0);
    expect(await scene.left()).toEqual([]);
  });

  test("is idle when the outbox is empty, and not before", async () => {
    const scene = new Scene();
    const relay = scene.relay();
    await scene.create("x");
    scene.takesMs = 500;
    let idle: boolean | null = null;
    void relay.idle().then((how) => {
      idle = how;
    });
    await scene.world.pass(400);
    expect(idle).toBeNull();
    await scene.world.pass(400);
    expect<boolean | null>(idle).toBe(true);
  });

  test("that is stopped lets whoever waits go, sends nothing more, and deletes what the stream has taken", async () => {
    const scene = new Scene();
    const relay = scene.relay();
    await scene.create("x");
    scene.takesMs = 500;
    relay.wake();
    const idle = relay.idle();
    await scene.world.pass(100);
    await scene.create("y");
    relay.stop();
    expect(await idle).toBe(false);
    relay.wake();
    await scene.world.pass(5_000);
    expect(scene.sequences).toEqual(["x 1-1"]);
    expect((await scene.left()).map(({ pointers }) => pointers[0]?.execution)).toEqual(["y"]);
    expect(scene.budget.take(1_000_000)).toBe(true);
  });

  test("asks the store some times a second at the most, and not at all when nothing happens", async () => {
    const scene = new Scene();
    let asked = 0;
    const relay = scene.relay(
      scene.storeWith({
        outbox: (lane, limit) => {
          asked += 1;
          return scene.store.outbox(lane, limit);
        },
      }),
    );
    for (let at = 0; at < 1_000; at++) {
      relay.wake();
      await scene.world.pass(1);
    }
    expect(asked).toBeLessThanOrEqual(51);
    await scene.world.pass(100);
    asked = 0;
    await scene.world.pass(60_000);
    expect(asked).toBe(0);
  });

  test("events that are nowhere any more are told by a stub, and loudly", async () => {
    const scene = new Scene();
    await scene.create("x");
    scene.files.executions.clear();
    scene.relay().wake();
    await scene.world.pass(100);
    expect(scene.sent).toEqual([
      {
        execution: "x",
        from: 1,
        to: 1,
        epoch: 0,
        status: "PENDING",
        closed: false,
        events: { omitted: "The store does not have these events any more." },
      },
    ]);
    expect(scene.said.entries.filter(({ level }) => level === "error")).toHaveLength(1);
    expect(await scene.left()).toEqual([]);
  });

  test("many pages of a lane are relayed one after the other", async () => {
    const scene = new Scene();
    const relay = scene.relay();
    for (let at = 0; at < 1_000; at++) await scene.create(`x${at}`);
    relay.wake();
    await scene.world.pass(1_000);
    expect(scene.sent).toHaveLength(1_000);
    expect(await scene.left()).toEqual([]);
  });
});

describe("a store that came back with an older past", () => {
  test("history that the stream has and the store has not is told to have gone back, before what follows", async () => {
    const scene = new Scene();
    const relay = scene.relay();
    await scene.create("x");
    for (const sequence of [1, 2, 3]) {
      const { entries, epoch } = await scene.commit("x", sequence);
      relay.applied(entries, epoch);
    }
    await scene.world.pass(100);
    // The store lost the last two; the owner takes the lane again and goes on.
    const kept = scene.files.executions.get("x");
    kept?.chunks.splice(2);
    if (kept !== undefined) kept.summary = { ...kept.summary, sequence: 2 };
    scene.lease = await scene.store.acquire(LANE, "boot-1");
    scene.number = 0;
    await relay.storeRestarted(2);
    const { entries, epoch } = await scene.commit("x", 2);
    relay.applied(entries, epoch);
    await scene.world.pass(200);
    expect(scene.sequences).toEqual(["x 1-1", "x 2-3", "x 4-4", "rewound 2", "x 3-3"]);
    expect(scene.sent[3]).toEqual({ execution: "x", rewoundTo: 2, epoch: 2 });
  });

  test("nothing is told of what lost nothing, or was never sent", async () => {
    const scene = new Scene();
    const relay = scene.relay();
    await scene.create("x");
    relay.wake();
    await scene.world.pass(100);
    await scene.create("never sent");
    await relay.storeRestarted(2);
    await scene.world.pass(100);
    expect(scene.sequences).toEqual(["x 1-1", "never sent 1-1"]);
  });

  test("an execution that the store has not any more is told to have gone back to nothing", async () => {
    const scene = new Scene();
    const relay = scene.relay();
    await scene.create("x");
    relay.wake();
    await scene.world.pass(100);
    scene.files.executions.clear();
    await relay.storeRestarted(2);
    await scene.world.pass(100);
    expect(scene.sequences).toEqual(["x 1-1", "rewound 0"]);
  });

  test("a store that does not answer yet is asked again, and nothing is told twice", async () => {
    const scene = new Scene();
    let away = true;
    const relay = scene.relay(
      scene.storeWith({ summary: (id) => (away && id === "y" ? Promise.reject(new Error("away")) : scene.store.summary(id)) }),
    );
    for (const id of ["x", "y"]) await scene.create(id);
    relay.wake();
    await scene.world.pass(100);
    scene.files.executions.clear();
    expect(await rejectionOf(relay.storeRestarted(2))).toBeInstanceOf(Error);
    away = false;
    await relay.storeRestarted(2);
    await scene.world.pass(100);
    expect(scene.sequences).toEqual(["x 1-1", "y 1-1", "rewound 0", "rewound 0"]);
  });

  test("what was read before and is not true any more is not sent", async () => {
    const scene = new Scene();
    await scene.create("x");
    const relay = scene.relay(
      scene.storeWith({
        chunksAfter: async (id, sequence) => {
          const chunks = await scene.store.chunksAfter(id, sequence);
          await new Promise<void>((resolve) => void scene.world.after(100, resolve));
          return chunks;
        },
      }),
    );
    relay.wake();
    await scene.world.pass(50);
    scene.files.executions.clear();
    scene.files.lanes[LANE]?.relayed((await scene.left()).map(({ id }) => id));
    await relay.storeRestarted(2);
    await scene.world.pass(1_000);
    expect(scene.sequences).toEqual([]);
  });

  test("an entry whose id is another's now is not deleted", async () => {
    const scene = new Scene();
    const relay = scene.relay();
    await scene.create("x");
    scene.takesMs = 200;
    relay.wake();
    await scene.world.pass(100);
    await relay.storeRestarted(2);
    await scene.world.pass(150);
    expect(await scene.left()).toHaveLength(1);
    await scene.world.pass(1_000);
    expect(scene.sequences).toEqual(["x 1-1", "x 1-1"]);
    expect(await scene.left()).toEqual([]);
  });
});
