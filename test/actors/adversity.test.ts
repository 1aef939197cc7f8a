/** What goes wrong at the worst moment, one scene each: what is promised all the same. */
import { describe, expect, test } from "bun:test";
import type { CommitAnswer, Store } from "../../src/store/store.ts";
import { StoreUnavailable } from "../../src/store/store.ts";
import type { NodeOutcome } from "../../src/pool/pool.ts";
import { fails, ok, Scene } from "../sim/scene.ts";

const step = (id: string, after: readonly string[] = [], rest: object = {}) => ({ id, handler: "step", dependencies: after, ...rest });
const never = () => new Promise<never>(() => undefined);

/** Answers the commits of executions of this name, as long as `answers` says so, without their being written. */
function refusing(name: string, answers: () => "conflict" | "refused" | null): (store: Store) => Store {
  return (store) => {
    const commit = store.commit.bind(store);
    return Object.assign(store, {
      commit: async (lane: number, given: Parameters<Store["commit"]>[1]): Promise<CommitAnswer> => {
        const type = given.entries.some(({ summary }) => summary.name === name) ? answers() : null;
        if (type === null) return commit(lane, given);
        const answer = await commit(lane, { ...given, entries: given.entries.filter(({ summary }) => summary.name !== name) });
        if (answer.type === "fenced") return answer;
        const others = answer.entries.values();
        const refusal = type === "conflict" ? ({ type } as const) : ({ type, reason: "too large" } as const);
        return {
          type: "done",
          entries: given.entries.map(({ summary }) => (summary.name === name ? refusal : (others.next().value ?? { type: "conflict" }))),
        };
      },
    });
  };
}

describe("a death of the last owner", () => {
  test("says nothing of what began after it, also where the supervisor crashes later", async () => {
    const before = await Scene.start({ maxRunningExecutions: 1, nodes: { a: never } });
    await before.trigger(await before.create([step("a")], { name: "blocks" }));
    const id = await before.create([step("a"), step("b")], { name: "waited" });
    await before.trigger(id);
    await before.world.pass(100);

    let conflicts = 0;
    const after = await Scene.start({
      ...before.crash(),
      through: refusing("waited", () => (conflicts > 0 && conflicts-- > 0 ? "conflict" : null)),
      nodes: { b: () => new Promise((resolve) => void after.world.after(5_000, () => resolve(ok("1")))) },
    });
    await after.world.pass(1_000);
    conflicts = 1;
    await after.world.pass(10_000);
    expect(after.begun.filter((each) => each.startsWith("b"))).toEqual(["b/1"]);
    expect((await after.view(id)).status).toBe("COMPLETED");
  });
});

describe("room to run", () => {
  test("is given back by an execution whose trigger the store can never take", async () => {
    const scene = await Scene.start({ maxRunningExecutions: 1, through: refusing("bad", () => "refused") });
    const [bad, good] = [await scene.create([step("a")], { name: "bad" }), await scene.create([step("a")])];
    expect(await scene.trigger(bad)).toMatchObject({ type: "unavailable" });
    await scene.world.pass(100);
    await scene.trigger(good);
    await scene.world.pass(100);
    expect((await scene.view(good)).status).toBe("COMPLETED");
  });

  test("is given back by an execution whose trigger did not become durable", async () => {
    let conflicts = 1;
    const scene = await Scene.start({ maxRunningExecutions: 1, through: refusing("bad", () => (conflicts-- > 0 ? "conflict" : null)) });
    const [bad, good] = [await scene.create([step("a")], { name: "bad" }), await scene.create([step("a")])];
    expect(await scene.trigger(bad)).toMatchObject({ type: "unavailable" });
    await scene.world.pass(1_000);
    expect(scene.engine.health().executions.running).toBe(0);
    await scene.trigger(good);
    await scene.world.pass(100);
    expect((await scene.view(good)).status).toBe("COMPLETED");
  });

  test("is given back by a running execution that is stalled", async () => {
    let refuses: "refused" | null = null;
    const scene = await Scene.start({
      maxRunningExecutions: 1,
      through: refusing("bad", () => refuses),
      nodes: { a: () => new Promise((resolve) => void scene.world.after(1_000, () => resolve(ok("1")))) },
    });
    const [bad, good] = [await scene.create([step("a")], { name: "bad" }), await scene.create([step("b")])];
    await scene.trigger(bad);
    await scene.trigger(good);
    await scene.world.pass(500);
    expect((await scene.view(good)).status).toBe("PENDING");
    refuses = "refused";
    await scene.world.pass(20_000);
    expect([(await scene.view(bad)).stalled, (await scene.view(good)).status]).toEqual([true, "COMPLETED"]);
  });

  test("after a restart belongs first to what was running, then goes by priority and time again", async () => {
    const before = await Scene.start({ maxRunningExecutions: 1, nodes: { a: never, first: () => ok("1") } });
    const ids: string[] = [];
    for (const [name, priority] of [
      ["first", 5],
      ["low", 2],
      ["high", 8],
      ["middle", 5],
    ] as const) {
      ids.push(await before.create([step(name === "first" ? "first" : "a")], { name, priority }));
    }
    await before.trigger(ids[0]!);
    for (const id of ids) await before.trigger(id);
    await before.world.pass(100);
    const running = async (scene: Scene) => {
      const views = await Promise.all(ids.map((id) => scene.view(id)));
      return views.filter(({ status }) => status === "RUNNING").map(({ name }) => name);
    };
    const after = await Scene.start({
      ...before.crash(),
      maxRunningExecutions: 1,
      nodes: { a: () => new Promise((resolve) => void after.world.after(1_000, () => resolve(ok("1")))) },
    });
    const seen: string[][] = [];
    for (let count = 0; count < 4; count++) {
      await after.world.pass(count === 0 ? 500 : 1_000);
      seen.push(await running(after));
    }
    expect(seen).toEqual([["high"], ["middle"], ["low"], []]);
  });
});

