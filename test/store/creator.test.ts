/** Many requests to create as few transactions, and an answer within a bounded time. */
import { beforeEach, describe, expect, test } from "bun:test";
import { createCreator } from "../../src/store/creator.ts";
import { emptyMemory, openMemoryStore } from "../../src/store/memory/memory-store.ts";
import { StoreUnavailable } from "../../src/store/store.ts";
import { rejectionOf } from "../contracts/rejection.ts";
import { World } from "../sim/world.ts";
import { GatedStore } from "./gated-store.ts";
import { newExecution } from "./made.ts";

describe("a creator", () => {
  let world: World;
  let gate: GatedStore;

  beforeEach(() => {
    world = new World();
    gate = new GatedStore();
  });
  const creator = (over: { waitingMax?: number; batchMax?: number } = {}) => createCreator({ store: gate.store, clock: world, ...over });
  const batches = () => gate.creates.map((batch) => batch.map(({ summary }) => summary.id));

  test("creates in one transaction what is asked for at once, and in the next what comes meanwhile", async () => {
    gate.fates = ["hold"];
    const one = creator();
    const first = ["a", "b", "a"].map((id) => one.create(newExecution(id)));
    await world.pass(0);
    const later = ["c", "d"].map((id) => one.create(newExecution(id)));
    gate.release();
    expect(await Promise.all([...first, ...later])).toEqual(["created", "created", "exists", "created", "created"]);
    expect(batches()).toEqual([
      ["a", "b", "a"],
      ["c", "d"],
    ]);
  });

  test("cuts a batch", async () => {
    const one = creator({ batchMax: 2 });
    await Promise.all(["a", "b", "c"].map((id) => one.create(newExecution(id))));
    expect(batches()).toEqual([["a", "b"], ["c"]]);
  });

  test("outlasts a short absence of the store, also where an answer was lost", async () => {
    gate.fates = ["lose the call", "lose the answer"];
    const answer = creator().create(newExecution("a"));
    await world.pass(200);
    expect(await answer).toBe("exists");
  });

  test("tells within 1.5 s that the store is away, and a resend finds what was created after all", async () => {
    gate.fates = ["hold"];
    const one = creator();
    const [first, behind] = [one.create(newExecution("a")), rejectionOf(Promise.resolve().then(() => one.create(newExecution("b"))))];
    const error = rejectionOf(first);
    await world.pass(1_500);
    expect(await error).toBeInstanceOf(StoreUnavailable);
    expect(await behind).toBeInstanceOf(StoreUnavailable);
    const again = one.create(newExecution("a"));
    gate.release();
    expect(await again).toBe("exists");
    expect(await gate.truth.load("b")).toBeNull();
  });

  test("gives up on a store that keeps refusing, and passes on what it says", async () => {
    gate.fates = Array(100).fill("lose the call");
    const error = rejectionOf(creator().create(newExecution("a")));
    await world.pass(1_500);
    expect(await error).toEqual(new StoreUnavailable("The call was lost."));
    await world.pass(10_000);
    expect(gate.creates.length).toBeLessThan(10);
  });

  test("takes no more than may wait", async () => {
    gate.fates = ["hold"];
    const one = creator({ waitingMax: 2 });
    const taken = [one.create(newExecution("a")), one.create(newExecution("b"))];
    expect(await rejectionOf(one.create(newExecution("c")))).toBeInstanceOf(StoreUnavailable);
    gate.release();
    await world.pass(0);
    gate.release();
    expect(await Promise.all(taken)).toEqual(["created", "created"]);
  });

  test("refuses what can never be stored, and nothing else of its batch", async () => {
    const store = openMemoryStore(emptyMemory(), 100);
    const one = createCreator({ store, clock: world });
    const tooLong = newExecution("b", {}, { definitionText: `"${"x".repeat(200)}"` });
    const answers = await Promise.allSettled([newExecution("a"), tooLong, newExecution("c")].map((made) => one.create(made)));
    expect(answers).toMatchObject([{ value: "created" }, { reason: expect.any(RangeError) }, { value: "created" }]);
  });
});
