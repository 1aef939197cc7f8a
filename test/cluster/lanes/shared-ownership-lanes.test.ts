/** What an instance among several does with a lane: hears of what is in it, writes under its lease, and lets go of it. */
import { describe, expect, test } from "bun:test";
import type { Ownership } from "../../../src/cluster/ownership.ts";
import { DataLost, type Pending } from "../../../src/store/shared-store.ts";
import { StoreUnavailable } from "../../../src/store/store.ts";
import { rejectionOf } from "../../contracts/rejection.ts";
import { MemoryLane } from "../../../src/store/memory/lane.ts";
import { entryAfter, newExecution } from "../../store/made.ts";
import { type Instance, Ownerships, TIMES } from "./ownerships.ts";

type Hooks = Parameters<Ownerships["start"]>[0];

/** One instance that has all of a few lanes. */
async function alone(hooks: Hooks = {}, lanes = 4): Promise<{ all: Ownerships; one: Instance; ownership: Ownership }> {
  const all = new Ownerships(lanes);
  const one = all.start(hooks);
  await all.until(() => one.begun, "it has begun", 1_000);
  if (one.ownership === null) throw new Error("It has begun without an ownership.");
  return { all, one, ownership: one.ownership };
}

const triggered = (id: string) => newExecution(id, { triggeredAtMs: 1_000 });

describe("what happens in a lane", () => {
  test("is heard of by a ring at once, and by a renewal soon after where the ring was lost", async () => {
    const { all, one } = await alone();
    const bell = all.hang();
    await all.truth.create([triggered("rung"), triggered("not rung")]);
    bell.ring({ type: "born", lane: all.truth.laneOf("rung"), executions: ["rung"] });
    await all.until(() => one.worker.adopted.includes("rung"), "it was heard of", 10);
    expect(one.worker.adopted).toEqual(["rung"]);
    await all.until(() => one.worker.adopted.includes("not rung"), "it was found", 3 * TIMES.renewMs);
  });

  test("is not looked for again where it was heard of", async () => {
    const { all, one, ownership } = await alone();
    const listed = one.connection.calls.get("active");
    await all.truth.create([triggered("own")]);
    ownership.heardOf(all.truth.laneOf("own"), 1);
    await all.pass(5_000);
    expect(one.connection.calls.get("active")).toBe(listed);
  });

  test("is found by the sweep where a ring was lost and another came twice", async () => {
    const { all, one } = await alone({}, 1);
    const bell = all.hang();
    await all.truth.create([triggered("rung"), triggered("not rung")]);
    for (let twice = 0; twice < 2; twice++) bell.ring({ type: "born", lane: 0, executions: ["rung"] });
    await all.until(() => one.worker.adopted.includes("not rung"), "it was found", 11_000);
    expect(one.worker.sweeps).toBeGreaterThanOrEqual(0);
  });

  test("commands are looked at when rung for, when a renewal tells of them, and when the lane is taken", async () => {
    const { all, one } = await alone();
    const lane = all.truth.laneOf("x");
    expect(one.worker.looked.toSorted()).toEqual([0, 1, 2, 3]);
    all.hang().ring({ type: "commands", lane });
    await all.until(() => one.worker.looked.length === 5, "it looked", 10);
    await all.truth.send({ id: "c", execution: "x", body: "{}" });
    await all.until(() => one.worker.looked.length === 6, "it looked again", TIMES.renewMs + 50);
    expect(one.worker.looked.slice(4)).toEqual([lane, lane]);
  });

  test("is told to the relay: what waits in the outbox, with each renewal; all instances' outboxes are summed", async () => {
    const told: [number, Pending][] = [];
    const { all, one, ownership } = await alone({ onPending: (lane, pending) => void told.push([lane, pending]) }, 2);
    const lane = all.truth.laneOf("x");
    await all.truth.create([newExecution("x")]);
    await all.pass(2 * TIMES.renewMs);
    expect(told.find(([at, pending]) => at === lane && pending.outboxEntries === 1)).toBeDefined();
    const bytes = newExecution("x").chunk.text.length;
    expect(ownership.outboxBytes).toBe(bytes);
    const other = all.start();
    await all.until(() => all.isEven, "they share", 5_000);
    await all.pass(3 * TIMES.renewMs);
    expect([one, other].map((each) => each.ownership?.outboxBytes)).toEqual([bytes, bytes]);
  });
});

