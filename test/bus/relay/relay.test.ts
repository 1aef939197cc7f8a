/** What a lane's relay promises: the oldest first, one send in flight, nothing deleted that the stream does not have. */
import { describe, expect, test } from "bun:test";
import type { StreamRecord } from "../../../src/bus/event-stream.ts";
import { toMessages } from "../../../src/bus/kafka/records.ts";
import { createByteBudget } from "../../../src/bus/relay/written-entries.ts";
import type { OutboxEntry } from "../../../src/store/shared-store.ts";
import { newExecution } from "../../store/made.ts";
import { Understood } from "./documented-reader.ts";
import { LANE, Scene } from "./relay-scene.ts";

describe("a lane's relay", () => {
  test("sends what was committed, in order, and deletes it when the stream has it", async () => {
    const scene = new Scene();
    scene.relay();
    await scene.create("x");
    for (const sequence of [1, 2, 3]) {
      await scene.world.pass(200);
      await scene.commit("x", sequence);
    }
    await scene.world.pass(200);
    expect(scene.sequences).toEqual(["x 1-1", "x 2-2", "x 3-3", "x 4-4"]);
    expect(await scene.left()).toEqual([]);
  });

  test("joins what follows each other under one epoch", async () => {
    const scene = new Scene();
    const relay = scene.relay();
    scene.deaf = true;
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
      epoch: scene.lease?.epoch ?? 0,
      events: `[["started",1],\n["started",2],\n["started",3],\n["started",4]]`,
      status: "COMPLETED",
      closed: true,
    });
  });

  /** How often the store is asked for the outbox and for texts. */
  function countingStore(scene: Scene) {
    const asked = { outbox: 0, texts: 0 };
    const store = scene.storeWith({
      outbox: (lane, limit) => {
        asked.outbox += 1;
        return scene.store.outbox(lane, limit);
      },
      chunksAfter: (id, sequence) => {
        asked.texts += 1;
        return scene.store.chunksAfter(id, sequence);
      },
    });
    return { asked, store };
  }

  test("what this instance wrote is sent from memory: neither the outbox nor the texts are read", async () => {
    const scene = new Scene();
    const { asked, store } = countingStore(scene);
    scene.relay(store).wake();
    await scene.create("x");
    await scene.world.pass(200);
    const before = { ...asked };
    for (let sequence = 1; sequence <= 20; sequence++) {
      await scene.commit("x", sequence);
      await scene.world.pass(20);
    }
    await scene.world.pass(200);
    expect(asked).toEqual(before);
    expect(scene.sequences.at(-1)).toEndWith("-21");
    expect(await scene.left()).toEqual([]);
  });

  test("where another instance wrote between, or the owner was not told, the outbox is read once, and nothing is out of order", async () => {
    const scene = new Scene();
    const { asked, store } = countingStore(scene);
    scene.relay(store).wake();
    await scene.create("x");
    await scene.world.pass(200);
    const before = { ...asked };
    scene.deaf = true;
    await scene.commit("x", 1);
    await scene.create("y");
    scene.deaf = false;
    await scene.commit("y", 1);
    await scene.commit("x", 2);
    await scene.world.pass(500);
    await scene.commit("x", 3);
    await scene.world.pass(500);
    expect(scene.sequences).toEqual(["x 1-1", "x 2-2", "y 1-2", "x 3-3", "x 4-4"]);
    expect(asked.outbox).toBe(before.outbox + 1);
    expect(await scene.left()).toEqual([]);
  });

  test("what is written while the outbox is read is sent once, and after it", async () => {
    const scene = new Scene();
    let reads = 0;
    const relay = scene.relay(
      scene.storeWith({
        outbox: async (lane, limit) => {
          reads += 1;
          await scene.commit("x", scene.number + 1);
          const page = await scene.store.outbox(lane, limit);
          await scene.commit("x", scene.number + 1);
          return page;
        },
      }),
    );
    scene.deaf = true;
    await scene.create("x");
    scene.deaf = false;
    relay.wake();
    await scene.world.pass(1_000);
    expect(scene.sequences).toEqual(["x 1-1", "x 2-2", "x 3-3"]);
    expect(reads).toBe(1);
    expect(await scene.left()).toEqual([]);
  });

  test("chunks of an execution that wait together are one record, however many commits they came in", async () => {
    const scene = new Scene();
    scene.relay();
    const executions = Array.from({ length: 50 }, (_, at) => `x${at}`);
    scene.takesMs = 90;
    await scene.create("first");
    await scene.world.pass(50);
    for (const id of executions) await scene.create(id);
    for (const sequence of [1, 2, 3, 4]) for (const id of executions) await scene.commit(id, sequence);
    await scene.world.pass(1_000);
    // They were created before anybody had the lane, under no epoch.
    expect(scene.sent).toHaveLength(1 + 2 * executions.length);
    expect(scene.calls).toBeLessThanOrEqual(3);
  });

  test("memory is bounded: what does not fit is read from the store", async () => {
    const scene = new Scene();
    const { asked, store } = countingStore(scene);
    scene.relay(store, { budget: createByteBudget(40) });
    await scene.create("x");
    await scene.world.pass(200);
    asked.texts = 0;
    scene.away = true;
    for (const sequence of [1, 2, 3, 4, 5]) await scene.commit("x", sequence);
    await scene.world.pass(1_000);
    scene.away = false;
    await scene.world.pass(2_000);
    expect(asked.texts).toBeGreaterThan(0);
    expect(scene.sequences.at(-1)).toEndWith("-6");
    expect(await scene.left()).toEqual([]);
  });

  test("a stream that is away costs nothing but time", async () => {
    const scene = new Scene();
    scene.relay();
    await scene.create("x");
    scene.away = true;
    await scene.commit("x", 1);
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
    scene.relay();
    await scene.create("x");
    scene.deaf = true;
    await scene.commit("x", 1);
    scene.deaf = false;
    await scene.commit("x", 2);
    await scene.world.pass(500);
    expect(scene.sequences).toEqual(["x 1-1", "x 2-3"]);
    expect(await scene.left()).toEqual([]);
  });

  test("an execution may go on before the old owner's outbox is drained: both owners' relays send, and a reader understands (in the prototype: disorder)", async () => {
    const scene = new Scene();
    const understood = new Understood();
    const landing = (records: readonly StreamRecord[]) => {
      for (const record of records) for (const { value } of toMessages(record, 900_000)) understood.read(value);
    };
    const paused = Promise.withResolvers<void>();
    scene.relay(scene.store, { sink: { publish: async (records) => paused.promise.then(() => landing(records)) } });
    await scene.create("x");
    for (const sequence of [1, 2, 3]) {
      await scene.commit("x", sequence);
    }
    await scene.world.pass(100);
    scene.lease = await scene.store.acquire(LANE, "boot-2");
    scene.number = 0;
    scene.relay(scene.store, { sink: { publish: async (records) => landing(records) } });
    for (const sequence of [4, 5]) {
      await scene.commit("x", sequence);
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

  test("that is stopped while the stream is away leaves the other lanes all that they may remember", async () => {
    const scene = new Scene();
    const relay = scene.relay();
    scene.away = true;
    // A send for itself, and more behind it.
    const chunk = { from: 1, to: 1, text: JSON.stringify("x".repeat(950_000)) };
    await scene.store.create([newExecution("x", {}, { chunk })]);
    await scene.create("y");
    await scene.world.pass(1_000);
    relay.stop();
    await scene.world.pass(5_000);
    expect(scene.sequences).toEqual([]);
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
