/**
 * What one node costs, in counts that no clock and no busy machine can change: the guards of the hot path. The parts are
 * real (engine, actors, codec, pool, frames, host), time is simulated, and a commit takes a while, as on a disk.
 */
import { beforeAll, describe, expect, test } from "bun:test";
import { type Counts, countedWorld, created, expectAtMost, fanOut, inWorld, noCounts, startCounted, THREADS } from "./counted-engine.ts";

describe.each([1_000, 8_000])("a fan-out of %d", (width) => {
  const nodes = width + 2;
  let counts: Counts;

  beforeAll(async () => {
    counts = await countsOf(width);
  });

  test("commits together what ends together", () => {
    // The trigger, the root and the join have their own. In the middle a commit carries what ended while the last one was
    // written, which is 1,000 and more here; 4,000 events are the most that one may carry.
    expectAtMost("commits", counts.commits, 4 + Math.ceil(nodes / 3_000));
  });

  test("asks nothing of the store but commits", () => {
    // The create. Whoever waits is told by the commit itself; a load, or a read a node, would be a query a node.
    expectAtMost("store calls beside commits", counts.otherStoreCalls, 1);
  });

  test("writes one event a node", () => {
    // A start that is soon followed by its end is not recorded. Five belong to the execution: created, triggered, started, finished, closed.
    expect(counts.events).toBe(nodes + 5);
  });

  test("writes some sixty characters of log a node", () => {
    // ["completed","n1234",1,1763700000000,1763700000450,0,null] and ",\n": two times, the id and the output. An id said twice, or a
    // key before each value, would be seen here.
    expectAtMost("characters of log a node", counts.logCharacters / nodes, 66);
  });

  test("sends attempts and outcomes in frames", () => {
    // 512 attempts or outcomes are a frame of two messages; the root and the join are one message each way.
    expectAtMost("messages to and from threads", counts.messages, 4 + 2 * 2 * (Math.ceil(nodes / 400) + THREADS));
  });

  test("takes turns of the event loop by batch, not by node", () => {
    // A turn for a mailbox's batch, one to place what waits, one for each frame heard: a few for each frame and commit.
    expectAtMost("turns", counts.turns, 20 + nodes / 100);
  });

  test("sets no timer a node", () => {
    // Timeouts are watched by the pool's one timer, retries by the supervisors', a trigger has its two deadlines.
    expectAtMost("timers", counts.timers, 6);
  });
});

async function countsOf(width: number): Promise<Counts> {
  const counts = noCounts();
  const world = countedWorld();
  const after = inWorld(world);
  const engine = await after(startCounted(world, counts));
  const id = await created(after, engine, fanOut(width));
  // What the start took is not the fan-out's.
  Object.assign(counts, { messages: 0, turns: 0, timers: 0 });
  const ended = engine.waitForEnd(id, 60_000);
  await after(engine.command(id, { type: "Trigger", params: null }));
  expect(await after(ended)).toBe(true);
  const summary = await engine.summary(id);
  counts.otherStoreCalls -= 1;
  expect(summary).toMatchObject({ status: "COMPLETED", completed: width + 2, closed: true });
  return counts;
}