describe("a lane", () => {
  test("whose lease lapsed is taken again under a higher epoch, is owned as before, and open writes are answered", async () => {
    const retaken: number[] = [];
    const ended: number[] = [];
    const { all, ownership } = await alone({ onRetaken: ({ lane }) => void retaken.push(lane), onEnd: (lane) => void ended.push(lane) }, 1);
    await all.truth.create([newExecution("x")]);
    const ownedLane = ownership.ownedLaneOf(0);
    const epoch = ownedLane?.committer.lease.epoch ?? 0;
    all.weather.stalledUntilMs = all.world.nowMs() + 5_000;
    const written = ownedLane?.committer.submit(entryAfter(1, "x"));
    await all.pass(4_000);
    expect(ownedLane?.trusted()).toBe(false);
    const regained = ownedLane?.regained();
    expect(await all.after(Promise.all([written, regained]))).toEqual([{ type: "applied" }, true]);
    expect(ownership.ownedLaneOf(0)).toBe(ownedLane as NonNullable<typeof ownedLane>);
    expect(ownedLane?.committer.lease.epoch).toBeGreaterThan(epoch);
    expect(await all.after(Promise.resolve(ownedLane?.committer.submit(entryAfter(2, "x"))))).toEqual({ type: "applied" });
    expect([retaken, ended]).toEqual([[0], []]);
    expect((await all.truth.summary("x"))?.sequence).toBe(3);
  });

  test("that was taken by a call whose answer was lost is taken again", async () => {
    const all = new Ownerships(4);
    all.weather.lostAnswers = 1;
    const one = all.start();
    const two = all.start();
    await all.pass(100);
    all.weather.lostAnswers = 0;
    // Both are refused without an answer to their first call.
    await all.pass(2_000);
    expect([one, two].map(({ clock }) => clock.alive)).toEqual([false, false]);
    const third = all.start();
    await all.until(() => third.ownership !== null, "it is a member", 100);
    all.loseAnswersTo("takeLease", 2);
    await all.until(() => third.trusted.length === 4, "it has all lanes", 2 * TIMES.ttlMs);
  });

  test("is read anew after a restart of the store, once whoever asked has looked at it, and it is owned anew", async () => {
    const order: string[] = [];
    const epochs: number[] = [];
    const { all, one, ownership } = await alone(
      {
        onOwned: ({ lane, committer }) => {
          epochs.push(committer.lease.epoch);
          order.push(`lane ${lane}`);
        },
        onRestarted: async ({ lane }, executions) => void order.push(`restarted ${lane} with ${executions.join()}`),
        onEnd: (lane) => void order.push(`end of ${lane}`),
      },
      1,
    );
    await all.create(2);
    await all.until(() => one.worker.adopted.length === 2, "they were found", 5_000);
    const old = ownership.ownedLaneOf(0);
    const submitted = old?.committer.submit(entryAfter(9, "x0"));
    for (const tell of all.files.onRestart) tell([0]);
    expect(await Promise.all([old?.trusted(), old?.regained(), submitted])).toEqual([false, false, { type: "fenced" }]);
    await all.until(() => one.worker.adopted.length === 4, "it goes on", 1_000);
    expect(ownership.ownedLaneOf(0)).not.toBe(old as NonNullable<typeof old>);
    expect(one.worker.dropped).toEqual([{ lane: 0, why: "again" }]);
    expect(order).toEqual(["lane 0", "restarted 0 with x0,x1", "lane 0"]);
    expect(epochs[1]).toBeGreaterThan(epochs[0] ?? 0);
    expect(one.worker.adopted).toEqual(["x0", "x1", "x0", "x1"]);
  });

  test("goes on under a higher epoch than before, also where the store came back with an older past", async () => {
    const { all, one, ownership } = await alone({}, 1);
    await all.create(2);
    await all.until(() => one.worker.adopted.length === 2, "they were found", 5_000);
    const epoch = ownership.ownedLaneOf(0)?.committer.lease.epoch ?? 0;
    // As it was before anybody took it.
    (all.files.lanes as MemoryLane[])[0] = new MemoryLane(0);
    for (const tell of all.files.onRestart) tell([0]);
    await all.until(() => one.worker.adopted.length === 4, "it goes on", 1_000);
    expect(ownership.ownedLaneOf(0)?.committer.lease.epoch).toBeGreaterThan(epoch);
  });

  test("is compared with its past also where the lease lapses before that could be done", async () => {
    const compared: number[] = [];
    let epoch: number | null = null;
    const { all, one, ownership } = await alone(
      {
        async onRestarted({ committer }) {
          if (epoch === null) one.connection.cutUntilMs = all.world.nowMs() + 2 * TIMES.ttlMs;
          epoch ??= committer.lease.epoch;
          if (committer.lease.epoch > epoch) return void compared.push(committer.lease.epoch);
          throw new StoreUnavailable("It is away again.");
        },
      },
      1,
    );
    for (const tell of all.files.onRestart) tell([0]);
    await all.until(() => epoch !== null, "it was tried", 1_000);
    await all.until(() => one.trusted.length === 1, "it has the lane again", 4 * TIMES.ttlMs);
    expect(compared).toEqual([ownership.ownedLaneOf(0)?.committer.lease.epoch ?? 0]);
  });

  test("is compared with its past also where the store was restarted while it was taken anew, since it could not be given away", async () => {
    const compared = new Set<number>();
    const { all, one } = await alone({ onRestarted: async ({ lane }) => void compared.add(lane) });
    one.worker.accounts = false;
    one.connection.failing.set("takeLease", new StoreUnavailable("It is away."));
    all.start();
    await all.until(() => one.worker.handedOver.length === 2, "two lanes were to be given away");
    await all.pass(10);
    for (const tell of all.files.onRestart) tell([0, 1, 2, 3]);
    await all.pass(100);
    one.connection.failing.clear();
    await all.until(() => compared.size === 4, "each lane was compared", TIMES.ttlMs);
  });

  test("is no more adopted from once it is dropped", async () => {
    const { all, one } = await alone({}, 1);
    one.worker.adoptingMs = 200;
    await all.truth.create(Array.from({ length: 100 }, (_, at) => triggered(`x${at}`)));
    await all.pass(2_500);
    const adopted = one.worker.adopted.length;
    expect(adopted).toBeWithin(1, 100);
    all.takeAway(0, "boot-99");
    await all.until(() => one.worker.dropped.length > 0, "it is dropped", TIMES.renewMs + 50);
    const atDrop = one.worker.adoptionsBegun;
    await all.pass(2_000);
    expect(one.worker.adoptionsBegun).toBe(atDrop);
  });

  test("whose owner could not account for everything goes to the next with the word of its death", async () => {
    const { all, one } = await alone({}, 1);
    await all.create(2);
    await all.until(() => one.worker.adopted.length === 2, "they were found", 5_000);
    one.worker.accounts = false;
    all.stop(one);
    await all.until(() => one.ended, "it has ended", 1_000);
    const next = all.start();
    await all.until(() => next.worker.adopted.length === 2, "the next goes on", 1_000);
    expect([...next.worker.deaths.values()]).toEqual([one.name, one.name]);
  });
});

