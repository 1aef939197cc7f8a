/** What a node costs Redis and the stream, counted at a real server: calls, bytes, memory, entries of the outbox, records. */
import { afterAll, beforeAll, describe, test } from "bun:test";
import { type RedisService, startRedis } from "../services/redis.ts";
import { countManyAtOnce, created, expectAtMost, fanOut } from "./counted-engine.ts";
import { type CountedRedis, type RedisCounts, startCountedRedis } from "./counted-redis.ts";

const WIDTH = 1_000;
const EXECUTIONS = 200;
const NODES = 5;
const LANES = 64;

let server: RedisService;
let counted: CountedRedis;

beforeAll(async () => {
  server = await startRedis();
  counted = await startCountedRedis(server);
  // Scripts are loaded by then, and buffers have their size.
  await fanOutCost();
  await manyCost();
});

afterAll(async () => {
  await counted.stop();
  await server.stop();
});

describe(`a fan-out of ${WIDTH} through Redis`, () => {
  let cost: RedisCounts;
  beforeAll(async () => {
    cost = await fanOutCost();
  });

  test("is a handful of calls", () => {
    // The trigger, the root, the middle and the join are committed each by a call, and the outbox is trimmed by one.
    expectAtMost("scripts", cost.scripts, 6);
  });

  test("sends Redis what the log holds, and little more", () => {
    // 59 characters a node are the log's; the rest is what a call names.
    expectAtMost("bytes to Redis a node", cost.bytesIn / WIDTH, 68);
  });

  test("is kept by Redis as the log, packed", () => {
    // The log's text in blocks of the allocator's sizes: 66. A key or a field a node would be 60 and more beside it.
    expectAtMost("bytes of Redis' memory a node", cost.memory / WIDTH, 72);
  });

  test("is one send to the stream, of what the log holds", () => {
    expectAtMost("entries of the outbox", cost.outboxEntries, 5);
    expectAtMost("sends", cost.sends, 2);
    expectAtMost("records", cost.records, 3);
    expectAtMost("characters in the stream a node", cost.streamCharacters / WIDTH, 62);
  });
});

describe(`${EXECUTIONS} executions of ${NODES} nodes at once through Redis`, () => {
  let cost: RedisCounts;
  beforeAll(async () => {
    cost = await manyCost();
  });

  test("share their calls, whatever their lanes", () => {
    // The creates of all lanes are a call, and so are the commits of a turn; what the relays read and trim are a few. A call
    // for each lane and commit was 448. Seen: 7, where Redis is slow and all that is asked meanwhile is one call.
    expectAtMost("scripts", cost.scripts, 10);
  });

  test("send Redis less than three kilobytes each", () => {
    // 530 characters are the log's; twice (create and commits) what names its keys, and its summary with each commit.
    expectAtMost("bytes to Redis an execution", cost.bytesIn / EXECUTIONS, 3_000);
  });

  test("are kept by Redis in some 1.4 KB each", () => {
    // Two keys, log and summary, and their places in the list and the index. Between 1,330 and 1,430 were seen.
    expectAtMost("bytes of Redis' memory an execution", cost.memory / EXECUTIONS, 1_600);
  });

  test("leave an entry of the outbox for each commit of a lane, not of an execution", () => {
    expectAtMost("entries of the outbox", cost.outboxEntries, 4 * LANES + 10);
  });

  test("are sent to the stream as a few records each", () => {
    expectAtMost("sends", cost.sends, 2 * LANES + 10);
    expectAtMost("records an execution", cost.records / EXECUTIONS, 2);
  });
});

/** Its create is not counted: it carries the definition. */
async function fanOutCost(): Promise<RedisCounts> {
  const { engine, after } = counted;
  const id = await created(after, engine, fanOut(WIDTH));
  return counted.costOf(async () => {
    const ended = engine.waitForEnd(id, 60_000);
    await after(engine.command(id, { type: "Trigger", params: null }));
    if (!(await after(ended))) throw new Error("The fan-out has not ended.");
  });
}

function manyCost(): Promise<RedisCounts> {
  const { engine, after, counts } = counted;
  return counted.costOf(() => countManyAtOnce(after, engine, counts, EXECUTIONS));
}
