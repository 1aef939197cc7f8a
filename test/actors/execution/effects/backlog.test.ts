/** Ready nodes that wait to become attempts. */
import { expect, test } from "bun:test";
import { Backlog } from "../../../../src/actors/execution/effects/backlog.ts";
import type { NodeOutcome } from "../../../../src/pool/pool.ts";
import { fails, ok, Scene } from "../../../sim/scene.ts";

test("a backlog gives higher priorities first, and nodes of one priority as they came, also what comes in between", () => {
  const backlog = new Backlog();
  for (const [node, priority] of [
    [1, 5],
    [2, 5],
    [3, 8],
    [4, 0],
  ] as const)
    backlog.add(node, priority);
  expect([backlog.take(), backlog.take()]).toEqual([3, 1]);
  backlog.add(5, 8);
  backlog.add(6, 5);
  expect(backlog.size).toBe(4);
  expect([backlog.take(), backlog.take(), backlog.take(), backlog.take(), backlog.take()]).toEqual([5, 2, 6, 4, undefined]);
  expect(backlog.size).toBe(0);
});

test("a backlog that was cleared holds nothing, and takes new nodes", () => {
  const backlog = new Backlog();
  backlog.add(1, 5);
  backlog.clear();
  expect([backlog.size, backlog.take()]).toEqual([0, undefined]);
  backlog.add(2, 5);
  expect(backlog.take()).toBe(2);
});

/** Ten nodes below a root, of a pool that wants three at a time; each ends when the test says so. */
async function wideScene() {
  const [running, ends] = [new Set<string>(), new Map<string, (outcome: NodeOutcome) => void>()];
  const behave = (attempt: { readonly nodeId: string }): Promise<NodeOutcome> => {
    running.add(attempt.nodeId);
    return new Promise((resolve) => ends.set(attempt.nodeId, resolve));
  };
  const ids = Array.from({ length: 10 }, (_, i) => `n${i}`);
  const scene = await Scene.start({
    nodes: Object.fromEntries(ids.map((id) => [id, behave])),
    throughPool: (pool) => ({ ...pool, ahead: 3 }),
  });
  const children = ids.map((id, i) => ({ id, handler: "step", dependencies: ["root"], priority: i === 9 ? 8 : 5 }));
  const id = await scene.create([{ id: "root", handler: "step" }, ...children]);
  await scene.trigger(id);
  await scene.world.pass(10);
  async function end(nodeId: string, outcome = ok("1")): Promise<void> {
    ends.get(nodeId)?.(outcome);
    running.delete(nodeId);
    await scene.world.pass(10);
  }
  return { scene, id, running, end };
}

test("no more nodes of an execution are in hand than the pool wants: others begin as these end, higher priorities first", async () => {
  const { scene, id, running, end } = await wideScene();
  expect([...running]).toEqual(["n0", "n1", "n2"]);
  await end("n1");
  expect([...running]).toEqual(["n0", "n2", "n9"]);
  for (let ended = 1; ended < 10; ended += 1) {
    expect(running.size).toBe(Math.min(3, 10 - ended));
    await end([...running][0] ?? "none runs");
  }
  expect(await scene.after(scene.engine.waitForEnd(id, 60_000))).toBe(true);
  expect((await scene.view(id)).status).toBe("COMPLETED");
});

test("what is ready and was never in hand does not begin where a failure ends its execution", async () => {
  const { scene, id, running, end } = await wideScene();
  await end("n0", fails("It broke.", false));
  await end("n1");
  await end("n2");
  expect([...running]).toEqual([]);
  expect(await scene.after(scene.engine.waitForEnd(id, 60_000))).toBe(true);
  expect(await scene.states(id)).toMatchObject({ n0: "FAILED", n1: "COMPLETED", n2: "COMPLETED", n3: "CANCELLED", n9: "CANCELLED" });
});
