/** The one writer of a lane: it gathers, it sends the same again, and it stops when it is fenced. */
import { beforeEach, describe, expect, test } from "bun:test";
import type { Clock } from "../../src/env/clock.ts";
import { type Committer, type CommitterOptions, createCommitter } from "../../src/store/committer.ts";
import type { CommitEntry, Lease } from "../../src/store/store.ts";
import { World } from "../sim/world.ts";
import { GatedStore } from "./gated-store.ts";
import { entryAfter, newExecution } from "./made.ts";

const APPLIED = { type: "applied" } as const;
const FENCED = { type: "fenced" } as const;

describe("a committer", () => {
  let world: World;
  let gate: GatedStore;
  let lease: Lease;
  let told: string[];

  beforeEach(async () => {
    world = new World();
    gate = new GatedStore();
    told = [];
    await gate.truth.create(["a", "b", "c", "d"].map((id) => newExecution(id)));
    lease = await gate.truth.acquire(0, "boot-1");
  });

  const committer = (over: Partial<CommitterOptions> = {}): Committer =>
    createCommitter({
      store: gate.store,
      lease,
      clock: world,
      onApplied: (entries) => void told.push(...entries.map(({ summary, chunk }) => `${summary.id}@${chunk.to}`)),
      ...over,
    });
  const idsOf = (entries: readonly CommitEntry[]) => entries.map(({ summary }) => summary.id);
  const batches = () => gate.commits.map(({ id, entries }) => [id.number, ...idsOf(entries)]);

  test("sends all that is submitted in one go as one commit", async () => {
    const one = committer();
    const results = ["a", "b", "c"].map((id) => one.submit(entryAfter(1, id)));
    expect(await Promise.all(results)).toEqual([APPLIED, APPLIED, APPLIED]);
    expect(batches()).toEqual([[1, "a", "b", "c"]]);
    expect(told).toEqual(["a@2", "b@2", "c@2"]);
  });

  test("has one commit in flight, and what is submitted meanwhile is the next", async () => {
    gate.fates = ["hold"];
    const one = committer();
    const first = one.submit(entryAfter(1, "a"));
    await world.pass(0);
    const rest = [one.submit(entryAfter(1, "b")), one.submit(entryAfter(2, "a"))];
    await world.pass(0);
    expect(batches()).toEqual([[1, "a"]]);
    gate.release();
    expect(await Promise.all([first, ...rest])).toEqual([APPLIED, APPLIED, APPLIED]);
    expect(batches()).toEqual([
      [1, "a"],
      [2, "b", "a"],
    ]);
    expect(told).toEqual(["a@2", "b@2", "a@3"]);
  });

  test("cuts a batch by events and by bytes, and lets a larger entry go alone", async () => {
    const one = committer({ eventsMax: 10, bytesMax: 1_000 });
    const results = [
      one.submit(entryAfter(1, "a", {}, { events: 6 })),
      one.submit(entryAfter(1, "b", {}, { events: 6 })),
      one.submit(entryAfter(1, "c", {}, { text: `["${"x".repeat(2_000)}"]` })),
      one.submit(entryAfter(1, "d", {}, { large: [{ key: "params", text: `"${"x".repeat(900)}"` }] })),
      one.submit(entryAfter(7, "a", {}, { large: [{ key: "params", text: `"${"x".repeat(900)}"` }] })),
    ];
    for (const result of await Promise.all(results)) expect(result).toEqual(APPLIED);
    expect(batches()).toEqual([
      [1, "a"],
      [2, "b"],
      [3, "c"],
      [4, "d"],
      [5, "a"],
    ]);
  });

  test("sends the very same commit again until it is answered, and nothing else meanwhile", async () => {
    gate.fates = ["lose the answer", "lose the call", "lose the answer"];
    const one = committer();
    const first = one.submit(entryAfter(1, "a"));
    await world.pass(10);
    const second = one.submit(entryAfter(1, "b"));
    expect(one.blockedReason).toBe("The answer was lost.");
    await world.pass(1_000);
    expect(await Promise.all([first, second])).toEqual([APPLIED, APPLIED]);
    expect(one.blockedReason).toBeNull();
    expect(batches()).toEqual([
      [1, "a"],
      [1, "a"],
      [1, "a"],
      [1, "a"],
      [2, "b"],
    ]);
    expect(new Set(gate.commits.slice(0, 4)).size).toBe(1);
    expect((await gate.truth.summary("a"))?.sequence).toBe(2);
  });

  test("waits 50 ms before it sends again, twice as long each time, 1 s at the most, and begins anew after an answer", async () => {
    const waitsMs: number[] = [];
    const after: World["after"] = (delayMs, fire) => {
      waitsMs.push(delayMs);
      return world.after(delayMs, fire);
    };
    const one = committer({ clock: { nowMs: () => world.nowMs(), monotonicMs: () => world.monotonicMs(), after } });
    gate.fates = Array(8).fill("lose the call");
    const result = one.submit(entryAfter(1, "a"));
    await world.pass(10_000);
    expect(await result).toEqual(APPLIED);
    gate.fates = ["lose the call"];
    const again = one.submit(entryAfter(2, "a"));
    await world.pass(50);
    expect(await again).toEqual(APPLIED);
    expect(waitsMs).toEqual([50, 100, 200, 400, 800, 1_000, 1_000, 1_000, 50]);
  });

  test("tells each entry its own answer: what conflicts or is refused harms no other", async () => {
    const one = committer();
    const results = [one.submit(entryAfter(1, "a")), one.submit(entryAfter(5, "b")), one.submit(entryAfter(1, "c"))];
    expect(await Promise.all(results)).toEqual([APPLIED, { type: "conflict" }, APPLIED]);
    expect(told).toEqual(["a@2", "c@2"]);
    expect(await one.submit(entryAfter(1, "b"))).toEqual(APPLIED);
  });

  test("tells everybody that it is fenced, now and later, and sends nothing more", async () => {
    const one = committer({ eventsMax: 1 });
    await gate.truth.acquire(0, "boot-2");
    const results = [one.submit(entryAfter(1, "a")), one.submit(entryAfter(1, "b"))];
    expect(await Promise.all(results)).toEqual([FENCED, FENCED]);
    expect(await one.submit(entryAfter(1, "c"))).toEqual(FENCED);
    expect(await one.finish()).toBe("fenced");
    expect(gate.commits).toHaveLength(1);
    expect(told).toEqual([]);
  });

  test("counts as holding when the store has been silent for 2 s", async () => {
    gate.fates = ["hold"];
    const one = committer();
    const result = one.submit(entryAfter(1, "a"));
    await world.pass(1_900);
    expect(one.blockedReason).toBeNull();
    await world.pass(200);
    expect(one.blockedReason).toBe("The store has not answered for 2100 ms.");
    gate.release();
    expect(await result).toEqual(APPLIED);
    expect(one.blockedReason).toBeNull();
  });

  test("is silent for as long as it is, whatever becomes of the time of day", async () => {
    gate.fates = ["hold"];
    let leapMs = 0;
    const clock: Clock = {
      nowMs: () => world.nowMs() + leapMs,
      monotonicMs: () => world.monotonicMs(),
      after: (delayMs, fire) => world.after(delayMs, fire),
    };
    const one = committer({ clock });
    const result = one.submit(entryAfter(1, "a"));
    await world.pass(100);
    leapMs = 3_600_000;
    expect(one.blockedReason).toBeNull();
    leapMs = -3_600_000;
    await world.pass(2_000);
    expect(one.blockedReason).toBe("The store has not answered for 2100 ms.");
    gate.release();
    expect(await result).toEqual(APPLIED);
  });

  test("is idle when nothing is submitted that is not answered", async () => {
    const one = committer();
    await one.idle();
    gate.fates = ["hold"];
    const answered: string[] = [];
    void one.submit(entryAfter(1, "a")).then(() => answered.push("entry"));
    void one.idle().then(() => answered.push("idle"));
    await world.pass(10);
    expect(answered).toEqual([]);
    gate.release();
    await world.pass(0);
    expect(answered).toEqual(["entry", "idle"]);
  });

  test("ends with the mark of a clean end on the last commit only, and takes nothing after", async () => {
    gate.fates = ["hold"];
    const one = committer({ eventsMax: 1 });
    const results = [one.submit(entryAfter(1, "a")), one.submit(entryAfter(1, "b"))];
    await world.pass(0);
    const finished = one.finish();
    expect(await one.submit(entryAfter(1, "c"))).toEqual(FENCED);
    gate.release();
    expect(await finished).toBe("finished");
    expect(await Promise.all(results)).toEqual([APPLIED, APPLIED]);
    expect(gate.commits.map(({ cleanEnd }) => cleanEnd)).toEqual([false, true]);
    expect(await one.finish()).toBe("finished");
    expect((await gate.truth.acquire(0, "boot-2")).diedBootId).toBeNull();
  });

  test("marks a clean end also where there is nothing to write", async () => {
    expect(await committer().finish()).toBe("finished");
    expect(gate.commits).toEqual([{ id: { bootId: "boot-1", epoch: lease.epoch, number: 1 }, entries: [], cleanEnd: true }]);
  });
});
