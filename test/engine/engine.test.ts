/** What the engine promises its callers, on the memory store and an inline pool, in simulated time. */
import { describe, expect, test } from "bun:test";
import { type Store, StoreUnavailable } from "../../src/store/store.ts";
import { fails, ok, Scene } from "../sim/scene.ts";

const step = (id: string, after: readonly string[] = [], rest: object = {}) => ({ id, handler: "step", dependencies: after, ...rest });
const never = () => new Promise<never>(() => undefined);

describe("a triggered execution", () => {
  test("runs its nodes in order and shows their outputs as they came", async () => {
    const scene = await Scene.start({ nodes: { a: () => ok('{"big":12345678901234567890}') } });
    const id = await scene.create([step("a"), step("b", ["a"]), step("c", ["a"]), step("d", ["b", "c"])]);
    expect(await scene.trigger(id)).toEqual({ type: "accepted" });
    expect(await scene.after(scene.engine.waitForEnd(id, 60_000))).toBe(true);
    const view = await scene.view(id);
    expect([view.status, view.closed, view.progress]).toEqual(["COMPLETED", true, { total: 4, completed: 4, failed: 0, percentage: 100 }]);
    expect(view.nodes[0]?.output).toBe('{"big":12345678901234567890}');
    expect(scene.begun[0]).toBe("a/1");
    expect(scene.begun[3]).toBe("d/1");
  });

  test("is triggered once by fifty clients at once", async () => {
    const scene = await Scene.start();
    const id = await scene.create([step("a")]);
    const results = await scene.after(
      Promise.all(Array.from({ length: 50 }, () => scene.engine.command(id, { type: "Trigger", params: null }))),
    );
    expect(results.filter(({ type }) => type === "accepted").length).toBe(1);
    expect(results.filter(({ type }) => type === "rejected").length).toBe(49);
    await scene.world.pass(10);
    expect(await scene.trigger(id)).toEqual({ type: "rejected", code: "already_finished", status: "COMPLETED" });
    expect(scene.begun).toEqual(["a/1"]);
  });

  test("that nobody created is not found", async () => {
    const scene = await Scene.start();
    expect(await scene.trigger("nobody")).toEqual({ type: "unknown" });
    expect(await scene.after(scene.engine.view("nobody"))).toBeNull();
  });

  test("gives a node that asks for it the params, and merges what is meant for a node into its config, where that is allowed", async () => {
    const scene = await Scene.start();
    const nodes = [
      { id: "a", handler: "given" },
      { ...step("b", ["a"]), config: { x: 1, y: 2 } },
    ];
    const id = await scene.create(nodes, { overrides: ["b"] });
    await scene.trigger(id, '{"n":12345678901234567890,"b":{"y":12345678901234567891}}');
    await scene.world.pass(10);
    expect(scene.attempts[0]?.params).toBe('{"n":12345678901234567890,"b":{"y":12345678901234567891}}');
    expect(scene.attempts[1]?.config).toBe('{"x":1,"y":12345678901234567891}');
    expect(scene.attempts[1]?.fromTrigger).toEqual(["y"]);
  });

  test("carries to a node the ancestors that its templates name, and no others", async () => {
    const scene = await Scene.start({ nodes: { a: () => ok("1"), b: () => ok("2") } });
    const id = await scene.create([step("a"), step("b", ["a"]), { ...step("c", ["b"]), config: { v: "{{ a.output }} of {{ other.x }}" } }]);
    await scene.trigger(id);
    await scene.world.pass(10);
    expect(scene.attempts[2]?.scope).toEqual([{ id: "a", status: "COMPLETED", attempt: 1, error: null, output: "1" }]);
  });

  test("gives nodes that see the same of the same ancestors one list of them", async () => {
    const scene = await Scene.start({ nodes: { a: () => ok("1"), b: () => ok("2") } });
    const seeing = (id: string, parent: string) => ({ ...step(id, [parent]), config: { v: `{{ ${parent}.output }}` } });
    const id = await scene.create([
      step("a"),
      step("b", ["a"]),
      seeing("c", "b"),
      seeing("d", "b"),
      { ...seeing("e", "a"), dependencies: ["b"] },
    ]);
    await scene.trigger(id);
    await scene.world.pass(10);
    const [c, d, e] = ["c", "d", "e"].map((name) => scene.attempts.find(({ nodeId }) => nodeId === name)?.scope);
    expect(c?.map(({ output }) => output)).toEqual(["2"]);
    expect(d).toBe(c as never);
    expect(e?.map(({ output }) => output)).toEqual(["1"]);
  });

  test("passes large outputs on, and shows their size instead of them", async () => {
    const large = JSON.stringify("x".repeat(100_000));
    const scene = await Scene.start({ nodes: { a: () => ok(large) } });
    const id = await scene.create([step("a"), { id: "b", handler: "joins", dependencies: ["a"] }]);
    await scene.trigger(id);
    await scene.world.pass(10);
    expect(scene.attempts[1]?.parents[0]?.output).toBe(large);
    const node = (await scene.view(id)).nodes[0];
    expect([node?.output, node?.outputBytes]).toEqual([null, 100_002]);
    expect(await scene.engine.largeOutputs(id, [{ id: "a", attempt: 1 }])).toEqual([large]);
  });
});

