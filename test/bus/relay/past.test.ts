/** What a lane's relay does when the store was restarted and has forgotten what it took last. */
import { describe, expect, test } from "bun:test";
import { rememberPast } from "../../store/memory/past.ts";
import { rejectionOf } from "../../contracts/rejection.ts";
import { createEndedRelays } from "../../../src/bus/relay/ended-relays.ts";
import { LANE, Scene } from "./relay-scene.ts";

describe("a store that came back with an older past", () => {
  test("history that the stream has and the store has not is told to have gone back, before what follows", async () => {
    const scene = new Scene();
    const relay = await scene.sentAll({ x: 3 });
    // The owner takes the lane again and goes on.
    scene.forget("x", 2);
    await scene.takeAgain();
    await relay.storeRestarted(2);
    await scene.commit("x", 2);
    await scene.world.pass(200);
    expect(scene.sequences).toEqual(["x 1-1", "x 2-4", "rewound 2", "x 3-3"]);
    expect(scene.sent[2]).toEqual({ execution: "x", rewoundTo: 2, epoch: 2 });
  });

  test("nothing is told of what lost nothing, or was never sent", async () => {
    const scene = new Scene();
    const relay = await scene.sentAll({ x: 0 });
    await scene.create("never sent");
    await relay.storeRestarted(2);
    await scene.world.pass(300);
    expect(scene.sequences).toEqual(["x 1-1", "never sent 1-1"]);
  });

  test("an execution that the store has not any more is told to have gone back to nothing", async () => {
    const scene = new Scene();
    const relay = await scene.sentAll({ x: 0 });
    scene.files.executions.clear();
    await relay.storeRestarted(2);
    await scene.world.pass(300);
    expect(scene.sequences).toEqual(["x 1-1", "rewound 0"]);
  });

  test("an execution that is created again after the store has lost it is heard from its beginning by a reader of the stream", async () => {
    const scene = new Scene();
    await scene.takeAgain();
    const fallBack = rememberPast(scene.files);
    const relay = await scene.sentAll({ x: 1 });
    fallBack();
    const { epoch } = await scene.takeAgain();
    await relay.storeRestarted(epoch);
    await scene.create("x");
    await scene.commit("x", 1);
    await scene.world.pass(500);
    expect(scene.sequences).toEqual(["x 1-1", "x 2-2", "rewound 0", "x 1-2"]);
    const { understood } = scene;
    expect(understood.rewinds).toBe(1);
    expect(understood.words("x")).toHaveLength(2);
  });

  test("a store that does not answer yet is asked again, and nothing is told twice", async () => {
    const scene = new Scene();
    let away = true;
    const relay = await scene.sentAll(
      { x: 0, y: 0 },
      scene.storeWith({ summary: (id) => (away && id === "y" ? Promise.reject(new Error("away")) : scene.store.summary(id)) }),
    );
    scene.files.executions.clear();
    expect(await rejectionOf(relay.storeRestarted(2))).toBeInstanceOf(Error);
    away = false;
    await relay.storeRestarted(2);
    await scene.world.pass(300);
    expect(scene.sequences).toEqual(["x 1-1", "y 1-1", "rewound 0", "rewound 0"]);
  });

  test("what a second restart has found while the first one's word is on its way is told too", async () => {
    const scene = new Scene();
    const relay = await scene.sentAll({ x: 0, y: 0 });
    scene.takesMs = 200;
    scene.files.executions.delete("x");
    await relay.storeRestarted(2);
    await scene.world.pass(100);
    scene.files.executions.delete("y");
    await relay.storeRestarted(3);
    await scene.world.pass(1_000);
    expect(scene.sent.slice(2)).toEqual([
      { execution: "x", rewoundTo: 0, epoch: 2 },
      { execution: "y", rewoundTo: 0, epoch: 3 },
    ]);
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

  test("what it has found is told also where the lane goes to another owner before it was said", async () => {
    const scene = new Scene();
    const relay = await scene.sentAll({ x: 1 });
    scene.forget("x", 1);
    scene.away = true;
    await relay.storeRestarted(2);
    relay.stop();
    await scene.world.pass(3_000);
    scene.away = false;
    await scene.world.pass(3_000);
    expect(scene.sent.at(-1)).toEqual({ execution: "x", rewoundTo: 1, epoch: 2 });
    expect(scene.sequences.filter((each) => each.startsWith("rewound"))).toEqual(["rewound 1"]);
  });

  test("whoever has lost the lane with it tells what it had sent, above its own epoch and below the next owner's", async () => {
    for (const order of ["stopped first", "restarted first"]) {
      const scene = new Scene();
      let away = true;
      const relay = scene.relay(scene.storeWith({ summary: (id) => (away ? Promise.reject(new Error("away")) : scene.store.summary(id)) }));
      const { epoch } = await scene.takeAgain();
      await scene.create("x");
      const fallBack = rememberPast(scene.files);
      await scene.commit("x", 1);
      await scene.commit("x", 2);
      await scene.world.pass(300);
      if (order === "stopped first") relay.stop();
      fallBack();
      relay.doubt();
      relay.stop();
      await scene.world.pass(2_500);
      away = false;
      await scene.world.pass(2_500);
      expect(scene.sent.filter((record) => "rewoundTo" in record)).toEqual([{ execution: "x", rewoundTo: 1, epoch: epoch + 1 }]);
      expect(scene.understood.words("x")).toHaveLength(1);
    }
  });

  test("whoever ends with it can wait until the stream has been told, and waits for nothing where the store is as it was", async () => {
    const scene = new Scene();
    let away = true;
    const relay = scene.relay(scene.storeWith({ summary: (id) => (away ? Promise.reject(new Error("away")) : scene.store.summary(id)) }));
    const ended = createEndedRelays(scene.world);
    await scene.takeAgain();
    await scene.create("x");
    const fallBack = rememberPast(scene.files);
    await scene.commit("x", 1);
    await scene.world.pass(300);
    fallBack();
    relay.doubt();
    relay.stop();
    ended.add(LANE, relay);
    let told = false;
    void ended.told().then(() => (told = true));
    await scene.world.pass(2_500);
    expect(told).toBe(false);
    away = false;
    await scene.world.until(() => told, "the last word");
    expect(scene.sequences.at(-1)).toBe("rewound 1");
    // Nothing is owed any more, also where the store is away again.
    away = true;
    await ended.told();
    ended.close();
    expect(await scene.world.step()).toBe(false);
  });

  test("who has lost the lane with it tells nothing where nothing is forgotten", async () => {
    const scene = new Scene();
    const relay = await scene.sentAll({ x: 0 });
    relay.doubt();
    relay.stop();
    await scene.world.pass(2_000);
    expect(scene.sequences).toEqual(["x 1-1"]);
  });

  test("who has lost the lane with it takes no beginning back: it may be made again under an epoch below that word", async () => {
    const scene = new Scene();
    await scene.takeAgain();
    const fallBack = rememberPast(scene.files);
    const relay = await scene.sentAll({ x: 1 });
    fallBack();
    relay.doubt();
    relay.stop();
    await scene.world.pass(2_000);
    // Its client creates it again, before anybody has taken the lane anew.
    await scene.create("x");
    scene.relay().wake();
    await scene.world.pass(300);
    expect(scene.sequences).not.toContain("rewound 0");
    expect(scene.understood.words("x")[0]).toBe("created");
  });
});
