/** Executions that are created triggered: what is in their first chunk, who goes on with it, and whose room they take. */
import { describe, expect, test } from "bun:test";
import type { CreateResult } from "../../src/engine/engine.ts";
import { openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { type Store, StoreUnavailable } from "../../src/store/store.ts";
import { ok, Scene } from "../sim/scene.ts";

const step = (id: string, dependencies: readonly string[] = []): unknown => ({ id, handler: "noop", dependencies });
const never = (): Promise<never> => new Promise(() => undefined);

async function createTriggered(scene: Scene, nodes: readonly unknown[], key: string | null = null): Promise<CreateResult> {
  const checked = await scene.engine.check(JSON.stringify({ name: "test", dag: { nodes } }), "workflow");
  if (!checked.ok) throw new Error(`The test's definition is refused: ${JSON.stringify(checked.problems)}`);
  const idempotency = key === null ? null : { route: "test", key, body: "body" };
  return scene.after(scene.engine.create({ definition: checked.definition, trigger: { params: null }, idempotency }));
}

function idOf(result: CreateResult): string {
  if (result.type !== "created" && result.type !== "exists") throw new Error(`Not created: ${JSON.stringify(result)}`);
  return result.id;
}

/** The first word of each event, by chunk. */
async function chunksOf(scene: Scene, id: string): Promise<readonly (readonly string[])[]> {
  const stored = await openMemoryStore(scene.files).load(id);
  return (stored?.chunks ?? []).map(({ text }) => (JSON.parse(text) as readonly (readonly [string])[]).map(([word]) => word));
}

/** Counts calls by name; those in `fails` are refused. */
function watched(): { readonly calls: Map<string, number>; readonly fails: Set<string>; readonly through: (store: Store) => Store } {
  const calls = new Map<string, number>();
  const fails = new Set<string>();
  const through = (store: Store): Store =>
    new Proxy(store, {
      get(target, name: keyof Store) {
        const value: unknown = target[name];
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          calls.set(name, (calls.get(name) ?? 0) + 1);
          return fails.has(name) ? Promise.reject(new StoreUnavailable("away")) : Reflect.apply(value, target, given);
        };
      },
    });
  return { calls, fails, through };
}

describe("an execution that is created triggered", () => {
  test("is started in its first chunk where there is room, and nothing of it is read", async () => {
    const { calls, through } = watched();
    const scene = await Scene.start({ through });
    const id = idOf(await createTriggered(scene, [step("a"), step("b", ["a"])]));
    await scene.world.pass(100);
    expect(await chunksOf(scene, id)).toEqual([["created", "triggered", "started"], ["completed"], ["completed", "finished", "closed"]]);
    expect([calls.get("load"), calls.get("summary")]).toEqual([undefined, undefined]);
    expect(scene.engine.health().executions).toMatchObject({ active: 0, running: 0, waiting: 0 });
  });

  test("waits for room where there is none, and starts with a commit of its own", async () => {
    let end: () => void = () => undefined;
    const scene = await Scene.start({
      maxRunningExecutions: 1,
      nodes: { long: () => new Promise((resolve) => void (end = () => resolve(ok("1")))) },
    });
    await createTriggered(scene, [step("long")]);
    const id = idOf(await createTriggered(scene, [step("a")]));
    await scene.world.pass(100);
    expect(await chunksOf(scene, id)).toEqual([["created", "triggered"]]);
    end();
    await scene.world.pass(100);
    expect(await chunksOf(scene, id)).toEqual([["created", "triggered"], ["started"], ["completed", "finished", "closed"]]);
    expect(scene.engine.health().executions).toMatchObject({ active: 0, running: 0, waiting: 0 });
  });

  test("takes no room for good where the store did not take it", async () => {
    const { fails, through } = watched();
    const scene = await Scene.start({ maxRunningExecutions: 1, through });
    fails.add("create");
    expect(await createTriggered(scene, [step("a")])).toMatchObject({ type: "unavailable" });
    fails.delete("create");
    expect(scene.engine.health().executions.running).toBe(0);
    const id = idOf(await createTriggered(scene, [step("a")]));
    await scene.world.pass(100);
    expect((await scene.view(id)).status).toBe("COMPLETED");
  });

  test("under a key that is there already runs once, and keeps its room while it runs", async () => {
    const scene = await Scene.start({ maxRunningExecutions: 1, nodes: { a: never } });
    const id = idOf(await createTriggered(scene, [step("a")], "key"));
    await scene.world.pass(100);
    expect(await createTriggered(scene, [step("a")], "key")).toEqual({ type: "exists", id });
    expect(scene.engine.health().executions.running).toBe(1);
    expect(scene.begun).toEqual(["a/1"]);
  });

  test("goes on after a crash that came before its first node had begun", async () => {
    const before = await Scene.start();
    const id = idOf(await createTriggered(before, [step("a"), step("b", ["a"])]));
    expect(before.begun).toEqual([]);
    const after = await Scene.start(before.crash());
    await after.world.pass(1_000);
    expect((await after.view(id)).status).toBe("COMPLETED");
    expect(after.engine.health().executions).toMatchObject({ active: 0, running: 0 });
  });
});

describe("whoever waits for the end", () => {
  test("of what a supervisor here works on is told of it, and the store is not asked", async () => {
    const { calls, through } = watched();
    const scene = await Scene.start({
      through,
      nodes: { a: () => new Promise((done) => void scene.world.after(1_000, () => done(ok("1")))) },
    });
    const id = idOf(await createTriggered(scene, [step("a")]));
    expect(await scene.after(scene.engine.waitForEnd(id, 5_000))).toBe(true);
    expect(calls.get("summary")).toBeUndefined();
  });

  test("of what was created and not triggered waits for the trigger, and goes when the time is up", async () => {
    const { calls, through } = watched();
    const scene = await Scene.start({ through });
    const id = await scene.create([step("a")]);
    expect(await scene.after(scene.engine.waitForEnd(id, 1_000))).toBe(false);
    const ended = scene.engine.waitForEnd(id, 5_000);
    await scene.trigger(id);
    expect(await scene.after(ended)).toBe(true);
    expect(calls.get("summary")).toBeUndefined();
  });

  test("of what has ended, or was never there, hears it from the store", async () => {
    const { calls, through } = watched();
    const scene = await Scene.start({ through });
    const id = idOf(await createTriggered(scene, [step("a")]));
    await scene.world.pass(100);
    expect(await scene.after(scene.engine.waitForEnd(id, 5_000))).toBe(true);
    expect(await scene.after(scene.engine.waitForEnd("nobody", 5_000))).toBe(true);
    expect(calls.get("summary")).toBe(2);
  });
});
