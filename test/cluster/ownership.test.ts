/** What an instance that is alone owns, and for how long it keeps what has ended. */
import { describe, expect, test } from "bun:test";
import { takeOwnership } from "../../src/cluster/ownership.ts";
import { emptyMemory, openMemoryStore } from "../../src/store/memory.ts";
import type { Retention, Store } from "../../src/store/store.ts";
import { recordingLog } from "../env/recording-log.ts";
import { World } from "../sim/world.ts";

const retention = { finishedMs: 1_000, untriggeredMs: 7_000 };
const nothing = () => Promise.resolve();

describe("ownership of an instance that is alone", () => {
  test("is every lane of the store, with an epoch above all that were", async () => {
    const files = emptyMemory();
    const options = { clock: new World(), log: recordingLog().log, retention };
    const first = await takeOwnership({ ...options, store: openMemoryStore(files), bootId: "a" });
    const second = await takeOwnership({ ...options, store: openMemoryStore(files), bootId: "b" });
    expect(first.leases.length).toBe(1);
    expect(second.leases[0]?.epoch).toBeGreaterThan(first.leases[0]?.epoch ?? 0);
    expect(second.leases[0]?.diedBootId).toBe("a");
  });

  test("takes over only so many executions at the same time, and all of them", async () => {
    const world = new World();
    const ids = Array.from({ length: 100 }, (_, count) => `x${count}`);
    const store: Store = Object.assign(openMemoryStore(), { active: () => Promise.resolve(ids) });
    const ownership = await takeOwnership({ store, bootId: "a", clock: world, log: recordingLog().log, retention });
    let [atOnce, most] = [0, 0];
    const adopted: string[] = [];
    const begun = ownership.begin(
      async (id) => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await new Promise<void>((resolve) => world.after(10, resolve));
        atOnce -= 1;
        adopted.push(id);
      },
      () => undefined,
    );
    await world.pass(1_000);
    await begun;
    ownership.stop();
    expect(adopted.toSorted()).toEqual(ids.toSorted());
    expect(most).toBeLessThanOrEqual(16);
  });

  test("sweeps every ten seconds, and lets the store delete what is old, in batches", async () => {
    const world = new World();
    const asked: Retention[] = [];
    const store: Store = Object.assign(openMemoryStore(), {
      sweep: (wish: Retention) => {
        asked.push(wish);
        return Promise.resolve(asked.length < 3 ? wish.limit : 0);
      },
    });
    let sweeps = 0;
    const ownership = await takeOwnership({ store, bootId: "a", clock: world, log: recordingLog().log, retention });
    await ownership.begin(nothing, () => {
      sweeps += 1;
    });
    await world.pass(60_000);
    expect(sweeps).toBe(6);
    // Two full batches, so a third follows soon; after that one the disk is left alone.
    expect(asked.length).toBe(3);
    expect(asked[0]).toMatchObject(retention);
    ownership.stop();
    await world.pass(3_600_000);
    expect([sweeps, asked.length]).toEqual([6, 3]);
  });

  test("goes on when old executions cannot be deleted", async () => {
    const world = new World();
    const { log, entries } = recordingLog();
    const store: Store = Object.assign(openMemoryStore(), { sweep: () => Promise.reject(new Error("disk")) });
    const ownership = await takeOwnership({ store, bootId: "a", clock: world, log, retention });
    await ownership.begin(nothing, () => undefined);
    await world.pass(60_000);
    ownership.stop();
    expect(entries.map(({ level }) => level)).toContain("warn");
  });
});
