/** What becomes of executions that a client wants deleted: on the memory store and an inline pool, in simulated time. */
import { describe, expect, test } from "bun:test";
import type { NodeOutcome } from "../../src/pool/pool.ts";
import { type Store, StoreUnavailable } from "../../src/store/store.ts";
import { fails, Scene } from "../sim/scene.ts";

const step = (id: string) => ({ id, handler: "step" });
const never = () => new Promise<never>(() => undefined);
const stopping = (_: unknown, signal: AbortSignal) =>
  new Promise<NodeOutcome>((resolve) => signal.addEventListener("abort", () => resolve(fails("Aborted."))));
const remove = (scene: Scene, id: string, cancel: boolean) => scene.after(scene.engine.remove(id, cancel));

describe("an execution", () => {
  test("that has ended is deleted with all that is kept of it; what nobody knows is unknown", async () => {
    const scene = await Scene.start({ nodes: { a: () => ({ type: "completed", output: JSON.stringify("x".repeat(70_000)) }) } });
    const id = await scene.create([step("a")]);
    await scene.trigger(id);
    await scene.world.pass(100);
    expect(await remove(scene, id, false)).toEqual({ type: "removed" });
    expect([scene.files.executions.size, scene.files.definitions.size]).toEqual([0, 0]);
    expect(await scene.after(scene.engine.view(id))).toBeNull();
    for (const cancel of [true, false]) expect(await remove(scene, id, cancel)).toEqual({ type: "unknown" });
  });

  test("that has not ended is kept, unless it is to be cancelled", async () => {
    const scene = await Scene.start({ nodes: { a: stopping } });
    const [id, untriggered] = [await scene.create([step("a")]), await scene.create([step("b")])];
    await scene.trigger(id);
    await scene.world.pass(100);
    expect(await remove(scene, id, false)).toEqual({ type: "rejected", code: "not_finished", status: "RUNNING" });
    expect(await remove(scene, untriggered, false)).toEqual({ type: "rejected", code: "not_finished", status: "PENDING" });
    expect(await remove(scene, untriggered, true)).toEqual({ type: "removed" });
    expect(await remove(scene, id, true)).toEqual({ type: "accepted" });
    await scene.world.pass(1_000);
    expect([scene.files.executions.size, scene.engine.health().executions.active]).toEqual([0, 0]);
  });

  test("that is to be deleted, and runs on after its signal, is CANCELLED until then; whoever asks again is told the same", async () => {
    const scene = await Scene.start({ nodes: { a: never } });
    const id = await scene.create([step("a")]);
    await scene.trigger(id);
    await scene.world.pass(100);
    for (let asked = 0; asked < 2; asked++) expect(await remove(scene, id, true)).toEqual({ type: "accepted" });
    expect(await remove(scene, id, false)).toEqual({ type: "rejected", code: "not_finished", status: "CANCELLED" });
    expect((await scene.view(id)).status).toBe("CANCELLED");
    await scene.world.until(() => scene.files.executions.size === 0, "its host is ended, and it is deleted");
  });

  test("that failed while another node runs is deleted once that has ended", async () => {
    const scene = await Scene.start({
      nodes: {
        a: () => fails("It broke.", false),
        b: () => new Promise((resolve) => scene.world.after(5_000, () => resolve({ type: "completed", output: "1" }))),
      },
    });
    const id = await scene.create([step("b"), step("a")]);
    await scene.trigger(id);
    await scene.world.pass(1_000);
    expect(await remove(scene, id, true)).toEqual({ type: "accepted" });
    await scene.world.pass(3_000);
    expect((await scene.view(id)).status).toBe("FAILED");
    await scene.world.pass(3_000);
    expect(scene.files.executions.size).toBe(0);
  });

  test("is deleted after a crash, or after a store was away, between its close and that", async () => {
    let away = true;
    const through = (store: Store): Store => {
      const real = store.remove.bind(store);
      return Object.assign(store, {
        remove: (execution: Parameters<Store["remove"]>[0]) =>
          away ? Promise.reject(new StoreUnavailable("simulated: away")) : real(execution),
      });
    };
    const scene = await Scene.start({ nodes: { a: stopping }, through });
    const [first, second] = [await scene.create([step("a")]), await scene.create([step("a")])];
    for (const id of [first, second]) await scene.trigger(id);
    await scene.world.pass(100);
    expect(await remove(scene, first, true)).toEqual({ type: "accepted" });
    await scene.world.pass(5_000);
    expect(scene.files.executions.has(first)).toBe(true);
    away = false;
    await scene.world.pass(5_000);
    expect(scene.files.executions.has(first)).toBe(false);
    away = true;
    expect(await remove(scene, second, true)).toEqual({ type: "accepted" });
    await scene.world.pass(5_000);
    const after = await Scene.start(scene.crash());
    await after.world.pass(1_000);
    expect([after.files.executions.size, after.engine.health().executions.active]).toEqual([0, 0]);
  });
});
