/** The small parts of shared lanes: created executions that are counted, takers that are told apart, rounds, what is taken up at a time. */
import { beforeEach, describe, expect, test } from "bun:test";
import { createAdoption } from "../../../src/cluster/lanes/adoption.ts";
import { createCreatedCount } from "../../../src/cluster/policy/created-count.ts";
import { createLaneTaker, type LaneTaken } from "../../../src/cluster/lanes/lane-taker.ts";
import { obstacleOf } from "../../../src/cluster/policy/obstacle.ts";
import { startPeriodic } from "../../../src/env/periodic.ts";
import { rememberPast } from "../../store/memory/past.ts";
import { emptySharedMemory, openSharedMemoryStore } from "../../../src/store/memory/shared-memory-store.ts";
import type { SharedStore } from "../../../src/store/shared-store.ts";
import { StoreUnavailable } from "../../../src/store/store.ts";
import { rejectionOf } from "../../contracts/rejection.ts";
import { World } from "../../sim/world.ts";

describe("created executions", () => {
  test("that were heard of are not looked for", () => {
    const count = createCreatedCount(10);
    count.hear(2);
    expect([count.told(12, count.heard), count.told(12, count.heard)]).toEqual([false, false]);
  });

  test("whose ring is on its way are waited for, from one renewal to the next", () => {
    const count = createCreatedCount(0);
    expect(count.told(3, 0)).toBe(false);
    count.hear(3);
    expect(count.told(3, 3)).toBe(false);
  });

  test("that nobody rang for are looked for at the second renewal, once", () => {
    const count = createCreatedCount(0);
    expect([1, 1, 1, 1].map((created) => count.told(created, count.heard))).toEqual([false, true, false, false]);
  });

  test("under a steady stream are not looked for, though each renewal tells of some that were not heard of yet", () => {
    const count = createCreatedCount(0);
    for (let created = 5; created < 500; created += 5) {
      expect(count.told(created, count.heard)).toBe(false);
      count.hear(5);
    }
  });

  test("that were rung for twice do not hide those that were not rung for", () => {
    const count = createCreatedCount(0);
    count.hear(2);
    expect([count.told(1, 2), count.heard]).toEqual([false, 1]);
    expect([count.told(2, 1), count.told(2, 1)]).toEqual([false, true]);
  });
});

describe("a lane that is taken again", () => {
  let store: SharedStore;
  let lost: "call" | "answer" | null;
  let world: World;
  const take = (bootId: string) => store.takeLease(0, bootId, 1_000);

  beforeEach(() => {
    world = new World();
    lost = null;
    store = openSharedMemoryStore({ files: emptySharedMemory(1), clock: world });
  });

  const taker = () => {
    const { takeLease } = store;
    const losing = Object.assign(Object.create(store), {
      async takeLease(...given: Parameters<typeof takeLease>) {
        if (lost === "call") throw new StoreUnavailable("The call was lost.");
        const answer = await takeLease.apply(store, given);
        if (lost === "answer") throw new StoreUnavailable("The answer was lost.");
        return answer;
      },
    });
    return createLaneTaker({ store: losing, bootId: "own", ttlMs: 1_000, clock: world });
  };
  const wasOthers = (taken: LaneTaken | null) => taken?.wasOthers;

  test("is known to have been nobody else's meanwhile, or somebody's", async () => {
    const own = taker();
    await own.take(0);
    expect(wasOthers(await own.take(0))).toBe(false);
    await world.pass(1_000);
    await take("other");
    expect(await own.take(0)).toBeNull();
    await world.pass(1_000);
    expect(wasOthers(await own.take(0))).toBe(true);
    expect(wasOthers(await own.take(0))).toBe(false);
  });

  test("after calls that were not answered is known too: they are this instance's own", async () => {
    const own = taker();
    await own.take(0);
    for (lost of ["answer", "call"] as const) expect(await rejectionOf(own.take(0))).toBeInstanceOf(StoreUnavailable);
    lost = null;
    expect(wasOthers(await own.take(0))).toBe(false);
    await world.pass(1_000);
    await take("other");
    await world.pass(1_000);
    lost = "answer";
    expect(await rejectionOf(own.take(0))).toBeInstanceOf(StoreUnavailable);
    lost = null;
    expect(wasOthers(await own.take(0))).toBe(true);
  });

  test("is taken above every epoch that was seen, its own and others', also where the store forgets and its clock is behind", async () => {
    const files = emptySharedMemory(1);
    store = openSharedMemoryStore({ files, clock: world });
    const fallBack = rememberPast(files);
    const own = taker();
    const first = await own.take(0);
    own.saw([{ lane: 0, epoch: 9_000_000 }]);
    fallBack();
    const second = await own.take(0);
    expect(first?.lease.epoch).toBeLessThan(9_000_000);
    expect(second?.lease.epoch).toBe(9_000_001);
    fallBack();
    expect((await own.take(0))?.lease.epoch).toBe(9_000_002);
  });

  test("is asked for until the store answers, while it is wanted", async () => {
    const own = taker();
    const failures: unknown[] = [];
    let isWanted = true;
    const untilAnswered = () =>
      own.untilAnswered(
        0,
        () => isWanted,
        (error) => void failures.push(error),
      );
    lost = "call";
    const first = untilAnswered();
    await world.pass(500);
    lost = null;
    await world.pass(1_000);
    expect((await first)?.lease.bootId).toBe("own");
    expect(failures.length).toBeGreaterThan(1);
    lost = "call";
    const second = untilAnswered();
    isWanted = false;
    await world.pass(1_000);
    expect(await second).toBeUndefined();
  });
});