describe("a node that fails", () => {
  test("is tried again after its backoff, and its execution completes", async () => {
    const scene = await Scene.start({ nodes: { a: ({ attempt }) => (attempt < 3 ? fails() : ok("1")) } });
    const id = await scene.create([step("a", [], { retry: { max_attempts: 3, initial_interval: "10s" } })]);
    await scene.trigger(id);
    await scene.world.pass(9_999);
    expect([scene.begun, await scene.states(id)]).toEqual([["a/1"], { a: "RETRYING" }]);
    await scene.world.pass(30_001);
    expect([scene.begun, await scene.states(id)]).toEqual([["a/1", "a/2", "a/3"], { a: "COMPLETED" }]);
  });

  test("for good fails the execution: nothing new starts, what runs finishes, dependents stay PENDING", async () => {
    const scene = await Scene.start({
      nodes: {
        bad: () => fails("No such card."),
        slow: () => new Promise((resolve) => void scene.world.after(5_000, () => resolve(ok('"done"')))),
      },
    });
    const once = { retry: { max_attempts: 1 } };
    const id = await scene.create([
      step("slow"),
      step("wait", [], once),
      step("bad", ["wait"], once),
      step("x", ["bad"]),
      step("y", ["slow"]),
    ]);
    await scene.trigger(id);
    await scene.world.pass(1_000);
    const failed = await scene.view(id);
    expect([failed.status, failed.closed, failed.error]).toEqual(["FAILED", false, 'Node "bad" failed on attempt 1 (boom): No such card.']);
    expect(failed.failure).toEqual({ node: "bad", attempt: 1, kind: "handler", code: "boom", message: "No such card.", stack: null });
    await scene.world.pass(10_000);
    const closed = await scene.view(id);
    expect([closed.status, closed.closed]).toEqual(["FAILED", true]);
    expect(await scene.states(id)).toEqual({ slow: "COMPLETED", wait: "COMPLETED", bad: "FAILED", x: "PENDING", y: "PENDING" });
    expect(scene.engine.health().executions).toEqual({ active: 0, running: 0, waiting: 0 });
  });
});

describe("with MAX_CONCURRENT_WORKFLOWS", () => {
  test("a trigger above the limit is accepted, stays PENDING, and starts when there is room, by priority", async () => {
    const scene = await Scene.start({
      maxRunningExecutions: 1,
      nodes: { a: () => new Promise((resolve) => void scene.world.after(1_000, () => resolve(ok("1")))) },
    });
    const [first, low, high] = [
      await scene.create([step("a")]),
      await scene.create([step("a")], { priority: 2 }),
      await scene.create([step("a")], { priority: 8 }),
    ];
    for (const id of [first, low, high]) expect(await scene.trigger(id)).toEqual({ type: "accepted" });
    await scene.world.pass(100);
    const statuses = async () => [(await scene.view(first)).status, (await scene.view(low)).status, (await scene.view(high)).status];
    expect(await statuses()).toEqual(["RUNNING", "PENDING", "PENDING"]);
    expect(await scene.trigger(low)).toEqual({ type: "rejected", code: "already_triggered", status: "PENDING" });
    await scene.world.pass(1_000);
    expect(await statuses()).toEqual(["COMPLETED", "PENDING", "RUNNING"]);
    await scene.world.pass(2_000);
    expect(await statuses()).toEqual(["COMPLETED", "COMPLETED", "COMPLETED"]);
  });

  test("what waited for room before a crash still gets it afterwards", async () => {
    const before = await Scene.start({ maxRunningExecutions: 1, nodes: { a: never } });
    const ids = [await before.create([step("a")]), await before.create([step("a")])];
    for (const id of ids) await before.trigger(id);
    const after = await Scene.start({ ...before.crash(), maxRunningExecutions: 1 });
    await after.world.pass(1_000);
    for (const id of ids) expect((await after.view(id)).status).toBe("COMPLETED");
  });
});

