/** Who of the instances is alive, as far as one of them can tell. */
import { beforeEach, describe, expect, test } from "bun:test";
import { createMembers, type Members } from "../../../src/cluster/lanes/members.ts";
import { emptySharedMemory, openSharedMemoryStore } from "../../../src/store/memory/shared-memory-store.ts";
import type { SharedStore } from "../../../src/store/shared-store.ts";
import { recordingLog } from "../../env/log/recording-log.ts";
import { MEMBER_LIMITS } from "../../sim/instance.ts";
import { World } from "../../sim/world.ts";

const times = { ttlMs: 3_000, renewMs: 1_000 };
const nothingElse = () => Promise.resolve();

describe("a member", () => {
  let world: World;
  let store: SharedStore;
  let own: Members;
  let other: Members;
  let member: (bootId: string, its?: typeof times) => Members;
  let found: string[];
  /** Settings, by boot, where they are not as everybody's. */
  let nodesMax: Record<string, number>;
  let logged: ReturnType<typeof recordingLog>["entries"];

  beforeEach(() => {
    world = new World();
    store = openSharedMemoryStore({ files: emptySharedMemory(1), clock: world });
    const { log, entries } = recordingLog();
    logged = entries;
    member = (bootId, its = times) =>
      createMembers({
        store,
        bootId,
        name: `name of ${bootId}`,
        threads: 1,
        tells: () => ({ limits: { ...MEMBER_LIMITS, nodes: nodesMax[bootId] ?? 1 } }),
        times: its,
        clock: world,
        log,
      });
    [own, other] = [member("own"), member("other")];
    found = [];
    nodesMax = {};
    own.liveness.onDeath((boot) => void found.push(`${boot}, alive: ${own.liveness.isAlive(boot)}`));
  });

  const beat = (...members: readonly Members[]) =>
    Promise.all(members.map((each) => each.beat({ leaving: false, outboxBytes: 0 }, nothingElse)));
  const seconds = async (count: number, ...members: readonly Members[]) => {
    for (let at = 0; at < count; at++) {
      await beat(...members);
      await world.pass(1_000);
    }
  };

  test("is alive to itself and to those who see it, and dead when its time is up", async () => {
    await seconds(4, other, own);
    expect([own.liveness.isAlive("own"), own.liveness.isAlive("other")]).toEqual([true, true]);
    await seconds(2, own);
    expect(found).toEqual([]);
    await seconds(2, own);
    expect(found).toEqual(["other, alive: false"]);
    expect(logged.map(({ level, fields }) => [level, fields.silent])).toEqual([["warn", "name of other"]]);
  });

  test("that has left is found gone", async () => {
    await seconds(4, other, own);
    await store.leave("other");
    await seconds(1, own);
    expect(found).toEqual(["other, alive: false"]);
    expect(logged).toEqual([]);
  });

  test("is not judged by one that the store has not answered for a full TTL", async () => {
    await beat(other);
    await world.pass(4_000);
    await seconds(3, own);
    expect([own.mayJudge(times.ttlMs), own.liveness.isAlive("other"), found]).toEqual([false, true, []]);
    await seconds(2, own);
    expect(found).toEqual(["other, alive: false"]);
  });

  test("that nobody has heard of is alive until a look tells, since it may have come after the last", async () => {
    await seconds(5, own);
    expect(own.liveness.isAlive("new")).toBe(true);
    expect(own.liveness.isAlive("never there")).toBe(true);
    await seconds(1, own);
    expect(found.toSorted()).toEqual(["never there, alive: false", "new, alive: false"]);
    expect(own.liveness.isAlive("never there")).toBe(false);
  });

  test("that was asked for while a look was under way is judged by the next", async () => {
    await seconds(4, own);
    const looking = own.beat({ leaving: false, outboxBytes: 0 }, nothingElse);
    expect(own.liveness.isAlive("other")).toBe(true);
    await looking;
    expect(own.liveness.isAlive("other")).toBe(true);
    await seconds(2, other, own);
    expect([own.liveness.isAlive("other"), found]).toEqual([true, []]);
  });

  test("that shows itself again lives again", async () => {
    await seconds(4, other, own);
    await seconds(5, own);
    expect(own.liveness.isAlive("other")).toBe(false);
    await seconds(1, other, own);
    expect(own.liveness.isAlive("other")).toBe(true);
    await seconds(5, own);
    expect(found).toHaveLength(2);
  });

  test("is not judged for a while after the store was restarted", async () => {
    await seconds(4, other, own);
    own.distrust();
    await seconds(3, own);
    expect([own.mayJudge(times.ttlMs), found]).toEqual([false, []]);
  });

  test("that is set to longer leases is dead when its own time is up, and judged after so long a time of answers", async () => {
    const slow = member("slow", { ttlMs: 30_000, renewMs: 10_000 });
    await seconds(1, slow);
    await seconds(28, own);
    expect([own.liveness.isAlive("slow"), found, own.mayJudge(30_000)]).toEqual([true, [], false]);
    await seconds(5, own);
    expect(found).toEqual(["slow, alive: false"]);
  });

  test("of which nothing but a lane is left is judged as well", async () => {
    await seconds(2, own);
    expect(own.mayJudge(5_000)).toBe(false);
    await seconds(7, own);
    expect(own.mayJudge(5_000)).toBe(true);
  });

  test("with other limits is warned of once, for as long as the store names it", async () => {
    nodesMax.other = 2;
    const warnings = () => logged.filter(({ message }) => message.includes("APP_NODES_MAX is 1 here and 2 there"));
    await seconds(3, other, own);
    await seconds(5, own);
    await seconds(3, other, own);
    expect(warnings().map(({ fields }) => fields)).toEqual([{ boot: "other" }]);
    await store.leave("other");
    await seconds(1, own);
    await seconds(3, other, own);
    expect(warnings()).toHaveLength(2);
  });

  test("tells its listeners until they unsubscribe", async () => {
    const more: string[] = [];
    const unsubscribe = own.liveness.onDeath((boot) => void more.push(boot));
    unsubscribe();
    await seconds(4, other, own);
    await seconds(5, own);
    expect([found.length, more]).toEqual([1, []]);
  });
});
