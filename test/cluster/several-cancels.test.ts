/** A cancel among several instances: asked of any, and heard wherever the execution's attempts run. One scene each. */
import { describe, expect, test } from "bun:test";
import type { NodeOutcome } from "../../src/pool/pool.ts";
import { LEVEL } from "../../src/workflow/execution/level.ts";
import { fails } from "../sim/scene.ts";
import { Several } from "../sim/several.ts";

const step = (id: string, after: readonly string[] = []) => ({ id, handler: "step", dependencies: after });
const WIDTH = 24;
const wide = Array.from({ length: WIDTH }, (_, at) => step(`n${at}`));
/** Where attempts were told to stop, by their signals. */
let stopped: string[] = [];
const stopping = (attempt: { readonly nodeId: string }, signal: AbortSignal) =>
  new Promise<NodeOutcome>((resolve) =>
    signal.addEventListener("abort", () => {
      stopped.push(attempt.nodeId);
      resolve(fails("Aborted."));
    }),
  );

async function start(count: number): Promise<Several> {
  stopped = [];
  const several = await Several.start(count, { slots: 4, nodes: Object.fromEntries(wide.map(({ id }) => [id, stopping])) });
  await several.world.until(() => several.files.members.level === LEVEL, "all instances know what a cancel needs");
  await several.world.pass(1_000);
  return several;
}

async function cancelAt(several: Several, name: string, id: string) {
  return several.after(several.at(name).engine.command(id, { type: "Cancel", reason: "Enough." }));
}

const isClosed = async (several: Several, id: string): Promise<void> => {
  let closed = false;
  await several.world.until(() => {
    void several.truth.summary(id).then((summary) => (closed = summary?.closed === true));
    return closed;
  }, "it is closed");
};

describe("a cancel among several instances", () => {
  test("is asked of one that does not own the execution, and takes back what others were offered and run", async () => {
    const several = await start(2);
    const id = await several.create("a", wide);
    const owner = await several.ownerOf(id);
    const other = owner === "a" ? "b" : "a";
    await several.trigger(owner, id);
    await several.world.until(() => several.begun.filter((each) => each.startsWith(other)).length >= 4, "the other one runs some");
    expect(await cancelAt(several, other, id)).toEqual({ type: "accepted", changed: true, status: "CANCELLED" });
    expect(await cancelAt(several, other, id)).toEqual({ type: "accepted", changed: false, status: "CANCELLED" });
    const begun = several.begun.length;
    await isClosed(several, id);
    await several.world.pass(5_000);
    expect(several.begun.length).toBe(begun);
    // Each that had begun, at both, was told to stop.
    expect(stopped.length).toBe(begun);
    expect(await several.truth.offersIn(several.truth.laneOf(id))).toEqual([]);
    expect(several.instances.map(({ engine }) => engine.health().pool)).toEqual([
      { threads: 1, begun: 0, waiting: 0 },
      { threads: 1, begun: 0, waiting: 0 },
    ]);
  });

  test("reaches what still runs at an owner of before, to whom nobody can send anything", async () => {
    const several = await start(1);
    const id = await several.create("a", wide.slice(0, 3));
    await several.trigger("a", id);
    await several.world.until(() => several.begun.length === 3, "all run");
    await several.world.pass(100);
    await several.join("b");
    // It ends: its lanes go to the other one at once, and what runs may finish.
    const ended = several.at("a").engine.stop(60_000);
    await several.world.until(() => several.at("b").engine.health().cluster?.lanes === several.files.lanes.length, "b owns all lanes");
    expect(await cancelAt(several, "b", id)).toMatchObject({ changed: true });
    await several.world.until(() => stopped.length === 3, "all were told to stop", 10_000);
    await several.after(ended);
    await isClosed(several, id);
  });

  test("goes on where the owner is killed in the middle of it: the next one takes the rest from who runs it", async () => {
    const several = await start(3);
    const id = await several.create("a", wide);
    const owner = await several.ownerOf(id);
    await several.trigger(owner, id);
    const elsewhere = () => several.begun.filter((each) => !each.startsWith(owner)).length;
    await several.world.until(() => elsewhere() >= 6, "others run some");
    await cancelAt(several, owner, id);
    several.kill(owner);
    await isClosed(several, id);
    await several.world.pass(1_000);
    const begun = several.begun.length;
    await several.world.until(() => stopped.length === elsewhere(), "all that others run were told to stop");
    await several.world.pass(30_000);
    expect(several.begun.length).toBe(begun);
    expect(several.instances.map(({ engine }) => engine.health().pool.begun)).toEqual([0, 0]);
  });
});
