/** What a mailbox promises to its actor and to senders. */
import { describe, expect, test } from "bun:test";
import { Mailbox } from "../../../src/actors/system/mailbox.ts";
import { Workload } from "../../../src/actors/system/workload.ts";
import { World } from "../../sim/world.ts";

function made(limit = 10) {
  const world = new World();
  const batches: (readonly number[])[] = [];
  const crashes: unknown[] = [];
  let hold: Promise<void> | null = null;
  let failing = false;
  let rests = 0;
  const reader = {
    async receive(batch: readonly number[]) {
      batches.push(batch);
      if (failing) throw new Error("crash");
      await hold;
    },
    rested() {
      rests += 1;
    },
    crashed: (error: unknown) => void crashes.push(error),
  };
  const mailbox = new Mailbox<number>(reader, { turns: world, limit, workload: new Workload() });
  return {
    world,
    batches,
    crashes,
    mailbox,
    rests: () => rests,
    hold(until: Promise<void> | null) {
      hold = until;
    },
    fail(on: boolean) {
      failing = on;
    },
  };
}

describe("a mailbox", () => {
  test("hands over all that waits as one batch, in order", async () => {
    const { mailbox, batches, world } = made();
    mailbox.open();
    for (const message of [1, 2, 3]) mailbox.tell(message);
    await world.pass(1);
    expect(batches).toEqual([[1, 2, 3]]);
  });

  test("never hands over two batches at once", async () => {
    const { mailbox, batches, world, hold } = made();
    const gate = Promise.withResolvers<void>();
    hold(gate.promise);
    mailbox.open();
    mailbox.tell(1);
    await world.pass(1);
    mailbox.tell(2);
    await world.pass(1);
    expect(batches).toEqual([[1]]);
    gate.resolve();
    await world.pass(1);
    expect(batches).toEqual([[1], [2]]);
  });

  test("refuses what is over its limit, but never what was accepted before it began", () => {
    const { mailbox } = made(2);
    expect([mailbox.tell(1), mailbox.tell(2), mailbox.tell(3)]).toEqual([true, true, false]);
    mailbox.deliver(4);
    expect(mailbox.close()).toEqual([1, 2, 4]);
  });

  test("keeps what comes while it is shut, for the actor that opens it", async () => {
    const { mailbox, batches, world } = made();
    mailbox.tell(1);
    await world.pass(1);
    expect(batches).toEqual([]);
    mailbox.open();
    await world.pass(1);
    expect(batches).toEqual([[1]]);
  });

  test("shuts when its actor crashes, tells of it once, and keeps what waits", async () => {
    const { mailbox, batches, crashes, world, fail } = made();
    mailbox.open();
    fail(true);
    mailbox.tell(1);
    await world.pass(1);
    mailbox.tell(2);
    await world.pass(1);
    expect([batches.length, crashes.length]).toEqual([1, 1]);
    fail(false);
    mailbox.open();
    await world.pass(1);
    expect(batches).toEqual([[1], [2]]);
  });

  test("is idle only when nothing waits and nothing is being received", async () => {
    const { mailbox, world, hold } = made();
    const gate = Promise.withResolvers<void>();
    hold(gate.promise);
    mailbox.open();
    expect(mailbox.idle).toBe(true);
    mailbox.tell(1);
    expect(mailbox.idle).toBe(false);
    await world.pass(1);
    expect(mailbox.idle).toBe(false);
    gate.resolve();
    await world.pass(1);
    expect(mailbox.idle).toBe(true);
  });

  test("tells that it rests when the last of what waited is done, not between batches", async () => {
    const { mailbox, world, hold, rests } = made();
    const gate = Promise.withResolvers<void>();
    hold(gate.promise);
    mailbox.open();
    mailbox.tell(1);
    await world.pass(1);
    mailbox.tell(2);
    hold(null);
    gate.resolve();
    await world.step();
    expect(rests()).toBe(0);
    await world.pass(1);
    expect(rests()).toBe(1);
  });

  test("that is closed takes nothing more", () => {
    const { mailbox } = made();
    mailbox.close();
    expect(mailbox.tell(1)).toBe(false);
  });
});
