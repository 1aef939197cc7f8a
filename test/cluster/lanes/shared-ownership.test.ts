/** Several instances share the lanes: who has which, what moves, and what happens when one of them, or the store, fails. */
import { describe, expect, test } from "bun:test";
import { type Instance, Ownerships, TIMES } from "./ownerships.ts";

/** So many instances that share the lanes evenly and have done so for a while. */
async function settled(count: number, lanes = 64): Promise<Ownerships> {
  const several = new Ownerships(lanes);
  await several.create(40);
  for (let at = 0; at < count; at++) several.start();
  await several.until(() => several.isEven && several.instances.every(({ begun }) => begun), "every lane is owned");
  await several.pass(5_000);
  return several;
}

function moved(several: Ownerships, before: ReadonlyMap<number, string>): readonly number[] {
  return [...several.owners()].flatMap(([lane, owner]) => (before.get(lane) === owner ? [] : [lane]));
}

const epochs = (several: Ownerships) => several.truth.leases(TIMES.ttlMs).then((views) => views.map(({ epoch }) => epoch));

describe("instances that share a store", () => {
  test("have all lanes at once where nobody has any", async () => {
    const several = new Ownerships();
    const alone = several.start();
    await several.until(() => alone.begun, "it has begun", 100);
    expect(alone.trusted).toHaveLength(64);
    expect(alone.ownership?.obstacle).toBeNull();
  });

  test("that start at the same time share from the start, and move little", async () => {
    const several = new Ownerships();
    for (let at = 0; at < 3; at++) several.start();
    await several.until(() => several.isEven, "the lanes are shared", 3_000);
    await several.pass(10_000);
    expect(several.takes).toBeLessThanOrEqual(64 + 43);
  });

  test("share evenly from one to ten and back, and move only what they must", async () => {
    const several = await settled(1);
    several.weather.calm = false;
    let moves = 0;
    for (let count = 2; count <= 10; count++) {
      const before = several.owners();
      const joiner = several.start();
      await several.until(() => several.isEven, `${count} have their shares`, 6_000);
      const lanes = moved(several, before);
      expect(lanes.length).toBe(Math.floor(64 / count));
      moves += lanes.length;
      expect(new Set(lanes.map((lane) => several.owners().get(lane)))).toEqual(new Set([joiner.name]));
      await several.pass(2_000);
    }
    for (let count = 9; count >= 1; count--) {
      const before = several.owners();
      const leaver = several.living[0] as Instance;
      several.stop(leaver);
      await several.until(() => several.isEven && leaver.ended, `${count} have their shares`, 1_000);
      const lanes = moved(several, before);
      expect(lanes.every((lane) => before.get(lane) === leaver.name)).toBe(true);
      moves += lanes.length;
      await several.pass(2_000);
    }
    // Nothing was taken twice, or back.
    expect(several.takes - 64).toBe(moves);
    // Every move was one hand-over, and no owner was taken for dead.
    for (const { worker } of several.instances) expect([worker.dropped, worker.deaths.size]).toEqual([[], 0]);
  });

  test("and are set to different leases share in peace, and each death is found by what the dead one was set to", async () => {
    const several = new Ownerships(24);
    several.start();
    several.start();
    const slow = several.start({ ttlMs: 30_000, renewMs: 10_000 });
    await several.until(() => several.isEven, "all have their shares", 60_000);
    await several.pass(10_000);
    const { takes } = several;
    await several.pass(120_000);
    expect([several.takes, several.isEven]).toEqual([takes, true]);
    several.kill(several.instances[0] as Instance);
    await several.until(() => several.isEven, "the quick one is found dead", 8_000);
    several.kill(slow);
    await several.pass(15_000);
    expect(several.isWhole).toBe(false);
    await several.until(() => several.isEven, "the slow one is found dead", 30_000);
    several.start({ ttlMs: 30_000, renewMs: 10_000 });
    await several.until(() => several.isEven, "the next has its share", 60_000);
    await several.pass(40_000);
    several.kill(several.instances[1] as Instance);
    await several.until(() => several.isEven, "the last quick one is found dead by a slow one alone", 8_000);
  });

  test("leave a lane at rest once all have their shares", async () => {
    const several = await settled(3);
    const before = await epochs(several);
    await several.pass(60_000);
    expect(await epochs(several)).toEqual(before);
  });
});

