/** What an instance that is alone owns, and for how long it keeps what has ended. */
import { describe, expect, test } from "bun:test";
import { type SoleOwnershipOptions, takeSoleOwnership } from "../../../src/cluster/lanes/sole-ownership.ts";
import { emptyMemory, openMemoryStore } from "../../../src/store/memory/memory-store.ts";
import type { Retention, Store } from "../../../src/store/store.ts";
import { recordingLog } from "../../env/log/recording-log.ts";
import { World } from "../../sim/world.ts";
import { entryAfter, newExecution } from "../../store/made.ts";
import { givenWork } from "./given-work.ts";

const retention = { finishedMs: 600_000, untriggeredMs: 7_000_000 };

describe("ownership of an instance that is alone", () => {
  let world: World;
  const take = (over: Partial<SoleOwnershipOptions> = {}) => {
    world = new World();
    const onApplied = () => undefined;
    return takeSoleOwnership({
      store: openMemoryStore(),
      bootId: "a",
      clock: world,
      log: recordingLog().log,
      retention,
      onApplied,
      ...over,
    });
  };

  test("is every lane of the store, with an epoch above all that were, trusted for ever", async () => {
    const files = emptyMemory();
    const first = await take({ store: openMemoryStore(files) });
    const second = await take({ store: openMemoryStore(files), bootId: "b" });
    const leases = [first, second].map((ownership) => ownership.ownedLaneOf(0)?.committer.lease);
    expect(leases[1]?.epoch).toBeGreaterThan(leases[0]?.epoch ?? 0);
    expect(leases[1]?.diedBootId).toBe("a");
    expect([...second.ownedLanes()].map((ownedLane) => [ownedLane.lane, ownedLane.trusted()])).toEqual([[0, true]]);
    expect(await second.ownedLaneOf(0)?.regained()).toBe(true);
    expect(second.ownedLaneOf(1)).toBeNull();
    expect(second.obstacle).toBeNull();
    expect(["a", "b", "c"].map((boot) => second.liveness.isAlive(boot))).toEqual([false, true, false]);
  });

  test("tells whose death comes with an execution until that is recorded, and of none after a clean end", async () => {
    const files = emptyMemory();
    const [first, lost] = [await take({ store: openMemoryStore(files) }), openMemoryStore(files)];
    await lost.create([newExecution("x")]);
    await first.ownedLaneOf(0)?.committer.submit(entryAfter(1, "x"));
    const second = await take({ store: openMemoryStore(files), bootId: "b" });
    await second.begin(givenWork());
    expect([second.deaths.bootIdOf("x"), second.deaths.bootIdOf("y")]).toEqual(["a", null]);
    second.deaths.recorded("x");
    expect(second.deaths.bootIdOf("x")).toBeNull();
    await second.stop(true);
    await second.leave();
    const third = await take({ store: openMemoryStore(files), bootId: "c" });
    await third.begin(givenWork());
    expect(third.deaths.bootIdOf("x")).toBeNull();
  });

  test("has the trouble of its store: nothing is begun, and health says why", async () => {
    let trouble: string | null = null;
    const store: Store = Object.assign(openMemoryStore(), { trouble: () => trouble });
    const ownership = await take({ store });
    expect([ownership.obstacle, ownership.storeTrouble]).toEqual([null, null]);
    trouble = "The file is damaged.";
    expect([ownership.obstacle, ownership.storeTrouble]).toEqual([trouble, trouble]);
  });

  test("is begun before what it found goes on, with the room of what runs taken", async () => {
    const store = openMemoryStore();
    const lost = await take({ store });
    await store.create(["runs", "waits", "new"].map((id) => newExecution(id)));
    const committer = lost.ownedLaneOf(0)?.committer;
    await committer?.submit(entryAfter(1, "runs"));
    await committer?.submit(entryAfter(1, "waits", { status: "PENDING", startedAtMs: null }));
    const ownership = await take({ store, bootId: "b" });
    const adopted: string[] = [];
    const running: string[] = [];
    const adopt = (id: string): Promise<void> => {
      adopted.push(id);
      return new Promise(() => undefined);
    };
    await ownership.begin(givenWork({ adopt, running: (ids) => void running.push(...ids) }));
    expect([running, adopted.toSorted()]).toEqual([["runs"], ["runs", "waits"]]);
    // The death that "runs" has not noted is told again.
    await ownership.stop(true);
    expect((await store.acquire(0, "c")).diedBootId).toBe("b");
  });

  test("takes over only so many executions at the same time, and all of them", async () => {
    const ids = Array.from({ length: 100 }, (_, count) => `x${count}`);
    const store: Store = Object.assign(openMemoryStore(), { active: () => Promise.resolve(ids) });
    const ownership = await take({ store });
    let [atOnce, most] = [0, 0];
    const adopted: string[] = [];
    const adopt = async (id: string): Promise<void> => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise<void>((resolve) => world.after(10, resolve));
      atOnce -= 1;
      adopted.push(id);
    };
    const begun = ownership.begin(givenWork({ adopt }));
    await world.pass(1_000);
    await begun;
    await ownership.stop(true);
    expect(adopted.toSorted()).toEqual(ids.toSorted());
    expect(most).toBeLessThanOrEqual(16);
  });

  test("takes over nothing more once it stops", async () => {
    const store: Store = Object.assign(openMemoryStore(), { active: () => Promise.resolve(Array.from({ length: 100 }, () => "x")) });
    const ownership = await take({ store });
    let adopted = 0;
    const adopt = async (): Promise<void> => {
      adopted += 1;
      await new Promise<void>((resolve) => world.after(10, resolve));
    };
    const begun = ownership.begin(givenWork({ adopt }));
    await world.pass(5);
    await ownership.stop(true);
    await world.pass(1_000);
    await begun;
    expect(adopted).toBe(16);
  });

  test("looks for an execution whose creation was not answered, in the next sweeps", async () => {
    const store = openMemoryStore();
    const ownership = await take({ store });
    const adopted: string[] = [];
    await ownership.begin(givenWork({ adopt: async (id) => void adopted.push(id) }));
    ownership.unsure(0);
    await world.pass(15_000);
    await store.create([newExecution("late", { triggeredAtMs: 1_000 })]);
    await world.pass(45_000);
    // The second and the third sweep; after that one the store is left alone.
    expect(adopted).toEqual(["late", "late"]);
    await ownership.stop(true);
  });

  test("sweeps every ten seconds, and lets the store delete what is old, in batches", async () => {
    const asked: Retention[] = [];
    const store: Store = Object.assign(openMemoryStore(), {
      sweep: (wish: Retention) => {
        asked.push(wish);
        return Promise.resolve(asked.length < 3 ? wish.limit : 0);
      },
    });
    let sweeps = 0;
    const ownership = await take({ store });
    const sweep = () => {
      sweeps += 1;
    };
    await ownership.begin(givenWork({ sweep }));
    await world.pass(60_000);
    expect(sweeps).toBe(6);
    // Two full batches, so a third follows soon; after that one the disk is left alone.
    expect(asked.length).toBe(3);
    expect(asked[0]).toMatchObject(retention);
    await ownership.stop(true);
    await world.pass(3_600_000);
    expect([sweeps, asked.length]).toEqual([6, 3]);
  });

  test("goes on when old executions cannot be deleted", async () => {
    const { log, entries } = recordingLog();
    const store: Store = Object.assign(openMemoryStore(), { sweep: () => Promise.reject(new Error("disk")) });
    const ownership = await take({ store, log });
    await ownership.begin(givenWork());
    await world.pass(60_000);
    await ownership.stop(true);
    expect(entries.map(({ level }) => level)).toContain("warn");
  });
});
