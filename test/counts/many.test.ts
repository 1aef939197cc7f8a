/** What a small execution costs beside 199 others that run at the same time, in counts that no clock can change. */
import { beforeAll, describe, expect, test } from "bun:test";
import { type Counts, countedWorld, countManyAtOnce, expectAtMost, inWorld, noCounts, startCounted, THREADS } from "./counted-engine.ts";

const EXECUTIONS = 200;
const NODES = 5;

describe(`${EXECUTIONS} executions of ${NODES} nodes at once`, () => {
  let counts: Counts;

  beforeAll(async () => {
    const world = countedWorld();
    const after = inWorld(world);
    const counting = noCounts();
    counts = await countManyAtOnce(after, await after(startCounted(world, counting)), counting, EXECUTIONS);
  });

  test("share their commits", () => {
    // The roots, the middles and the joins: three, since everything that comes in a turn is decided in it, and the start is in the
    // create's own chunk. A commit for each would be 600.
    expectAtMost("commits", counts.commits, 4);
  });

  test("ask nothing of the store but commits, and share the create", () => {
    expectAtMost("store calls beside commits", counts.otherStoreCalls, 2);
  });

  test("write one event a node and five an execution", () => {
    expect(counts.events).toBe(EXECUTIONS * (NODES + 5));
  });

  test("write some hundred characters of log a node", () => {
    // 59 for the node's outcome; the rest are the execution's five events, whose first names the definition by its hash.
    expectAtMost("characters of log a node", counts.logCharacters / EXECUTIONS / NODES, 110);
  });

  test("share the messages to threads", () => {
    // Each of three levels is a frame of two messages there and back for each thread, and the 600 attempts of the middle may be two: 18 were seen.
    expectAtMost("messages to and from threads", counts.messages, 3 * 2 * 2 * THREADS);
  });

  test("take three turns each", () => {
    // One for its mailbox on each of three levels; what a commit and a frame need is shared. It was 12.
    expectAtMost("turns an execution", counts.turns / EXECUTIONS, 3.3);
  });

  test("share their timers", () => {
    // All deadlines of a kind (until when a client waits for the store, until when for the end) are watched by one timer. It was two each.
    expectAtMost("timers", counts.timers, 10);
  });
});