describe("an instance that ends", () => {
  test("by kill -9 is succeeded within little more than a TTL, by the others evenly, who are told of its death", async () => {
    const several = await settled(3);
    const before = several.owners();
    const victim = several.instances[1] as Instance;
    const orphans = victim.worker.adopted.slice();
    several.kill(victim);
    const tookMs = await several.until(() => several.isEven, "the others have its lanes");
    expect(tookMs).toBeLessThanOrEqual(TIMES.ttlMs + 100);
    expect(moved(several, before).every((lane) => before.get(lane) === victim.name)).toBe(true);
    await several.until(() => several.living.every(({ worker }) => worker.adopted.length > 0), "they go on");
    await several.pass(1_000);
    const heirs = several.living.map(({ worker }) => worker);
    const told = new Map(heirs.flatMap(({ deaths }) => [...deaths]));
    const lanesOf = (ids: readonly string[]) => ids.filter((id) => before.get(several.truth.laneOf(id)) === victim.name);
    expect([...told.keys()].toSorted()).toEqual(lanesOf(orphans).toSorted());
    expect(new Set(told.values())).toEqual(new Set([victim.name]));
    for (const { ownership } of several.living) {
      expect(ownership?.liveness.isAlive(victim.name)).toBe(false);
      // It is in the executions' logs now.
      for (const id of told.keys()) expect(ownership?.deaths.bootIdOf(id)).toBeNull();
    }
  });

  test("by kill -9 while it was alone is succeeded by the next start, within little more than a TTL", async () => {
    const several = await settled(1);
    several.kill(several.instances[0] as Instance);
    const next = several.start();
    const tookMs = await several.until(() => several.isWhole, "the next has all lanes");
    expect(tookMs).toBeLessThanOrEqual(2 * TIMES.ttlMs);
    await several.pass(1_000);
    expect(next.worker.adopted).toHaveLength(40);
    expect(new Set(next.worker.deaths.values())).toEqual(new Set(["boot-01"]));
  });

  test("by SIGTERM hands everything over at once, and nobody takes it for dead, also while it still shows itself", async () => {
    const several = await settled(3);
    const leaver = several.instances[0] as Instance;
    const begunAtMs = several.world.nowMs();
    await several.after(leaver.ownership?.stop(true) ?? Promise.resolve());
    await several.until(() => several.isWhole, "the others have its lanes", 200);
    expect(several.world.nowMs() - begunAtMs).toBeLessThan(300);
    await several.pass(20_000);
    for (const { ownership } of several.instances) expect(ownership?.liveness.isAlive(leaver.name)).toBe(true);
    expect(leaver.trusted).toEqual([]);
    await several.after(leaver.ownership?.leave() ?? Promise.resolve());
    await several.pass(2_000);
    for (const { ownership } of several.instances.slice(1)) expect(ownership?.liveness.isAlive(leaver.name)).toBe(false);
    for (const { worker } of several.instances) expect(worker.deaths.size).toBe(0);
  });

  test("as the last one leaves all lanes free, and the next has them at once, without a death", async () => {
    const several = await settled(1);
    const last = several.instances[0] as Instance;
    several.stop(last);
    await several.until(() => last.ended, "it has ended", 500);
    const next = several.start();
    expect(await several.until(() => several.isWhole, "the next has all lanes")).toBeLessThan(100);
    await several.pass(1_000);
    expect([next.worker.adopted.length, next.worker.deaths.size]).toEqual([40, 0]);
  });

  test("in a rolling restart: every lane is somebody's nearly all the time, and nobody dies", async () => {
    const several = await settled(3);
    let unownedMs = 0;
    for (const old of several.instances.slice()) {
      several.start();
      several.stop(old);
      for (let steps = 0; !(old.ended && several.isEven); steps++) {
        if (steps > 20_000) throw new Error(several.describe());
        const atMs = several.world.nowMs();
        const whole = several.isWhole;
        await several.step();
        if (!whole) unownedMs += several.world.nowMs() - atMs;
      }
      await several.pass(1_000);
    }
    expect(unownedMs).toBeLessThan(500);
    for (const { worker } of several.instances) expect([worker.deaths.size, worker.dropped]).toEqual([0, []]);
  });
});

