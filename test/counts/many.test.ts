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
    // The start, the roots, the middles and the joins: four, if everything that comes in a turn is decided in it. A commit of
    // its own for each would be 800.
    expectAtMost("commits", counts.commits, 6);
  });

  test("ask for one summary each, and share the create", () => {
    expectAtMost("store calls beside commits", counts.otherStoreCalls, EXECUTIONS + 2);
  });

  test("write one event a node and five an execution", () => {
    expect(counts.events).toBe(EXECUTIONS * (NODES + 5));
  });

  test("write some hundred characters of log a node", () => {
    // 59 for the node's outcome; the rest are the execution's five events, whose first names the definition by its hash.
    expectAtMost("characters of log a node", counts.logCharacters / EXECUTIONS / NODES, 110);
  });

  test("share the messages to threads", () => {
    // Each of three levels is a frame of two messages there and back for each thread; 600 attempts of the middle are two frames.
    expectAtMost("messages to and from threads", counts.messages, 4 * 2 * 2 * THREADS);
  });

  test("take twelve turns each", () => {
    // Its mailbox's batches (create, start, three levels), and what its waiting client and its supervisor are told.
    expectAtMost("turns an execution", counts.turns / EXECUTIONS, 13);
  });

  test("set two timers each", () => {
    // Until when the client that creates it waits for the store, and until when it waits for the end.
    expectAtMost("timers an execution", counts.timers / EXECUTIONS, 2.1);
  });
});
