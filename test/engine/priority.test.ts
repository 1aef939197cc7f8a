/** What another priority does to what waits: for room, and for the pool. On the memory store, in simulated time. */
import { expect, test } from "bun:test";
import type { NodeOutcome } from "../../src/pool/pool.ts";
import { ok, Scene } from "../sim/scene.ts";

const step = (id: string, rest: object = {}) => ({ id, handler: "step", ...rest });

async function prioritise(scene: Scene, id: string, priority: number): Promise<void> {
  expect(await scene.after(scene.engine.command(id, { type: "Prioritise", priority }))).toMatchObject({ type: "accepted", changed: true });
}

test("an execution that waits for room goes before others once it has a higher priority, also after a restart", async () => {
  const held: ((outcome: NodeOutcome) => void)[] = [];
  const scene = await Scene.start({ nodes: { a: () => new Promise((resolve) => void held.push(resolve)) }, maxRunningExecutions: 1 });
  const ids: string[] = [];
  for (const node of ["a", "b", "c", "d"]) ids.push(await scene.create([step(node)]));
  for (const id of ids) await scene.trigger(id);
  await prioritise(scene, ids[2] as string, 9);
  const after = await Scene.start({ ...scene.crash(), maxRunningExecutions: 1 });
  await prioritise(after, ids[3] as string, 7);
  await after.world.until(() => after.begun.length === 4, "all have begun");
  expect((await after.view(ids[2] as string)).priority).toBe(9);
  expect(after.begun.map((each) => each.slice(0, 1)).filter((each) => each !== "a")).toEqual(["c", "d", "b"]);
});

test("nodes that wait outside the pool begin by the priority that they have by then, but for those with one of their own", async () => {
  let isHeld = true;
  const scene = await Scene.start({
    nodes: { first: () => new Promise((resolve) => scene.world.after(1_000, () => resolve(ok("1")))) },
    throughPool: (pool) => ({
      ...pool,
      get ahead() {
        return isHeld ? 1 : pool.ahead;
      },
    }),
  });
  const id = await scene.create([step("first"), step("x"), step("own", { priority: 8 }), step("y")], { priority: 9 });
  await scene.trigger(id);
  await prioritise(scene, id, 1);
  isHeld = false;
  expect(await scene.after(scene.engine.waitForEnd(id, 60_000))).toBe(true);
  expect(scene.begun).toEqual(["first/1", "own/1", "x/1", "y/1"]);
  expect(scene.attempts.map(({ priority }) => priority)).toEqual([9, 8, 1, 1]);
});
