/** What was created here and need not be read: only while nothing can have happened to it. */
import { describe, expect, test } from "bun:test";
import { createLargeTexts } from "../../../src/store/large-texts.ts";
import { type CreatedExecution, CreatedExecutions } from "../../../src/actors/execution/created-executions.ts";
import { createCommitter } from "../../../src/store/committer.ts";
import { emptyMemory, openMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { planOf } from "../../workflow/plan/plans.ts";
import { World } from "../../sim/world.ts";
import type { OwnedLane } from "../../../src/cluster/owned-lane.ts";

const world = new World();
const store = openMemoryStore(emptyMemory());

async function ownedLaneOf(bootId: string): Promise<OwnedLane> {
  const committer = createCommitter({ store, lease: await store.acquire(0, bootId), clock: world });
  return { lane: 0, committer, trusted: () => true, regained: () => Promise.resolve(true) };
}

function made(): { readonly createdExecutions: CreatedExecutions; readonly createdExecution: CreatedExecution } {
  const createdExecutions = new CreatedExecutions(world, createLargeTexts(store, 1_000));
  const definition = { text: "{}", hash: "hash", plan: planOf([{ id: "a" }]) };
  return {
    createdExecutions,
    createdExecution: createdExecutions.make({ id: "x", definition, trigger: { params: null, admitted: true }, bodyHash: "body" }),
  };
}

describe("a created execution", () => {
  test("is its supervisor's, once, while the lane is owned as when it was created", async () => {
    const { createdExecutions, createdExecution } = made();
    const ownedLane = await ownedLaneOf("one");
    createdExecutions.keep(createdExecution, ownedLane);
    expect([
      createdExecutions.has("x", ownedLane),
      createdExecutions.has("x", await ownedLaneOf("two")),
      createdExecutions.has("x", null),
    ]).toEqual([true, false, false]);
    // The definition's text is in the store by then.
    expect(createdExecutions.take("x", ownedLane)).toEqual({
      ...createdExecution,
      execution: { ...createdExecution.execution, definitionText: "" },
    });
    expect(createdExecutions.take("x", ownedLane)).toBeNull();
  });

  test("is not kept where its supervisor was started before the answer of its creation came: it is not at its beginning", async () => {
    const { createdExecutions, createdExecution } = made();
    const ownedLane = await ownedLaneOf("one");
    // Found in the store.
    expect(createdExecutions.take("x", ownedLane)).toBeNull();
    createdExecutions.keep(createdExecution, ownedLane);
    createdExecutions.made("x");
    expect(createdExecutions.has("x", ownedLane)).toBe(false);
    expect(createdExecutions.take("x", ownedLane)).toBeNull();
  });
});
