/** What a pause does to what runs and to what waits, and a resume: on the memory store and an inline pool, in simulated time. */
import { describe, expect, test } from "bun:test";
import type { ClientCommand, CommandAnswer } from "../../src/engine/engine.ts";
import type { NodeOutcome } from "../../src/pool/pool.ts";
import { fails, ok, Scene } from "../sim/scene.ts";

const step = (id: string, after: readonly string[] = [], rest: object = {}) => ({ id, handler: "step", dependencies: after, ...rest });

function say(scene: Scene, id: string, type: "Pause" | "Resume"): Promise<CommandAnswer> {
  return scene.after(scene.engine.command(id, { type } satisfies ClientCommand));
}

/** Nodes that end when the test says so. */
function held() {
  const finish = new Map<string, () => void>();
  const node = ({ nodeId }: { readonly nodeId: string }) =>
    new Promise<NodeOutcome>((resolve) => void finish.set(nodeId, () => resolve(ok(`"${nodeId}"`))));
  return { node, finish: (id: string) => finish.get(id)?.() };
}

describe("a pause", () => {
  test("lets what runs go on and starts nothing more; a resume starts what became ready", async () => {
    const { node, finish } = held();
    const scene = await Scene.start({ nodes: { a: node } });
    const id = await scene.create([step("a"), step("b", ["a"]), step("c", ["b"])]);
    await scene.trigger(id);
    await scene.world.pass(100);
    expect(await say(scene, id, "Pause")).toEqual({ type: "accepted", changed: true, status: "PAUSED" });
    expect(await say(scene, id, "Pause")).toEqual({ type: "accepted", changed: false, status: "PAUSED" });
    finish("a");
    await scene.world.pass(60_000);
    expect([(await scene.view(id)).status, await scene.states(id)]).toEqual(["PAUSED", { a: "COMPLETED", b: "QUEUED", c: "PENDING" }]);
    expect((await scene.view(id)).nodes[1]?.reason).toBe("The execution is paused.");
    expect(scene.begun).toEqual(["a/1"]);
    expect(await say(scene, id, "Resume")).toEqual({ type: "accepted", changed: true, status: "RUNNING" });
    expect(await scene.after(scene.engine.waitForEnd(id, 10_000))).toBe(true);
    expect(scene.begun).toEqual(["a/1", "b/1", "c/1"]);
    expect(await say(scene, id, "Resume")).toEqual({ type: "rejected", code: "not_running", status: "COMPLETED" });
  });

  test("takes back what waits for a thread, which begins after the resume under the same number", async () => {
    const { node, finish } = held();
    const names = Array.from({ length: 150 }, (_, at) => `n${at}`);
    const scene = await Scene.start({ nodes: Object.fromEntries(names.map((name) => [name, node])) });
    const id = await scene.create(names.map((name) => step(name)));
    await scene.trigger(id);
    await scene.world.pass(100);
    // So many slots there are.
    expect(scene.begun).toHaveLength(100);
    await say(scene, id, "Pause");
    for (const name of names.slice(0, 100)) finish(name);
    await scene.world.pass(10_000);
    expect([scene.begun.length, scene.engine.health().pool]).toEqual([100, { threads: 1, begun: 0, waiting: 0 }]);
    await say(scene, id, "Resume");
    await scene.world.pass(100);
    for (const name of names) finish(name);
    await scene.world.pass(100);
    expect((await scene.view(id)).status).toBe("COMPLETED");
    expect(scene.begun.toSorted()).toEqual(names.map((name) => `${name}/1`).toSorted());
  });

  test("lets a retry wait that falls due", async () => {
    const scene = await Scene.start({ nodes: { a: ({ attempt }) => (attempt === 1 ? fails() : ok("1")) } });
    const id = await scene.create([step("a", [], { retry: { max_attempts: 2, initial_interval: "10s" } })]);
    await scene.trigger(id);
    await scene.world.pass(100);
    await say(scene, id, "Pause");
    await scene.world.pass(20_000);
    expect([scene.begun, await scene.states(id)]).toEqual([["a/1"], { a: "QUEUED" }]);
    await say(scene, id, "Resume");
    await scene.world.pass(10);
    expect([scene.begun, (await scene.view(id)).status]).toEqual([["a/1", "a/2"], "COMPLETED"]);
  });

  test("and a resume before it was due leave the retry its time", async () => {
    const scene = await Scene.start({ nodes: { a: ({ attempt }) => (attempt === 1 ? fails() : ok("1")) } });
    const id = await scene.create([step("a", [], { retry: { max_attempts: 2, initial_interval: "10s" } })]);
    await scene.trigger(id);
    await scene.world.pass(1_000);
    await say(scene, id, "Pause");
    await say(scene, id, "Resume");
    await scene.world.pass(8_000);
    expect(await scene.states(id)).toEqual({ a: "RETRYING" });
    await scene.world.pass(2_000);
    expect(scene.begun).toEqual(["a/1", "a/2"]);
  });

  test("gives its room to others, and a resume takes room without asking", async () => {
    const { node, finish } = held();
    const scene = await Scene.start({ nodes: { a: node, b: node }, maxRunningExecutions: 1 });
    const [first, second, third] = [await scene.create([step("a")]), await scene.create([step("b")]), await scene.create([step("c")])];
    for (const id of [first, second, third]) await scene.trigger(id);
    await scene.world.pass(100);
    expect(scene.engine.health().executions).toEqual({ active: 3, running: 1, waiting: 2 });
    // What waits for room leaves the line, and stands in it again.
    expect(await say(scene, second, "Pause")).toMatchObject({ status: "PAUSED" });
    expect(await say(scene, second, "Resume")).toMatchObject({ status: "PENDING" });
    await say(scene, first, "Pause");
    await scene.world.until(() => scene.begun.includes("b/1"), "the next one that waits, and the one behind it, have run or begun");
    expect(scene.begun).toEqual(["a/1", "c/1", "b/1"]);
    await say(scene, first, "Resume");
    expect(scene.engine.health().executions.running).toBe(2);
    for (const name of ["a", "b"]) finish(name);
    await scene.world.pass(100);
    expect(scene.engine.health().executions).toEqual({ active: 0, running: 0, waiting: 0 });
  });

  test("of what is not triggered is refused; of what nobody knows it is unknown", async () => {
    const scene = await Scene.start();
    const id = await scene.create([step("a")]);
    expect(await say(scene, id, "Pause")).toEqual({ type: "rejected", code: "not_running", status: "PENDING" });
    expect(await say(scene, "nobody", "Resume")).toEqual({ type: "unknown" });
    await scene.trigger(id);
    expect(await scene.after(scene.engine.waitForEnd(id, 10_000))).toBe(true);
  });

  test("is kept over a crash, whatever ran then; a resume goes on under new numbers", async () => {
    const { node } = held();
    const scene = await Scene.start({ nodes: { a: node } });
    const id = await scene.create([step("a"), step("b", ["a"])]);
    await scene.trigger(id);
    await scene.world.pass(20);
    await say(scene, id, "Pause");
    const after = await Scene.start(scene.crash());
    await after.world.pass(60_000);
    expect([after.begun, (await after.view(id)).status]).toEqual([[], "PAUSED"]);
    expect(await say(after, id, "Resume")).toEqual({ type: "accepted", changed: true, status: "RUNNING" });
    await after.world.pass(100);
    // It had begun, without a word in the log.
    expect([after.begun, (await after.view(id)).status]).toEqual([["a/2", "b/1"], "COMPLETED"]);
  });

  test("that comes with a cancel behind it ends in the cancel", async () => {
    const { node } = held();
    const scene = await Scene.start({ nodes: { a: node } });
    const id = await scene.create([step("a")]);
    await scene.trigger(id);
    await scene.world.pass(100);
    const both = [say(scene, id, "Pause"), scene.after(scene.engine.command(id, { type: "Cancel", reason: null }))];
    expect((await Promise.all(both)).map((answer) => "status" in answer && answer.status)).toEqual(["PAUSED", "CANCELLED"]);
    await scene.world.pass(1_000);
    expect((await scene.view(id)).closed).toBe(true);
  });
});
