/** The proxy does to connections what the faults say that it does; else they would show nothing. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { RedisClient } from "bun";
import { type RedisService, startRedis } from "../services/redis.ts";
import { type Passing, proxyRedis, type RedisProxy } from "./redis-proxy.ts";

let redis: RedisService;
let proxy: RedisProxy;
let direct: RedisClient;
beforeAll(async () => {
  redis = await startRedis();
  proxy = await proxyRedis(redis.port);
  direct = new RedisClient(redis.url);
}, 60_000);
afterAll(async () => {
  direct.close();
  proxy.close();
  await redis.stop();
});

const client = () => new RedisClient(`redis://127.0.0.1:${proxy.port}`, { autoReconnect: false });
const outcome = (promise: Promise<unknown>): Promise<string> => promise.then(String, () => "lost");

test("tells every command before it arrives, and again before its reply goes on, however they are cut into packets", async () => {
  const seen: string[] = [];
  const passing = client();
  await passing.ping();
  proxy.watch(({ type, words }: Passing) => {
    seen.push(`${type} ${words[0]} ${words[1]}`);
    return "pass";
  });
  const long = "x".repeat(1_000_000);
  expect(
    await Promise.all([passing.set("a", long), passing.get("a"), passing.send("EVAL", ["return {1,{KEYS[1],false}}", "1", "k"])]),
  ).toEqual(["OK", long, [1, ["k", null]]]);
  proxy.watch(null);
  passing.close();
  const names = ["SET a", "GET a", "EVAL return {1,{KEYS[1],false}}"];
  expect(seen.filter((each) => each.startsWith("request"))).toEqual(names.map((name) => `request ${name}`));
  expect(seen.filter((each) => each.startsWith("reply"))).toEqual(names.map((name) => `reply ${name}`));
});

test("a request that is dropped has not happened, a reply that is dropped has", async () => {
  for (const [type, happened] of [
    ["request", null],
    ["reply", "1"],
  ] as const) {
    const dropped = client();
    await dropped.ping();
    proxy.watch((passing) => (passing.type === type && passing.words[0] === "SET" ? "drop" : "pass"));
    expect(await outcome(dropped.set(type, "1"))).toBe("lost");
    proxy.watch(null);
    dropped.close();
    expect(await direct.get(type)).toBe(happened);
  }
});

test("a swallowed reply never comes, and what was asked has happened", async () => {
  const swallowed = client();
  await swallowed.ping();
  const swallowing = proxy.swallow(100);
  expect(await outcome(swallowed.set("swallowed", "1"))).toBe("lost");
  await swallowing;
  expect(await direct.get("swallowed")).toBe("1");
});

test("a request that was held arrives late, also when its connection is gone", async () => {
  const held = client();
  await held.ping();
  const holding = proxy.hold("request", 300);
  const answer = outcome(held.set("held", "1"));
  await Bun.sleep(50);
  held.close();
  expect(await direct.get("held")).toBe(null);
  await holding;
  expect(await answer).toBe("lost");
  while ((await direct.get("held")) === null) await Bun.sleep(5);
});