describe("a store that answers late", () => {
  test("an execution that was created and triggered after its client was told to come again runs all the same", async () => {
    let delayMs = 0;
    const scene: Scene = await Scene.start({
      through: (store) => {
        const create = store.create.bind(store);
        return Object.assign(store, {
          create: async (batch: Parameters<Store["create"]>[0]) => {
            await new Promise<void>((resolve) => (delayMs === 0 ? resolve() : void scene.world.after(delayMs, resolve)));
            return create(batch);
          },
        });
      },
    });
    const checked = await scene.engine.check(JSON.stringify({ name: "test", dag: { nodes: [step("a")] } }), "workflow");
    if (!checked.ok) throw new Error("refused");
    delayMs = 5_000;
    const request = { definition: checked.definition, trigger: { params: null }, idempotency: null };
    expect(await scene.after(scene.engine.create(request))).toMatchObject({ type: "unavailable" });
    await scene.world.pass(10_000);
    expect((await scene.engine.list({ limit: 10 })).map(({ status }) => status)).toEqual(["COMPLETED"]);
  });

  test("an execution whose creation was applied and its answer lost runs all the same", async () => {
    let lost = false;
    const scene: Scene = await Scene.start({
      through: (store) => {
        const create = store.create.bind(store);
        return Object.assign(store, {
          create: async (batch: Parameters<Store["create"]>[0]) => {
            const answer = await create(batch);
            if (!lost) return answer;
            await new Promise<void>((resolve) => void scene.world.after(1_000, resolve));
            throw new StoreUnavailable("the answer was lost");
          },
        });
      },
    });
    const checked = await scene.engine.check(JSON.stringify({ name: "test", dag: { nodes: [step("a")] } }), "workflow");
    if (!checked.ok) throw new Error("refused");
    lost = true;
    const request = { definition: checked.definition, trigger: { params: null }, idempotency: null };
    expect(await scene.after(scene.engine.create(request))).toMatchObject({ type: "unavailable" });
    await scene.world.pass(30_000);
    expect((await scene.engine.list({ limit: 10 })).map(({ status }) => status)).toEqual(["COMPLETED"]);
  });

  test("creations that never were leave nothing behind, however many clients tried", async () => {
    let away = false;
    const scene = await Scene.start({
      through: (store) =>
        new Proxy(store, {
          get(target, name: keyof Store) {
            const value: unknown = target[name];
            if (typeof value !== "function") return value;
            return (...given: unknown[]) =>
              away && name !== "laneOf" ? Promise.reject(new StoreUnavailable("away")) : Reflect.apply(value, target, given);
          },
        }),
    });
    const checked = await scene.engine.check(JSON.stringify({ name: "test", dag: { nodes: [step("a")] } }), "workflow");
    if (!checked.ok) throw new Error("refused");
    const request = { definition: checked.definition, trigger: { params: null }, idempotency: null };
    away = true;
    await scene.after(Promise.all(Array.from({ length: 100 }, () => scene.engine.create(request))));
    await scene.world.pass(30_000);
    expect(scene.engine.health().executions.active).toBe(0);
    away = false;
    await scene.world.pass(30_000);
    expect([scene.engine.health().executions.active, await scene.engine.list({ limit: 10 })]).toEqual([0, []]);
  });

  test("a trigger whose commit is silent is answered after two seconds, not after ten", async () => {
    let silentFromMs = Number.POSITIVE_INFINITY;
    const scene: Scene = await Scene.start({
      through: (store) => {
        const commit = store.commit.bind(store);
        return Object.assign(store, {
          commit: async (lane: number, given: Parameters<Store["commit"]>[1]) => {
            const silent = scene !== undefined && scene.world.nowMs() >= silentFromMs;
            await new Promise<void>((resolve) => void scene.world.after(silent ? 60_000 : 700, resolve));
            return commit(lane, given);
          },
        });
      },
    });
    const [one, two] = [await scene.create([step("a")]), await scene.create([step("a")])];
    const startMs = scene.world.nowMs();
    const first = scene.engine.command(one, { type: "Trigger", params: null });
    await scene.world.pass(10);
    silentFromMs = scene.world.nowMs();
    expect(await scene.trigger(two)).toMatchObject({ type: "unavailable" });
    expect(scene.world.nowMs() - startMs).toBeLessThanOrEqual(3_500);
    expect(await first).toEqual({ type: "accepted" });
  });

  test("large texts that cannot be read for a while are no crash", async () => {
    const large = JSON.stringify("x".repeat(100_000));
    const before = await Scene.start({ nodes: { a: () => ok(large), b: never } });
    const id = await before.create([step("a"), { id: "b", handler: "joins", dependencies: ["a"] }]);
    await before.trigger(id);
    await before.world.pass(100);
    let fails = 20;
    const after = await Scene.start({
      ...before.crash(),
      through: (store) => {
        const read = store.large.bind(store);
        return Object.assign(store, {
          large: (execution: string, keys: readonly string[]) =>
            fails-- > 0 ? Promise.reject(new StoreUnavailable("away")) : read(execution, keys),
        });
      },
    });
    await after.world.pass(100);
    expect(await after.trigger(id)).toEqual({ type: "rejected", code: "already_triggered", status: "RUNNING" });
    await after.world.pass(25_000);
    expect([(await after.view(id)).stalled, (await after.view(id)).status]).toEqual([false, "COMPLETED"]);
    expect(after.logged.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("a clean end", () => {
  test("keeps the outcome of what finished while its supervisor was starting again", async () => {
    let conflicts = 0;
    const before: Scene = await Scene.start({
      through: refusing("test", () => (conflicts > 0 && conflicts-- > 0 ? "conflict" : null)),
      nodes: {
        a: () => new Promise((resolve) => void before.world.after(1_000, () => resolve(ok('"a"')))),
        b: () => new Promise((resolve) => void before.world.after(1_005, () => resolve(ok('"b"')))),
      },
    });
    const id = await before.create([step("a"), step("b")]);
    await before.trigger(id);
    await before.world.pass(500);
    conflicts = 1;
    await before.after(before.engine.stop(10_000));
    expect(before.logged.filter(({ message }) => message.includes("crashed")).length).toBe(1);
    const after = await Scene.start(before.crash());
    await after.world.pass(100);
    expect(after.begun).toEqual([]);
    expect((await after.view(id)).status).toBe("COMPLETED");
  });
});

describe("what still ran when its execution failed", () => {
  async function failedWhileSlowRan(): Promise<{ readonly scene: Scene; readonly id: string }> {
    const scene: Scene = await Scene.start({
      nodes: { bad: () => new Promise((resolve) => void scene.world.after(500, () => resolve(fails("No.", false)))), slow: never },
    });
    const id = await scene.create([step("bad"), step("slow")]);
    await scene.trigger(id);
    await scene.world.pass(1_000);
    expect(await scene.states(id)).toEqual({ bad: "FAILED", slow: "RUNNING" });
    return { scene, id };
  }

  test("and is given back by a clean end is CANCELLED, with the time of it", async () => {
    const { scene, id } = await failedWhileSlowRan();
    await scene.after(scene.engine.stop(1_000));
    const after = await Scene.start(scene.crash());
    const slow = (await after.view(id)).nodes[1];
    expect([slow?.state, typeof slow?.finishedAtMs]).toEqual(["CANCELLED", "number"]);
  });

  test("and is lost with its owner is CANCELLED, with the time of it", async () => {
    const { scene, id } = await failedWhileSlowRan();
    const after = await Scene.start(scene.crash());
    await after.world.pass(100);
    const slow = (await after.view(id)).nodes[1];
    expect([slow?.state, typeof slow?.finishedAtMs]).toEqual(["CANCELLED", "number"]);
  });
});

describe("a supervisor that crashes", () => {
  test("answers whoever asked it meanwhile, at once", async () => {
    const before = await Scene.start({ nodes: { a: () => ok(JSON.stringify("x".repeat(100_000))), b: never } });
    const id = await before.create([step("a"), { id: "b", handler: "joins", dependencies: ["a"] }]);
    await before.trigger(id);
    await before.world.pass(100);
    let ready = false;
    const asked: Promise<unknown>[] = [];
    const after: Scene = await Scene.start({
      ...before.crash(),
      through: (store) =>
        Object.assign(store, {
          large: (_: string, keys: readonly string[]) => {
            if (!ready) return Promise.reject(new StoreUnavailable("not yet"));
            const startMs = after.world.nowMs();
            asked.push(
              after.engine
                .command(id, { type: "Trigger", params: null })
                .then(({ type }) => `${type} after ${after.world.nowMs() - startMs} ms`),
            );
            return Promise.resolve(keys.map(() => null));
          },
        }),
    });
    ready = true;
    await after.world.until(() => asked.length > 0, "the large text is asked for");
    expect(await after.after(asked[0]!)).toBe("unavailable after 0 ms");
  });

  test("while it takes up its work lets go of it, and its next life takes it up", async () => {
    const before = await Scene.start({ nodes: { a: () => fails() } });
    const id = await before.create([step("a", [], { retry: { max_attempts: 2, initial_interval: "1m" } })]);
    await before.trigger(id);
    await before.world.pass(100);
    await before.after(before.engine.stop(0));
    const { files, world } = before.crash();
    const after = world!.after.bind(world);
    let breaks = 1;
    world!.after = (delayMs, fire) => {
      if (delayMs > 50_000 && delayMs < 60_000 && breaks-- > 0) throw new Error("simulated: a fault in taking up");
      return after(delayMs, fire);
    };
    const scene = await Scene.start({ files: files!, world: world! });
    await scene.world.pass(120_000);
    expect(scene.logged.filter(({ level }) => level === "error").length).toBe(1);
    expect([scene.begun, (await scene.view(id)).status]).toEqual([["a/2"], "COMPLETED"]);
  });
});

describe("an end while an execution is stalled", () => {
  test("is no clean one: what that execution had begun comes again under the next number", async () => {
    let refuses: "refused" | null = null;
    const before: Scene = await Scene.start({
      through: refusing("test", () => refuses),
      nodes: { a: never, b: () => new Promise((resolve) => void before.world.after(20, () => resolve(ok("1")))) },
    });
    const id = await before.create([step("a"), step("b")]);
    await before.trigger(id);
    refuses = "refused";
    await before.world.pass(1_000);
    expect((await before.view(id)).stalled).toBe(true);
    refuses = null;
    await before.after(before.engine.stop(1_000));
    const after = await Scene.start(before.crash());
    await after.world.pass(1_000);
    expect(after.begun.toSorted()).toEqual(["a/2", "b/2"]);
  });
});

describe("an instance whose lease another has taken", () => {
  test("begins nothing more, however often it looks after its executions", async () => {
    const zombie = await Scene.start({
      nodes: { first: () => new Promise((resolve) => void zombie.world.after(1_000, () => resolve(ok("1")))) },
    });
    const many = Array.from({ length: 150 }, (_, count) => `n${count}`);
    const id = await zombie.create([step("first"), ...many.map((name) => step(name, ["first"]))]);
    await zombie.trigger(id);
    await zombie.world.pass(500);
    const slowly = () => new Promise<NodeOutcome>((resolve) => void zombie.world.after(20_000, () => resolve(ok("1"))));
    const owner = await Scene.start({
      files: zombie.files,
      world: zombie.world,
      // More than the pool has slots: some wait, without a recorded start, for all to see.
      nodes: Object.fromEntries(many.map((name) => [name, slowly])),
    });
    await owner.world.pass(60_000);
    expect((await owner.view(id)).status).toBe("COMPLETED");
    expect(zombie.begun).toEqual(["first/1"]);
  });
});

describe("executions that were created and not triggered", () => {
  test("are not all kept in memory: the size of their definitions counts, not their number alone", async () => {
    let loads = 0;
    const scene = await Scene.start({
      through: (store) => {
        const load = store.load.bind(store);
        return Object.assign(store, {
          load: (id: string) => {
            loads += 1;
            return load(id);
          },
        });
      },
    });
    const config = { text: "x".repeat(1024 * 1024) };
    const ids: string[] = [];
    for (let count = 0; count < 100; count++) ids.push(await scene.create([step("a", [], { config })]));
    await scene.trigger(ids[99]!);
    expect(loads).toBe(0);
    await scene.trigger(ids[0]!);
    expect(loads).toBe(1);
  });
});
