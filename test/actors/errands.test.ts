import { beforeEach, describe, expect, test } from "bun:test";
import { createErrands, type Errands } from "../../src/actors/errands.ts";
import { createInlinePool } from "../../src/pool/inline-pool.ts";
import type { Attempt, NodeOutcome, Pool } from "../../src/pool/pool.ts";
import { HANDLERS } from "../sim/instance.ts";
import { World } from "../sim/world.ts";
import { attemptOf } from "../pool/fixtures/behaviours.ts";

const execution = { id: "an execution", name: "some" };
const key = { execution: execution.id, node: 0, attempt: 1 };

let world: World;
let pool: Pool;
let errands: Errands;
let sent: string[];
let finish: (outcome: NodeOutcome) => void;

beforeEach(async () => {
  world = new World();
  sent = [];
  const run = () => new Promise<NodeOutcome>((resolve) => void (finish = resolve));
  pool = createInlinePool({ run, handlers: HANDLERS, slots: 2, abortGraceMs: 50, clock: world, turns: world, report: () => undefined });
  void pool.ready();
  await world.pass(1);
  errands = createErrands({
    pool,
    bootId: "here",
    clock: world,
    send: async ({ body }) => void sent.push((JSON.parse(body) as { readonly outcome: { readonly type: string } }).outcome.type),
  });
});

describe("An attempt of another owner's whose execution came to this instance, and its outcome with it", () => {
  async function ownWhatRan() {
    const attempt: Attempt = attemptOf("step");
    void errands.run(execution, attempt);
    await world.pass(100);
    errands.yield(execution.id);
    errands.accounts(key);
    return pool.attach(execution, { began: () => undefined, ended: () => undefined, returned: () => undefined });
  }

  test("is told as released after a restart of the store, which may have forgotten both", async () => {
    const hands = await ownWhatRan();
    finish({ type: "completed", output: "1" });
    await world.pass(10);
    hands.settle(0, 1);
    errands.storeRestarted();
    await world.pass(10);
    expect(sent).toEqual(["released"]);
    // And again, as every outcome that the store took last.
    errands.storeRestarted();
    await world.pass(10);
    expect(sent).toEqual(["released", "released"]);
  });

  test("is not told while it runs here; nor as anything else when the execution is lost", async () => {
    const hands = await ownWhatRan();
    errands.storeRestarted();
    await world.pass(10);
    expect(sent).toEqual([]);
    finish({ type: "completed", output: "1" });
    await world.pass(10);
    hands.settle(0, 1);
    hands.detach();
    errands.lose(execution);
    await world.pass(10);
    expect(sent).toEqual(["released"]);
  });
});
