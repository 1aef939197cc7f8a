/** What a cancel does to the code that runs, and to what waits: on the memory store and an inline pool, in simulated time. */
import { describe, expect, test } from "bun:test";
import type { CommandAnswer } from "../../src/engine/engine.ts";
import type { NodeOutcome } from "../../src/pool/pool.ts";
import { fails, ok, Scene } from "../sim/scene.ts";

const step = (id: string, after: readonly string[] = [], rest: object = {}) => ({ id, handler: "step", dependencies: after, ...rest });
/** It ends when it is told to. */
const stopping = (_: unknown, signal: AbortSignal) =>
  new Promise<NodeOutcome>((resolve) => signal.addEventListener("abort", () => resolve(fails("Aborted."))));
const never = () => new Promise<never>(() => undefined);

function cancel(scene: Scene, id: string, reason: string | null = null): Promise<CommandAnswer> {
  return scene.after(scene.engine.command(id, { type: "Cancel", reason }));
}

const done = { type: "accepted", changed: true, status: "CANCELLED" };
const already = { ...done, changed: false };

describe("a cancel", () => {
  test("stops what runs by its signal, starts nothing more, and shows why", async () => {
    const scene = await Scene.start({ nodes: { a: stopping } });
    const id = await scene.create([step("a"), step("b", ["a"]), step("c")]);
    await scene.trigger(id);
    await scene.world.pass(200);
    expect(await cancel(scene, id, "Withdrawn.")).toEqual(done as CommandAnswer);
    await scene.world.pass(10);
    const view = await scene.view(id);
    expect([view.status, view.closed, view.error, view.failure]).toEqual(["CANCELLED", true, "Withdrawn.", null]);
    expect(await scene.states(id)).toEqual({ a: "CANCELLED", b: "PENDING", c: "COMPLETED" });
    expect(scene.begun).toEqual(["a/1", "c/1"]);
    expect(view.progress.failed).toBe(0);
    expect(scene.engine.health()).toMatchObject({ executions: { active: 0, running: 0 }, pool: { begun: 0, waiting: 0 } });
  });

  test("ends the host of a handler that ignores its signal; what ran beside it is another execution's, and runs again", async () => {
    const scene = await Scene.start({ nodes: { deaf: never } });
    const [id, other] = [await scene.create([step("deaf")]), await scene.create([step("deaf"), step("after", ["deaf"])])];
    await scene.trigger(id);
    await scene.trigger(other);
    await scene.world.pass(200);
    await cancel(scene, id);
    expect(await scene.states(id)).toEqual({ deaf: "RUNNING" });
    await scene.world.until(() => scene.engine.health().executions.active === 1, "the cancelled execution is closed");
    expect(await scene.states(id)).toEqual({ deaf: "CANCELLED" });
    expect((await scene.view(id)).nodes[0]?.error).toBe("The attempt was cancelled with its execution.");
    await scene.world.until(() => scene.begun.includes("deaf/2"), "what ran beside it runs again");
    expect((await scene.view(other)).status).toBe("RUNNING");
  });

  test("ends a retry that would go on for days", async () => {
    const scene = await Scene.start({ nodes: { a: () => fails() } });
    const id = await scene.create([step("a", [], { retry: { max_attempts: 10_000, initial_interval: "10ms", backoff_coefficient: 1 } })]);
    await scene.trigger(id);
    await scene.world.until(() => scene.begun.length > 50, "it was tried often");
    expect(await cancel(scene, id)).toEqual(done as CommandAnswer);
    const begun = scene.begun.length;
    await scene.world.pass(60_000);
    expect(scene.begun.length).toBe(begun);
    expect([(await scene.view(id)).status, await scene.states(id)]).toEqual(["CANCELLED", { a: "CANCELLED" }]);
  });

  test("twice says that it was so already; of what is over otherwise it is refused; of what nobody knows it is unknown", async () => {
    const scene = await Scene.start();
    const [id, over] = [await scene.create([step("a")]), await scene.create([step("a")])];
    await scene.trigger(over);
    await scene.world.pass(100);
    expect(await cancel(scene, id)).toEqual(done as CommandAnswer);
    expect(await cancel(scene, id)).toEqual(already as CommandAnswer);
    expect(await cancel(scene, over)).toEqual({ type: "rejected", code: "already_finished", status: "COMPLETED" });
    expect(await cancel(scene, "nobody")).toEqual({ type: "unknown" });
    expect(await scene.trigger(id)).toEqual({ type: "rejected", code: "already_finished", status: "CANCELLED" });
    expect(scene.engine.health().executions.active).toBe(0);
  });

  test("gives the room of what runs, and the place of what waits, to others", async () => {
    const scene = await Scene.start({ nodes: { a: stopping }, maxRunningExecutions: 1 });
    const [first, second, third] = [await scene.create([step("a")]), await scene.create([step("b")]), await scene.create([step("c")])];
    for (const id of [first, second, third]) await scene.trigger(id);
    await cancel(scene, second);
    await cancel(scene, first);
    expect(await scene.after(scene.engine.waitForEnd(third, 10_000))).toBe(true);
    await scene.world.pass(10);
    expect(scene.begun).toEqual(["a/1", "c/1"]);
    expect(scene.engine.health().executions).toEqual({ active: 0, running: 0, waiting: 0 });
  });

  test("lets go whoever waits for the end", async () => {
    const scene = await Scene.start({ nodes: { a: never } });
    const id = await scene.create([step("a")]);
    await scene.trigger(id);
    const waits = scene.engine.waitForEnd(id, 3_600_000);
    await cancel(scene, id);
    expect(await scene.after(waits)).toBe(true);
  });

  test("is kept over a crash: what had begun counts as stopped, and nothing runs again", async () => {
    const scene = await Scene.start({ nodes: { a: never } });
    const id = await scene.create([step("a"), step("b", ["a"])]);
    await scene.trigger(id);
    await scene.world.pass(200);
    await cancel(scene, id);
    const after = await Scene.start(scene.crash());
    await after.world.pass(10_000);
    expect([(await after.view(id)).status, (await after.view(id)).closed]).toEqual(["CANCELLED", true]);
    expect([after.begun, await after.states(id)]).toEqual([[], { a: "CANCELLED", b: "PENDING" }]);
    expect(await cancel(after, id)).toEqual(already as CommandAnswer);
  });

  test("keeps an output that comes all the same", async () => {
    const scene = await Scene.start({
      nodes: { a: (_, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(ok('"saved"')))) },
    });
    const id = await scene.create([step("a"), step("b", ["a"])]);
    await scene.trigger(id);
    await scene.world.pass(200);
    await cancel(scene, id);
    await scene.world.pass(10);
    const view = await scene.view(id);
    expect([view.status, view.nodes[0]?.state, view.nodes[0]?.output, view.nodes[1]?.state]).toEqual([
      ...["CANCELLED", "COMPLETED", '"saved"', "PENDING"],
    ]);
  });
});
