/** What a small execution costs where executions arrive one by one at a steady rate, in counts that no clock can change. */
import { beforeAll, describe, expect, test } from "bun:test";
import { type Counts, countedWorld, countSteady, created, expectAtMost, inWorld, noCounts, startCounted } from "./counted-engine.ts";

const EXECUTIONS = 1_000;
/** So long it is found out whether they come by themselves. */
const TRY_MS = 200;
const GATHER_MS = 2;
const COMMIT_MS = 1;

describe(`${EXECUTIONS} executions of 5 nodes, one every millisecond, on a store whose writes have a price`, () => {
  let counts: Counts;

  beforeAll(async () => {
    const world = countedWorld();
    const after = inWorld(world);
    const counting = noCounts();
    const engine = await after(startCounted(world, counting, null, GATHER_MS));
    counts = await countSteady({ after, engine, counts: counting, world }, EXECUTIONS, 1);
  });

  test("share their commits: one every two milliseconds, whatever arrives", () => {
    // The arrivals take a second. Without gathering a commit was made every millisecond, as soon as the last was answered.
    expectAtMost("commits", counts.commits, TRY_MS + (EXECUTIONS - TRY_MS) / GATHER_MS + 20);
  });

  test("are created by as few transactions", () => {
    expectAtMost("store calls beside commits", counts.otherStoreCalls, TRY_MS + (EXECUTIONS - TRY_MS) / GATHER_MS + 20);
  });
});

test("a chain alone waits for nobody: each of its steps is a commit, made at once", async () => {
  const world = countedWorld();
  const after = inWorld(world);
  const counts = noCounts();
  const engine = await after(startCounted(world, counts, null, GATHER_MS));
  const length = 20;
  const nodes = Array.from({ length }, (_, at) => ({ id: `n${at}`, handler: "noop", dependencies: at === 0 ? [] : [`n${at - 1}`] }));
  const id = await created(after, engine, { name: "chain", dag: { nodes } });
  const beganMs = world.monotonicMs();
  const ended = engine.waitForEnd(id, 60_000);
  await after(engine.command(id, { type: "Trigger", params: null }));
  expect(await after(ended)).toBe(true);
  // Of the world's time, which only commits take: the trigger and the steps.
  expect(world.monotonicMs() - beganMs).toBe((length + 1) * COMMIT_MS);
});