describe("after a crash", () => {
  test("an execution goes on by itself, keeps its results, and runs what was open under the next number", async () => {
    const before = await Scene.start({ nodes: { a: () => ok('"kept"'), b: never } });
    const id = await before.create([step("a"), step("b", ["a"]), step("c", ["b"])]);
    await before.trigger(id);
    await before.world.pass(1_000);
    expect(await before.states(id)).toEqual({ a: "COMPLETED", b: "RUNNING", c: "PENDING" });
    const after = await Scene.start(before.crash());
    await after.world.pass(1_000);
    expect(after.begun).toEqual(["b/2", "c/1"]);
    const view = await after.view(id);
    expect([view.status, view.nodes[0]?.output]).toEqual(["COMPLETED", '"kept"']);
  });

  test("a node that was open in two deaths is run as a suspect", async () => {
    let scene = await Scene.start({ nodes: { a: never } });
    const id = await scene.create([step("a")]);
    await scene.trigger(id);
    await scene.world.pass(100);
    scene = await Scene.start({ ...scene.crash(), nodes: { a: never } });
    await scene.world.pass(100);
    scene = await Scene.start(scene.crash());
    await scene.world.pass(100);
    expect(scene.attempts.map(({ attempt, suspect }) => [attempt, suspect])).toEqual([[3, true]]);
    expect((await scene.view(id)).status).toBe("COMPLETED");
  });

  test("a retry that was due waits out its time", async () => {
    const before = await Scene.start({ nodes: { a: () => fails() } });
    const id = await before.create([step("a", [], { retry: { max_attempts: 2, initial_interval: "1h" } })]);
    await before.trigger(id);
    await before.world.pass(100);
    const after = await Scene.start(before.crash());
    await after.world.pass(60_000);
    expect(after.begun).toEqual([]);
    await after.world.pass(3_600_000);
    expect(after.begun).toEqual(["a/2"]);
  });

  test("nothing of a failed execution runs again, and it is closed", async () => {
    const before = await Scene.start({ nodes: { bad: () => fails("No.", false), slow: never } });
    const id = await before.create([step("bad"), step("slow")]);
    await before.trigger(id);
    await before.world.pass(1_000);
    expect((await before.view(id)).closed).toBe(false);
    const after = await Scene.start(before.crash());
    await after.world.pass(1_000);
    expect(after.begun).toEqual([]);
    expect([(await after.view(id)).closed, await after.states(id)]).toEqual([true, { bad: "FAILED", slow: "CANCELLED" }]);
  });
});

describe("large texts after a crash", () => {
  const large = JSON.stringify("x".repeat(100_000));
  const params = `{"text":${large}}`;

  test("reach the nodes that need them, outputs and params", async () => {
    const before = await Scene.start({ nodes: { a: () => ok(large), b: never } });
    const id = await before.create([
      step("a"),
      { id: "b", handler: "joins", dependencies: ["a"] },
      { id: "c", handler: "given", dependencies: ["b"] },
    ]);
    await before.trigger(id, params);
    await before.world.pass(1_000);
    const after = await Scene.start(before.crash());
    await after.world.pass(1_000);
    expect(after.attempts.map(({ nodeId, parents, params: given }) => [nodeId, parents[0]?.output ?? given])).toEqual([
      ["b", large],
      ["c", params],
    ]);
    expect((await after.view(id)).status).toBe("COMPLETED");
  });

  test("that the store has lost stall the one execution, which says so, instead of running it on nothing", async () => {
    const before = await Scene.start({ nodes: { a: () => ok(large), b: never } });
    const id = await before.create([step("a"), { id: "b", handler: "joins", dependencies: ["a"] }]);
    await before.trigger(id);
    await before.world.pass(1_000);
    const through = (store: Store): Store =>
      Object.assign(store, { large: (_: string, keys: readonly string[]) => Promise.resolve(keys.map(() => null)) });
    const after = await Scene.start({ ...before.crash(), through });
    await after.world.pass(5_000);
    expect(after.begun).toEqual([]);
    expect((await after.view(id)).stalled).toBe(true);
    expect(after.logged.some(({ fields }) => String(fields.error).includes("The store has lost output/a/1"))).toBe(true);
  });
});