describe("rounds", () => {
  const scene = (takesMs = 0) => {
    const world = new World();
    const began: number[] = [];
    const state: { fails: boolean; soonerMs: number | null } = { fails: false, soonerMs: null };
    const rounds = startPeriodic({
      clock: world,
      everyMs: 1_000,
      againMs: 100,
      restMs: 10,
      async round() {
        began.push(world.monotonicMs());
        if (takesMs > 0) await new Promise<void>((resolve) => world.after(takesMs, resolve));
        if (state.fails) throw new Error("failed");
        return state.soonerMs;
      },
      failed: () => undefined,
    });
    return { world, began, state, rounds };
  };

  test("keep their period, however long each takes", async () => {
    const { world, began } = scene(300);
    await world.pass(3_500);
    expect(began).toEqual([1_000, 2_000, 3_000]);
  });

  test("come sooner where one says so, or failed", async () => {
    const { world, began, state } = scene();
    state.soonerMs = 200;
    await world.pass(1_300);
    state.fails = true;
    await world.pass(200);
    expect(began).toEqual([1_000, 1_200, 1_400, 1_500]);
  });

  test("come at once when asked for, after a rest, and answer when one that began later has succeeded", async () => {
    const { world, began, state, rounds } = scene(50);
    const answered: number[] = [];
    const ask = () => void rounds.now().then(() => answered.push(world.monotonicMs()));
    ask();
    await world.pass(20);
    state.fails = true;
    ask();
    ask();
    await world.pass(40);
    state.fails = false;
    await world.pass(500);
    expect(began).toEqual([0, 150]);
    expect(answered).toEqual([200, 200, 200]);
  });

  test("end with whoever waits, once the one under way is over", async () => {
    const { world, began, state, rounds } = scene(50);
    state.fails = true;
    const over: string[] = [];
    void rounds.now().then(() => over.push("first"));
    await world.pass(10);
    void rounds.now().then(() => over.push("second"));
    void rounds.stop().then(() => over.push("all"));
    await world.pass(30);
    expect(over).toEqual([]);
    await world.pass(5_000);
    expect([over, began]).toEqual([["first", "second", "all"], [0]]);
    await rounds.now();
    await rounds.stop();
  });
});

describe("adoption", () => {
  test("takes up some at a time, all lines in order, and passes over what is not wanted any more", async () => {
    const world = new World();
    const begun: string[] = [];
    const adoption = createAdoption(async (id) => {
      begun.push(id);
      await new Promise<void>((resolve) => world.after(100, resolve));
    });
    let isWanted = true;
    const over: string[] = [];
    const line = (name: string) => Array.from({ length: 20 }, (_, at) => `${name}${at}`);
    void adoption.adopt(line("a"), () => true).then(() => over.push("a"));
    void adoption.adopt(line("b"), () => isWanted).then(() => over.push("b"));
    await adoption.adopt([], () => true);
    expect(begun).toHaveLength(16);
    await world.pass(110);
    expect(begun).toHaveLength(32);
    isWanted = false;
    await world.pass(110);
    expect([over, begun.length]).toEqual([["a", "b"], 32]);
  });
});

test("an instance is ready when it may work, or when there is nothing for it to do", () => {
  const well = { silentMs: 500, ttlMs: 3_000, lanes: 4, trusted: 4, share: 4 };
  expect(obstacleOf(well)).toBeNull();
  expect(obstacleOf({ ...well, silentMs: null })).toBe("The store has not answered yet.");
  expect(obstacleOf({ ...well, silentMs: 3_400.4 })).toBe("The store has not answered for 3400 ms.");
  expect(obstacleOf({ ...well, trusted: 0 })).toBe("The leases of this instance have lapsed.");
  expect(obstacleOf({ ...well, lanes: 0, trusted: 0, share: null })).toBe("This instance owns no lane yet.");
  expect(obstacleOf({ ...well, lanes: 0, trusted: 0, share: 3 })).toBe("This instance owns no lane yet.");
  expect(obstacleOf({ ...well, lanes: 0, trusted: 0, share: 0 })).toBeNull();
});
