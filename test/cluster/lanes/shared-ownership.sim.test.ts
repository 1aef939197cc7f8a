/**
 * Instances that come, go, die and stand still, on a store that stalls and loses calls, by chance: never do two trust
 * themselves with one lane, nobody writes from a memory that is out of date, and afterwards every lane and every execution
 * is taken care of again.
 */
import { expect, test } from "bun:test";
import { newExecution } from "../../store/made.ts";
import { Ownerships } from "./ownerships.ts";

const SEEDS = 30;
const LANES = 16;
const TROUBLE_MS = 40_000;
/** Whoever is dead or in doubt is found out, what was lost is swept up. */
const RECOVERY_MS = 30_000;

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`seed ${seed}`, async () => {
    const all = new Ownerships(LANES, seed);
    const { world, weather } = all;
    const { random } = world;
    const ids = [...(await all.create(20))];
    weather.calm = false;
    for (let count = 1 + random.below(3); count > 0; count--) all.start();
    await all.pass(3_000);
    Object.assign(weather, { lostCalls: random.next() * 0.05, lostAnswers: random.next() * 0.05, lostRings: random.next() * 0.3 });
    const untilMs = world.nowMs() + TROUBLE_MS;
    while (world.nowMs() < untilMs) {
      await all.pass(random.below(2_000));
      await happen();
    }
    Object.assign(weather, { calm: true, stalledUntilMs: 0, lostCalls: 0, lostAnswers: 0, lostRings: 0 });
    for (const { clock } of all.living) clock.resume();
    await all.pass(2_000);
    if (all.living.every(({ worker }) => worker.ending)) all.start();
    await all.until(() => all.isEven && all.isAdopted(ids), "everything is taken care of", RECOVERY_MS);
    const before = await sequences();
    await all.pass(1_500);
    const after = await sequences();
    expect(after.map((sequence, at) => sequence > (before[at] ?? 0))).toEqual(ids.map(() => true));

    async function happen(): Promise<void> {
      const { living } = all;
      const one = living[random.below(Math.max(1, living.length))];
      switch (random.below(7)) {
        case 0:
          if (one !== undefined && living.length > 1) all.kill(one);
          break;
        case 1:
          if (one !== undefined && living.length > 1) all.stop(one);
          break;
        case 2:
        case 3:
          if (living.length < 5) all.start();
          break;
        case 4:
          one?.clock.pause();
          world.after(random.below(8_000), () => one?.clock.resume());
          break;
        case 5:
          weather.stalledUntilMs = world.nowMs() + random.below(6_000);
          break;
        case 6: {
          const id = `late-${ids.length}`;
          await all.truth.create([newExecution(id, { triggeredAtMs: 1_000 })]);
          ids.push(id);
        }
      }
    }

    async function sequences(): Promise<readonly number[]> {
      return Promise.all(ids.map(async (id) => (await all.truth.summary(id))?.sequence ?? 0));
    }
  });
}
