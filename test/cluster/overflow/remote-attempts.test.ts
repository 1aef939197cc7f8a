import { beforeEach, describe, expect, test } from "bun:test";
import { createRemoteAttempts, type RemoteAttempts } from "../../../src/cluster/overflow/remote-attempts.ts";
import type { SentOutcome } from "../../../src/cluster/commands/stored-command.ts";
import { createInlinePool } from "../../../src/pool/inline-pool.ts";
import type { Attempt, NodeOutcome, Pool } from "../../../src/pool/pool.ts";
import { HANDLERS } from "../../sim/instance.ts";
import { World } from "../../sim/world.ts";
import { attemptOf } from "../../pool/fixtures/behaviours.ts";

const execution = { id: "an execution", name: "some" };
const key = { execution: execution.id, node: 0, nodeId: "n", attempt: 1 };

let world: World;
let pool: Pool;
let remote: RemoteAttempts;
let sent: string[];
let isWanted: boolean;
let named: unknown[];
let tellsIndex: boolean;
let finish: (outcome: NodeOutcome) => void;

beforeEach(async () => {
  world = new World();
  [sent, named, tellsIndex, isWanted] = [[], [], true, true];
  const run = () => new Promise<NodeOutcome>((resolve) => void (finish = resolve));
  pool = createInlinePool({ run, handlers: HANDLERS, slots: 2, abortGraceMs: 50, clock: world, turns: world, report: () => undefined });
  void pool.ready();
  await world.pass(1);
  remote = createRemoteAttempts({
    pool,
    bootId: "here",
    clock: world,
    isWanted: async () => isWanted,
    tellsIndex: () => tellsIndex,
    async send({ body }) {
      const { node, nodeId, attempt, outcome } = JSON.parse(body) as SentOutcome;
      sent.push(outcome.type);
      named.push({ node, nodeId, attempt });
    },
  });
});

describe("An attempt of another owner's whose execution came to this instance, and its outcome with it", () => {
  async function ownWhatRan() {
    const attempt: Attempt = attemptOf("step");
    void remote.run(execution, attempt);
    await world.pass(100);
    remote.handBack(execution.id);
    remote.noteOwn(key);
    return pool.attach(execution, { began: () => undefined, ended: () => undefined, returned: () => undefined });
  }

  test("is told as released after a restart of the store, which may have forgotten both", async () => {
    const attempts = await ownWhatRan();
    finish({ type: "completed", output: "1" });
    await world.pass(10);
    attempts.settle(0, 1);
    remote.storeRestarted();
    await world.pass(10);
    expect(sent).toEqual(["released"]);
    // And again, as every outcome that the store took last.
    remote.storeRestarted();
    await world.pass(10);
    expect(sent).toEqual(["released", "released"]);
  });

  test("is told after a second restart too, which may have forgotten what was told after the first", async () => {
    const attempts = await ownWhatRan();
    finish({ type: "completed", output: "1" });
    await world.pass(10);
    attempts.settle(0, 1);
    for (let restarts = 0; restarts < 3; restarts++) {
      remote.storeRestarted();
      await world.pass(20_000);
    }
    expect(sent).toEqual(["released", "released", "released"]);
  });

  test("is not told while it runs here; nor as anything else when the execution is lost", async () => {
    const attempts = await ownWhatRan();
    remote.storeRestarted();
    await world.pass(10);
    expect(sent).toEqual([]);
    finish({ type: "completed", output: "1" });
    await world.pass(10);
    attempts.settle(0, 1);
    attempts.detach();
    remote.lose(execution);
    await world.pass(10);
    expect(sent).toEqual(["released"]);
  });
});

describe("An execution that went to another owner while an attempt of it runs here", () => {
  test("is told to stop here once it is cancelled there, and its outcome is nobody's", async () => {
    void remote.run(execution, attemptOf("step"));
    await world.pass(100);
    remote.keep(execution);
    await world.pass(5_000);
    expect(pool.load().begun).toBe(1);
    isWanted = false;
    await world.until(() => pool.load().begun === 0, "its host is ended, since it does not stop");
    await world.pass(2_000);
    expect(sent).toEqual([]);
    // The store may have forgotten the cancel: then its owner waits for it.
    remote.storeRestarted();
    await world.pass(10);
    expect(sent).toEqual(["released"]);
  });

  test("is asked after no more when it has ended", async () => {
    void remote.run(execution, attemptOf("step"));
    await world.pass(100);
    remote.keep(execution);
    finish({ type: "completed", output: "1" });
    await world.pass(2_000);
    isWanted = false;
    await world.pass(10_000);
    expect(sent).toEqual(["completed"]);
  });
});

describe("An outcome that is told to an owner", () => {
  const told = async (attempt: Attempt): Promise<void> => {
    void remote.run(execution, attempt);
    await world.pass(10);
    finish({ type: "completed", output: "1" });
    await world.pass(10);
  };

  test("names its node by id; its index stands beside that while an instance may know no other name", async () => {
    await told(attemptOf("step", { node: 3, nodeId: "c" }));
    tellsIndex = false;
    await told(attemptOf("step", { node: 4, nodeId: "d" }));
    expect(named).toEqual([
      { node: 3, nodeId: "c", attempt: 1 },
      { node: undefined, nodeId: "d", attempt: 1 },
    ]);
  });

  test("is known here for as long as it may be on its way: if the lane comes to this instance then, the attempt is not lost", async () => {
    const attempt = { execution: execution.id, node: 3, nodeId: "c", attempt: 1 };
    expect(remote.hasTold(attempt)).toBe(false);
    await told(attemptOf("step", { node: 3, nodeId: "c" }));
    expect(remote.hasTold(attempt)).toBe(true);
    for (const other of [{ nodeId: "d" }, { attempt: 2 }, { execution: "another" }])
      expect(remote.hasTold({ ...attempt, ...other })).toBe(false);
    await world.pass(31_000);
    expect(remote.hasTold(attempt)).toBe(false);
  });

  test("of an offer that cannot be read names it as the offer did", async () => {
    tellsIndex = false;
    remote.release(execution.id, { node: 3, nodeId: "c", attempt: 2 });
    remote.release(execution.id, { node: 3, attempt: 2 });
    await world.pass(10);
    expect([sent, named]).toEqual([
      ["released", "released"],
      [
        { node: undefined, nodeId: "c", attempt: 2 },
        { node: 3, nodeId: undefined, attempt: 2 },
      ],
    ]);
  });

  test("is not that of another history's node which had the same index: what cannot run beside it goes back", async () => {
    void remote.run(execution, attemptOf("step", { node: 0, nodeId: "b" }));
    await world.pass(10);
    const second = remote.run(execution, attemptOf("step", { node: 0, nodeId: "a" }));
    await world.pass(10);
    await second;
    expect([sent, named]).toEqual([["released"], [{ node: 0, nodeId: "a", attempt: 1 }]]);
    finish({ type: "completed", output: "1" });
    await world.pass(10);
    expect([sent[1], named[1]]).toEqual(["completed", { node: 0, nodeId: "b", attempt: 1 }]);
  });
});
