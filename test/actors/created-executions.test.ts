/** What was created here and need not be read: only while nothing can have happened to it. */
import { describe, expect, test } from "bun:test";
import { createLargeTexts } from "../../src/store/large-texts.ts";
import { type Newborn, Newborns } from "../../src/actors/execution/created-executions.ts";
import { createCommitter } from "../../src/store/committer.ts";
import { emptyMemory, openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { planOf } from "../workflow/plans.ts";
import { World } from "../sim/world.ts";
import type { Tenure } from "../../src/cluster/owned-lane.ts";

const world = new World();
const store = openMemoryStore(emptyMemory());

async function tenureOf(bootId: string): Promise<Tenure> {
  const committer = createCommitter({ store, lease: await store.acquire(0, bootId), clock: world });
  return { lane: 0, committer, trusted: () => true, regained: () => Promise.resolve(true) };
}

function made(): { readonly newborns: Newborns; readonly newborn: Newborn } {
  const newborns = new Newborns(world, createLargeTexts(store, 1_000));
  const definition = { text: "{}", hash: "hash", plan: planOf([{ id: "a" }]) };
  return { newborns, newborn: newborns.make({ id: "x", definition, trigger: { params: null, admitted: true }, bodyHash: "body" }) };
}

describe("a newborn", () => {
  test("is its supervisor's, once, under the tenure that it was created under", async () => {
    const { newborns, newborn } = made();
    const tenure = await tenureOf("one");
    newborns.keep(newborn, tenure);
    expect([newborns.has("x", tenure), newborns.has("x", await tenureOf("two")), newborns.has("x", null)]).toEqual([true, false, false]);
    // The definition's text is in the store by then.
    expect(newborns.take("x", tenure)).toEqual({ ...newborn, execution: { ...newborn.execution, definitionText: "" } });
    expect(newborns.take("x", tenure)).toBeNull();
  });

  test("is not kept where its supervisor was started before the answer of its creation came: it is not at its beginning", async () => {
    const { newborns, newborn } = made();
    const tenure = await tenureOf("one");
    // Found in the store.
    expect(newborns.take("x", tenure)).toBeNull();
    newborns.keep(newborn, tenure);
    newborns.made("x");
    expect(newborns.has("x", tenure)).toBe(false);
    expect(newborns.take("x", tenure)).toBeNull();
  });
});
