/** Large texts on their way to Redis: in pieces, and nothing between these. */
import { Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { systemClock } from "../../../../src/env/clock.ts";
import { systemIds } from "../../../../src/env/ids.ts";
import { openRedisStore } from "../../../../src/store/redis/redis-store.ts";
import type { SharedStore } from "../../../../src/store/shared-store.ts";
import { StoreUnavailable } from "../../../../src/store/store.ts";
import { recordingLog } from "../../../env/log/recording-log.ts";
import { until } from "../../../process/facts.ts";
import { startProxy, type WireProxy } from "../../../services/proxy.ts";
import { freshRedis } from "../../../services/redis.ts";
import { newExecution } from "../../made.ts";

const MIB = 2 ** 20;
const wholeWrite = Socket.prototype.write;
let written: number[] = [];
let proxy: WireProxy;
let store: SharedStore;

beforeAll(async () => {
  Socket.prototype.write = function (this: Socket, ...given: unknown[]) {
    written.push((given[0] as string).length);
    return Reflect.apply(wholeWrite, this, given) as boolean;
  } as typeof wholeWrite;
  const { port, pathname } = new URL(await freshRedis());
  proxy = startProxy(Number(port));
  const address = { url: `redis://127.0.0.1:${proxy.port}${pathname}` };
  store = await openRedisStore({
    address,
    clock: systemClock,
    ids: systemIds,
    log: recordingLog().log,
    outbox: false,
    reconnectDelayMs: 10,
  });
});
afterAll(async () => {
  Socket.prototype.write = wholeWrite;
  await store.close();
  proxy.close();
});

const large = (id: string, definitionText: string) => newExecution(id, { definition: `of ${id}` }, { definitionText });

test("whatever is in them, they arrive as they are, together with what is asked meanwhile, and no write is long", async () => {
  const texts = ["plain ".repeat(MIB), `é${"x".repeat(6 * MIB)}`, `x${"😀".repeat(2 * MIB)}`, `lone \ud83d ${"漢".repeat(2 * MIB)}`];
  await store.create([newExecution("small")]);
  written = [];
  const creates = texts.map((text, at) => store.create([large(`e${at}`, text)]));
  await until("the first pieces", async () => written.length > 2 || null);
  const meanwhile = Array.from({ length: 20 }, () => store.summary("small"));
  const loaded = store.load("small");
  expect((await Promise.all(creates)).flat()).toEqual(texts.map(() => "created" as const));
  expect((await Promise.all(meanwhile)).every((summary) => summary?.id === "small")).toBe(true);
  expect((await loaded)?.summary.id).toBe("small");
  expect(Math.max(...written)).toBeLessThan(MIB);
  for (const [at, text] of texts.entries()) {
    expect((await store.load(`e${at}`))?.definitionText === text.toWellFormed()).toBe(true);
  }
});

test("one whose connection is cut is given up, and what waits for it goes on", async () => {
  written = [];
  const cut = store.create([large("cut", "x".repeat(40 * MIB))]);
  await until("the first pieces", async () => written.length > 2 || null);
  const after = store.summary("small");
  proxy.cut();
  for (const answer of await Promise.allSettled([cut, after])) {
    if (answer.status === "rejected") expect(answer.reason).toBeInstanceOf(StoreUnavailable);
  }
  const again = await until("the connection", () => store.create([large("cut", "x".repeat(2 * MIB))]).catch(() => null));
  expect(again).toEqual(["created"]);
});