describe("a planned move", () => {
  test("is no death: a lane whose work cannot be accounted for stays, and is taken up anew", async () => {
    const { all, one } = await alone({}, 2);
    const ids = await all.create(8);
    await all.until(() => one.worker.adopted.length === 8, "they were found", 5_000);
    one.worker.accounts = false;
    const other = all.start();
    await all.until(() => one.worker.handedOver.length > 0, "it was tried", 5_000);
    await all.until(() => all.isAdopted(ids), "everything goes on", 1_000);
    await all.pass(10_000);
    expect([one.trusted.length, other.trusted.length, one.worker.handedOver.length]).toEqual([2, 0, 1]);
    one.worker.accounts = true;
    await all.until(() => all.isEven && all.isAdopted(ids), "it was tried again", 61_000);
    expect(all.instances.map(({ worker }) => worker.deaths.size)).toEqual([0, 0]);
  });

  test("waits until all that was taken over goes on, and its deaths are in the logs", async () => {
    const all = new Ownerships(2);
    const ids = await all.create(60);
    const first = all.start();
    await all.until(() => first.worker.adopted.length === 60, "it goes on", 1_000);
    all.kill(first);
    const second = all.start();
    second.worker.adoptingMs = 1_000;
    await all.until(() => second.worker.adoptionsBegun > 0, "it takes over", 3 * TIMES.ttlMs);
    const third = all.start();
    await all.until(() => all.isEven && all.isAdopted(ids), "they share", 20_000);
    await all.pass(2_000);
    expect([second.worker.deaths.size, third.worker.deaths.size]).toEqual([60, 0]);
  });
});