describe("a clean end", () => {
  test("lets what runs finish, starts nothing new, and the next start goes on without a death", async () => {
    const before = await Scene.start({
      nodes: { a: () => new Promise((resolve) => void before.world.after(2_000, () => resolve(ok('"a"')))) },
    });
    const id = await before.create([step("a"), step("b", ["a"])]);
    await before.trigger(id);
    await before.world.pass(100);
    await before.after(before.engine.stop(10_000));
    expect(before.begun).toEqual(["a/1"]);
    expect(await before.engine.command(id, { type: "Trigger", params: null })).toMatchObject({ type: "unavailable" });
    const after = await Scene.start(before.crash());
    await after.world.pass(100);
    expect(after.begun).toEqual(["b/1"]);
    expect((await after.view(id)).status).toBe("COMPLETED");
  });

  test("gives back what does not finish in time: no failure, no death, the next attempt", async () => {
    let aborted = false;
    const before = await Scene.start({
      nodes: {
        a: (_, signal) => {
          signal.addEventListener("abort", () => {
            aborted = true;
          });
          return never();
        },
      },
    });
    const id = await before.create([step("a", [], { retry: { max_attempts: 1 } })]);
    await before.trigger(id);
    await before.world.pass(100);
    await before.after(before.engine.stop(1_000));
    expect(aborted).toBe(true);
    const after = await Scene.start(before.crash());
    await after.world.pass(100);
    expect(after.attempts.map(({ attempt, suspect }) => [attempt, suspect])).toEqual([[2, false]]);
    expect((await after.view(id)).status).toBe("COMPLETED");
  });
});

describe("while the store is away", () => {
  /** `gate.away` makes every call fail. */
  function gated(): { readonly gate: { away: boolean }; readonly through: (store: Store) => Store } {
    const gate = { away: false };
    const through = (store: Store): Store =>
      new Proxy(store, {
        get(target, name: keyof Store) {
          const value: unknown = target[name];
          if (typeof value !== "function") return value;
          return (...given: unknown[]) =>
            gate.away && name !== "laneOf" ? Promise.reject(new StoreUnavailable("away")) : Reflect.apply(value, target, given);
        },
      });
    return { gate, through };
  }

  test("creates and triggers are answered with 'come again' within two seconds, and nothing accepted is lost", async () => {
    const { gate, through } = gated();
    const scene = await Scene.start({ through });
    const id = await scene.create([step("a")]);
    gate.away = true;
    const startMs = scene.world.nowMs();
    expect(await scene.trigger(id)).toMatchObject({ type: "unavailable" });
    expect(await scene.createResult([step("a")])).toMatchObject({ type: "unavailable" });
    expect(scene.world.nowMs() - startMs).toBeLessThanOrEqual(4_000);
    expect(scene.engine.health().store.available).toBe(false);
    gate.away = false;
    await scene.world.pass(5_000);
    // The trigger was in the open commit: it is durable after all, and says so.
    expect(await scene.trigger(id)).toEqual({ type: "rejected", code: "already_finished", status: "COMPLETED" });
    expect(scene.engine.health().store.available).toBe(true);
  });

  test("running executions hold, and go on when it is back", async () => {
    const { gate, through } = gated();
    const scene = await Scene.start({ through, nodes: { a: () => ok("1") } });
    const id = await scene.create([step("a"), step("b", ["a"])]);
    await scene.trigger(id);
    gate.away = true;
    await scene.world.pass(60_000);
    expect(scene.begun).not.toContain("b/1");
    gate.away = false;
    await scene.world.pass(5_000);
    expect((await scene.view(id)).status).toBe("COMPLETED");
    expect(scene.begun).toEqual(["a/1", "b/1"]);
  });
});

describe("bounds", () => {
  test("a full mailbox is an answer, not a drop", async () => {
    const scene = await Scene.start({ mailboxLimit: 3 });
    const id = await scene.create([step("a")]);
    const results = await scene.after(
      Promise.all(Array.from({ length: 10 }, () => scene.engine.command(id, { type: "Trigger", params: null }))),
    );
    const count = (type: string): number => results.filter((result) => result.type === type).length;
    expect([count("accepted"), count("rejected"), count("unavailable")]).toEqual([1, 2, 7]);
  });

  test("a wait ends with the execution, or when its time is up", async () => {
    const scene = await Scene.start({
      nodes: { a: () => new Promise((resolve) => void scene.world.after(3_000, () => resolve(ok("1")))) },
    });
    const id = await scene.create([step("a")]);
    await scene.trigger(id);
    expect(await scene.after(scene.engine.waitForEnd(id, 1_000))).toBe(false);
    expect(await scene.after(scene.engine.waitForEnd(id, 5_000))).toBe(true);
    expect(await scene.after(scene.engine.waitForEnd(id, 5_000))).toBe(true);
  });
});

