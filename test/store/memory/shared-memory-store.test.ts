/** The memory store that instances share keeps every store's promises, and those of a shared one. */
import { expect, test } from "bun:test";
import { emptySharedMemory, openSharedMemoryStore } from "../../../src/store/memory/shared-memory-store.ts";
import { sharedStoreContract } from "../../contracts/shared-store.ts";
import { storeContract } from "../../contracts/store.ts";
import { World } from "../../sim/world.ts";
import { LEVEL } from "../../../src/workflow/execution/level.ts";

storeContract("shared memory", () => {
  const files = emptySharedMemory(1);
  return {
    open: async (options) => openSharedMemoryStore({ files, clock: new World(), outbox: false, ...options }),
    clear: async () => undefined,
  };
});

sharedStoreContract("shared memory", () => {
  const files = emptySharedMemory(8);
  const clock = new World();
  return {
    lanes: 8,
    open: async (level = LEVEL) => openSharedMemoryStore({ files, clock, level }),
    pass: (ms) => clock.pass(ms),
    clear: async () => undefined,
  };
});

test("a receipt is kept for ten minutes", async () => {
  const clock = new World();
  const store = openSharedMemoryStore({ files: emptySharedMemory(1), clock });
  const taken = await store.takeLease(0, "boot-1", 1_000);
  if (taken.type === "held") throw new Error("An empty store's lane is held.");
  await store.send({ id: "c1", execution: "x", body: "{}" });
  const { bootId, epoch } = taken.lease;
  await store.commit(0, { id: { bootId, epoch, number: 1 }, entries: [], receipts: [{ commandId: "c1", receipt: "1" }], cleanEnd: false });
  await clock.pass(599_000);
  expect(await store.receiptOf("x", "c1")).toBe("1");
  await clock.pass(2_000);
  expect(await store.receiptOf("x", "c1")).toBeNull();
});

test("a store without an outbox leaves nothing for a relay", async () => {
  const store = openSharedMemoryStore({ files: emptySharedMemory(1), clock: new World(), outbox: false });
  await store.create([]);
  expect(await store.outbox(0, 10)).toEqual([]);
});

test("what was written by a clock that has jumped since lasts no longer than its own TTL", async () => {
  const world = new World();
  let aheadMs = 3_600_000;
  const clock = Object.assign(Object.create(world) as World, { nowMs: () => world.nowMs() + aheadMs });
  const store = openSharedMemoryStore({ files: emptySharedMemory(1), clock });
  await store.takeLease(0, "boot-1", 500);
  await store.beat({ bootId: "boot-1", name: "one", threads: 1, leaving: false, outboxBytes: 0 }, 700);
  aheadMs = 0;
  expect((await store.leases(60_000))[0]?.remainingMs).toBe(500);
  const [seen] = await store.beat({ bootId: "boot-2", name: "two", threads: 1, leaving: false, outboxBytes: 0 }, 60_000);
  expect(seen).toMatchObject({ bootId: "boot-1", remainingMs: 700 });
});
