/** For how long an end or an answer is waited for. */
import { describe, expect, test } from "bun:test";
import { whileUseful, within } from "../../src/env/deadline.ts";
import { World } from "../sim/world.ts";

/** Something under way, and where its answer is put as soon as it is there. */
function begun<Answer>(ask: (work: Promise<Answer>) => Promise<unknown>) {
  const work = Promise.withResolvers<Answer>();
  const answers: unknown[] = [];
  ask(work.promise).then(
    (answer) => answers.push(answer),
    (error) => answers.push(error),
  );
  return { work, answers };
}

describe("within a time", () => {
  test("the answer counts, or the error; what came too late does not", async () => {
    const world = new World();
    const asked = () => begun<string>((work) => within(world, 100, work, () => "late"));
    const [answered, failed, late] = [asked(), asked(), asked()];
    await world.pass(99);
    answered.work.resolve("in time");
    failed.work.reject("broken");
    await world.pass(1);
    late.work.resolve("in time");
    await world.pass(1_000);
    expect([answered.answers, failed.answers, late.answers]).toEqual([["in time"], ["broken"], ["late"]]);
  });
});

describe("while it is of use", () => {
  test("the end of something is waited for; soon after it is of none, and after a time, it is not", async () => {
    const world = new World();
    let isUseful = true;
    const asked = (ms: number) => begun<void>((work) => whileUseful(world, ms, work, () => isUseful));
    const [ended, timed, useless] = [asked(10_000), asked(300), asked(10_000)];
    ended.work.resolve();
    await world.pass(299);
    expect([ended, timed, useless].map(({ answers }) => answers.length)).toEqual([1, 0, 0]);
    await world.pass(101);
    expect([ended, timed, useless].map(({ answers }) => answers.length)).toEqual([1, 1, 0]);
    isUseful = false;
    await world.pass(100);
    expect([ended, timed, useless].map(({ answers }) => answers.length)).toEqual([1, 1, 1]);
  });
});