describe("an Idempotency-Key", () => {
  test("finds what it made, also with its trigger, and refuses another body", async () => {
    const scene = await Scene.start();
    const checked = await scene.engine.check(JSON.stringify({ name: "test", dag: { nodes: [step("a")] } }), "workflow");
    if (!checked.ok) throw new Error("refused");
    const request = { definition: checked.definition, trigger: { params: '{"x":1}' }, idempotency: { route: "r", key: "k", body: "one" } };
    const first = await scene.after(scene.engine.create(request));
    const second = await scene.after(scene.engine.create(request));
    if (first.type !== "created") throw new Error(JSON.stringify(first));
    expect(second).toEqual({ type: "exists", id: first.id });
    expect(await scene.after(scene.engine.create({ ...request, idempotency: { route: "r", key: "k", body: "two" } }))).toEqual({
      type: "differs",
    });
    await scene.world.pass(10);
    expect([(await scene.view(first.id)).status, scene.begun]).toEqual(["COMPLETED", ["a/1"]]);
  });
});

describe("an Idempotency-Key with another body", () => {
  test("changes nothing of what the first one gave, also where that is large and still in memory", async () => {
    const text = (letter: string): string => `{"text":"${letter.repeat(100_000)}"}`;
    const scene = await Scene.start();
    const checked = await scene.engine.check(JSON.stringify({ name: "test", dag: { nodes: [{ id: "a", handler: "given" }] } }), "workflow");
    if (!checked.ok) throw new Error("refused");
    const request = (letter: string) => ({
      definition: checked.definition,
      trigger: { params: text(letter) },
      idempotency: { route: "r", key: "k", body: letter },
    });
    await scene.after(Promise.all([scene.engine.create(request("x")), scene.engine.create(request("y"))]));
    await scene.world.pass(100);
    expect(scene.attempts.map(({ params }) => params)).toEqual([text("x")]);
  });
});

describe("a supervisor whose progress the store can never take", () => {
  test("is stalled and says so, harms nobody else, and is tried again by the sweep", async () => {
    let refuses = true;
    const through = (store: Store): Store => ({
      ...bound(store),
      commit: async (lane, commit) => {
        const answer = await store.commit(lane, {
          ...commit,
          entries: commit.entries.filter(({ summary }) => !(refuses && summary.name === "bad")),
        });
        if (answer.type === "fenced" || !refuses) return answer;
        const applied = answer.entries.values();
        return {
          type: "done",
          entries: commit.entries.map(({ summary }) =>
            summary.name === "bad" ? { type: "refused", reason: "too large" } : (applied.next().value ?? { type: "conflict" }),
          ),
        };
      },
    });
    const scene = await Scene.start({ through });
    const [bad, good] = [await scene.create([step("a")], { name: "bad" }), await scene.create([step("a")])];
    await scene.trigger(bad);
    await scene.trigger(good);
    await scene.world.pass(100);
    expect([(await scene.view(bad)).stalled, (await scene.view(good)).status]).toEqual([true, "COMPLETED"]);
    expect(scene.logged.map(({ message }) => message)).toContain("A supervisor crashed.");
    refuses = false;
    await scene.world.pass(11_000);
    await scene.trigger(bad);
    await scene.world.pass(100);
    expect([(await scene.view(bad)).stalled, (await scene.view(bad)).status]).toEqual([false, "COMPLETED"]);
  });

  test("has a line in the log, of which many are a burst", async () => {
    const through = (store: Store): Store => ({
      ...bound(store),
      commit: async (_, { entries }) => ({ type: "done", entries: entries.map(() => ({ type: "refused", reason: "too large" })) }),
    });
    const scene = await Scene.start({ through });
    for (let at = 0; at < 50; at++) await scene.trigger(await scene.create([step("a")]));
    await scene.world.pass(10_000);
    expect(scene.logged.filter(({ message }) => message === "A supervisor crashed.")).toHaveLength(20);
    expect(scene.logged.filter(({ level }) => level === "error").at(-1)?.fields).toMatchObject({ line: "A supervisor crashed." });
  });

  function bound(store: Store): Store {
    return new Proxy(store, {
      ownKeys: () => [
        "lanes",
        "laneOf",
        "acquire",
        "commit",
        "create",
        "load",
        "chunksAfter",
        "summary",
        "large",
        "list",
        "active",
        "sweep",
        "close",
      ],
      getOwnPropertyDescriptor: (target, name: string) => ({
        configurable: true,
        enumerable: true,
        value: read(target, name as keyof Store),
      }),
      get: (target, name: string) => read(target, name as keyof Store),
    });
  }
  function read(store: Store, name: keyof Store): unknown {
    const value: unknown = store[name];
    return typeof value === "function" ? value.bind(store) : value;
  }
});