describe("an instance", () => {
  test("whose store has lost its data holds everything for ever, says why, and can end", async () => {
    const { all, one, ownership } = await alone();
    await all.truth.create([newExecution("x")]);
    const ownedLane = ownership.ownedLaneOf(all.truth.laneOf("x"));
    one.connection.failing.set("renew", new DataLost("the token is another"));
    await all.until(() => ownership.obstacle !== null, "it knows", 2 * TIMES.renewMs);
    expect(ownership.obstacle).toBe("The store's data is lost: the token is another");
    expect(one.logged.filter(({ level }) => level === "error")).toHaveLength(1);
    void ownedLane?.committer.submit(entryAfter(1, "x"));
    await all.pass(20_000);
    expect([...ownership.ownedLanes()].some((each) => each.trusted())).toBe(false);
    expect((await all.truth.summary("x"))?.sequence).toBe(1);
    await all.after(ownership.stop(true), 100);
    await all.after(ownership.leave(), 100);
  });

  test("that ends while the store is away does not wait for ever, and is taken for dead", async () => {
    const { all, one } = await alone();
    await all.create(4);
    all.weather.stalledUntilMs = all.world.nowMs() + 60_000;
    all.stop(one);
    await all.until(() => one.ended, "it has ended", 15_000);
    all.weather.stalledUntilMs = 0;
    const next = all.start();
    await all.until(() => next.worker.adopted.length === 4, "the next goes on", 3 * TIMES.ttlMs);
    expect(new Set(next.worker.deaths.values())).toEqual(new Set([one.name]));
  });

  test("tells that it is not ready while it owns nothing, and that it is when others have all there is", async () => {
    const { all } = await alone({}, 2);
    const late = [all.start(), all.start()];
    await all.until(() => late.every(({ begun }) => begun), "they have begun", 100);
    for (const { ownership } of late) expect(ownership?.obstacle).toBe("This instance owns no lane yet.");
    await all.until(() => late.every(({ ownership }) => ownership?.obstacle === null), "they are ready", 5_000);
    expect(late.map(({ trusted }) => trusted.length).toSorted()).toEqual([0, 1]);
  });

  test("lets the store delete what is old only where it owns the first lane", async () => {
    const all = new Ownerships(2);
    const instances = [all.start(), all.start()];
    await all.until(() => all.isEven, "they share", 5_000);
    await all.pass(15_000);
    const swept = instances.filter(({ connection }) => connection.calls.has("sweep")).map(({ name }) => name);
    expect(swept).toEqual([all.owners().get(0) ?? ""]);
  });

  test("refuses lease times that cannot work", async () => {
    const all = new Ownerships(1);
    expect(await rejectionOf(all.refused({ ttlMs: 1_000, renewMs: 900 }))).toBeInstanceOf(RangeError);
  });
});
