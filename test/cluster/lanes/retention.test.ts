/** Retention follows the rate at which executions get old. */
import { describe, expect, test } from "bun:test";
import { startRetention } from "../../../src/cluster/lanes/retention.ts";
import type { Retention } from "../../../src/store/store.ts";
import { recordingLog } from "../../env/log/recording-log.ts";
import { World } from "../../sim/world.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe("retention", () => {
  function given(finishedMs: number, sweep: (wish: Retention) => Promise<number>, isMine = () => true) {
    const world = new World();
    const { log, entries } = recordingLog();
    const stop = startRetention({
      store: { sweep },
      clock: world,
      log,
      retention: { finishedMs, untriggeredMs: 7 * 24 * HOUR_MS },
      isMine,
    });
    return { world, stop, entries };
  }

  test("looks ten times in the time that is kept, every ten minutes at the least, every second at the most", async () => {
    const secondsBetween: number[] = [];
    for (const finishedMs of [1_000, MINUTE_MS, HOUR_MS, 24 * HOUR_MS]) {
      const looks: number[] = [];
      const { world, stop } = given(finishedMs, async ({ nowMs }) => {
        looks.push(nowMs);
        return 0;
      });
      await world.pass(21 * MINUTE_MS);
      stop();
      secondsBetween.push(Math.round(((looks[1] ?? 0) - (looks[0] ?? 0)) / 1_000));
    }
    expect(secondsBetween).toEqual([1, 6, 360, 600]);
  });

  test("keeps up with 1,000 executions a second that are kept for a minute: never more than a tenth beyond their time", async () => {
    let deleted = 0;
    const { world, stop } = given(MINUTE_MS, async ({ nowMs, finishedMs, limit }) => {
      const some = Math.min(limit, nowMs - beganAtMs - finishedMs - deleted);
      if (some <= 0) return 0;
      deleted += some;
      return some;
    });
    const beganAtMs = world.nowMs();
    for (let minutes = 1; minutes <= 10; minutes++) {
      await world.pass(MINUTE_MS);
      const kept = minutes * MINUTE_MS - deleted;
      expect(kept).toBeLessThanOrEqual(1.1 * MINUTE_MS);
    }
    stop();
  });

  test("goes on at once while batches are full, and then leaves the disk alone", async () => {
    let left = 50_500;
    let calls = 0;
    const { world, stop } = given(24 * HOUR_MS, async ({ limit }) => {
      calls += 1;
      const some = Math.min(limit, left);
      left -= some;
      return some;
    });
    await world.pass(11_000);
    expect(left).toBe(0);
    const callsForAll = calls;
    await world.pass(9 * MINUTE_MS);
    expect(calls).toBe(callsForAll);
    stop();
  });

  test("is one instance's at a time: where it is another's, nothing is asked", async () => {
    let calls = 0;
    let mine = false;
    const sweep = async () => {
      calls += 1;
      return 0;
    };
    const { world, stop } = given(MINUTE_MS, sweep, () => mine);
    await world.pass(MINUTE_MS);
    expect(calls).toBe(0);
    mine = true;
    await world.pass(MINUTE_MS);
    expect(calls).toBeGreaterThan(0);
    stop();
  });

  test("tells once that nothing could be deleted, tries again, and ends when it is told to", async () => {
    let calls = 0;
    const { world, stop, entries } = given(MINUTE_MS, () => {
      calls += 1;
      return Promise.reject(new Error("disk"));
    });
    await world.pass(MINUTE_MS);
    expect(calls).toBeGreaterThan(5);
    expect(entries.map(({ level }) => level)).toEqual(["warn"]);
    stop();
    const before = calls;
    await world.pass(MINUTE_MS);
    expect(calls).toBe(before);
  });
});