describe("an instance that is paused", () => {
  test("for longer than the TTL is succeeded, finds itself refused when it wakes, and is given a share again", async () => {
    const several = await settled(3);
    const sleeper = several.instances[0] as Instance;
    const had = sleeper.trusted;
    sleeper.clock.pause();
    await several.until(() => several.isWhole && sleeper.trusted.length === 0, "the others have its lanes", TIMES.ttlMs + 100);
    await several.pass(3_000);
    const written = (await several.truth.summary("x0"))?.sequence ?? 0;
    sleeper.clock.resume();
    await several.until(() => sleeper.worker.dropped.length === had.length, "it has dropped its lanes", 1_000);
    expect(sleeper.worker.dropped.map(({ why }) => why)).not.toContain("again");
    expect(await several.until(() => several.isEven, "it has a share again", 6_000)).toBeGreaterThanOrEqual(0);
    await several.pass(5_000);
    expect((await several.truth.summary("x0"))?.sequence).toBeGreaterThan(written);
  });

  test("for less than the TTL loses nothing", async () => {
    const several = await settled(3);
    const before = await epochs(several);
    const sleeper = several.instances[0] as Instance;
    sleeper.clock.pause();
    await several.pass(1_900);
    sleeper.clock.resume();
    await several.pass(10_000);
    expect(await epochs(several)).toEqual(before);
  });
});

describe("a store that stalls", () => {
  for (const stallMs of [2_000, 5_000, 20_000]) {
    test(`for ${stallMs / 1_000} s moves no lane: every owner goes on with what it has in memory`, async () => {
      const several = await settled(3);
      const before = several.owners();
      const [one] = several.instances;
      several.weather.stalledUntilMs = several.world.nowMs() + stallMs;
      await several.pass(stallMs - 10);
      if (stallMs > TIMES.ttlMs) {
        expect([...several.owners()]).toEqual([]);
        expect(one?.ownership?.obstacle).toContain("has not answered");
      }
      await several.until(() => several.isWhole, "every lane is trusted again", 3_000);
      await several.pass(10_000);
      expect(several.owners()).toEqual(before);
      for (const { worker, ownership } of several.instances) {
        expect([worker.dropped, worker.deaths.size]).toEqual([[], 0]);
        expect(ownership?.obstacle).toBeNull();
      }
    });
  }

  test("and to which some come back later than others moves no lane: nobody judges by what it sees at once", async () => {
    const several = await settled(3);
    several.weather.calm = false;
    const before = several.owners();
    several.weather.stalledUntilMs = several.world.nowMs() + 4_000;
    several.instances.forEach(({ connection }, at) => {
      connection.cutUntilMs = several.world.nowMs() + 4_000 + at * 1_000;
    });
    await several.pass(4_000);
    expect(several.owners().size).toBeLessThan(64);
    await several.until(() => several.isWhole, "every lane is trusted again", 4_000);
    await several.pass(5_000);
    expect(several.owners()).toEqual(before);
    for (const { worker } of several.instances) expect(worker.dropped).toEqual([]);
  });

  test("while an instance dies: its lanes go to the others once they can tell, and only those", async () => {
    const several = await settled(3);
    const before = several.owners();
    const victim = several.instances[2] as Instance;
    several.weather.stalledUntilMs = several.world.nowMs() + 5_000;
    await several.pass(1_000);
    several.kill(victim);
    await several.until(() => several.isWhole, "the others have its lanes", 5_000 + 2 * TIMES.ttlMs);
    expect(moved(several, before).every((lane) => before.get(lane) === victim.name)).toBe(true);
  });

  test("at the start is waited for", async () => {
    const several = new Ownerships();
    const first = several.start();
    await several.until(() => first.ownership !== null, "it is a member", 100);
    several.weather.stalledUntilMs = several.world.nowMs() + 4_000;
    await several.until(() => first.begun && several.isWhole, "it has begun", 8_000);
  });
});
