/** The contract of doorbells over a real Redis, and what only that one can show: lost connections and what strangers send. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Redis } from "ioredis";
import type { Doorbell } from "../../../src/bus/doorbell.ts";
import { connectRedisDoorbell } from "../../../src/bus/redis/doorbell.ts";
import { systemClock } from "../../../src/env/clock.ts";
import { systemTurns } from "../../../src/env/turns.ts";
import { doorbellContract, hearing } from "../../contracts/doorbell.ts";
import { recordingLog } from "../../env/log/recording-log.ts";
import { until } from "../../process/facts.ts";
import { type RedisService, startRedis } from "../../services/redis.ts";
import { type RedisCluster, startRedisCluster } from "../../services/redis-cluster.ts";

const TIMEOUT_MS = 180_000;
let redis: RedisService;
let cluster: RedisCluster;
let channels = 0;
let bells = 0;

beforeAll(async () => {
  [redis, cluster] = await Promise.all([startRedis(), startRedisCluster()]);
}, TIMEOUT_MS);
afterAll(() => Promise.all([redis.stop(), cluster.stop()]));

/** Doorbells on a channel of their own. `nodes`: of a cluster, or one server. */
function ground(nodes: readonly RedisService[] = [redis]) {
  const urls = nodes.map(({ url }) => url);
  const [url = ""] = urls;
  const channel = `rings-${process.pid}-${++channels}`;
  const said = recordingLog();
  const hung: Doorbell[] = [];
  const probes = urls.map((each) => new Redis(each));
  const subscribers = async (): Promise<number> => {
    const counts = await Promise.all(probes.map((probe) => probe.call("PUBSUB", "NUMSUB", channel) as Promise<[string, number]>));
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  };
  return {
    channel,
    said: said.entries,
    subscribers,
    probe: probes[0] as Redis,
    async hang(): Promise<Doorbell> {
      const before = await subscribers();
      const bell = connectRedisDoorbell({
        address: nodes.length === 1 ? { url } : { nodes: urls },
        channel,
        bootId: `boot-${++bells}`,
        reconnectDelayMs: 50,
        commandTimeoutMs: 1_000,
        clock: systemClock,
        turns: systemTurns,
        log: said.log,
      });
      hung.push(bell);
      await until("the doorbell is subscribed", async () => (await subscribers()) > before);
      return bell;
    },
    until: async (fact: () => boolean, what: string) => void (await until(what, fact)),
    async end(): Promise<void> {
      await Promise.all(hung.map((bell) => bell.close()));
      for (const probe of probes) probe.disconnect();
    },
  };
}

doorbellContract("redis", async () => ground());
doorbellContract("redis cluster", async () => ground(cluster.nodes));

describe("the doorbell over Redis", () => {
  test(
    "is heard again by itself after its connections were cut",
    async () => {
      const here = ground();
      const [one, two] = [await here.hang(), await here.hang()];
      const heard = hearing(two);
      await here.probe.call("CLIENT", "KILL", "TYPE", "pubsub");
      await here.probe.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      await until("both listen again", async () => (await here.subscribers()) === 2);
      await until("it is heard again", () => {
        one.ring({ type: "members" });
        return heard.facts.size === 1;
      });
      await here.end();
    },
    TIMEOUT_MS,
  );

  test(
    "takes no harm from what strangers send, and counts it",
    async () => {
      const here = ground();
      const [one, two] = [await here.hang(), await here.hang()];
      const heard = hearing(two);
      const strange = [
        "",
        "no json",
        "null",
        "[]",
        `{"from":1,"rings":[]}`,
        `{"from":"x"}`,
        `{"from":"x","rings":[{"type":"born","lane":1}]}`,
      ];
      for (const text of strange) await here.probe.publish(here.channel, text);
      await here.probe.publish(here.channel, `{"from":"newer","rings":[{"type":"something new"},{"type":"offers","lane":3}]}`);
      one.ring({ type: "members" });
      await until("what can be understood is heard", () => heard.facts.size === 2);
      expect([...heard.facts]).toEqual(["offers 3", "members"]);
      const counted = here.said.filter(({ message }) => message.includes("not understood"));
      expect(Math.max(...counted.map(({ fields }) => Number(fields.times)))).toBe(strange.length + 1);
      await here.end();
    },
    TIMEOUT_MS,
  );

  test(
    "many rings of one turn are one message",
    async () => {
      const here = ground();
      const [one, two] = [await here.hang(), await here.hang()];
      const heard = hearing(two);
      let messages = 0;
      const spy = new Redis(redis.url);
      await spy.subscribe(here.channel);
      spy.on("message", () => {
        messages += 1;
      });
      for (let at = 0; at < 1_000; at++) one.ring({ type: "ended", executions: [`x${at}`] });
      await until("all are heard", () => heard.facts.size === 1_000 && messages > 0);
      expect(messages).toBe(1);
      spy.disconnect();
      await here.end();
    },
    TIMEOUT_MS,
  );

  test(
    "rings while Redis is away without a fault",
    async () => {
      const { log, entries } = recordingLog();
      const bell = connectRedisDoorbell({
        address: { url: "redis://127.0.0.1:1" },
        channel: "nobody",
        bootId: "boot",
        reconnectDelayMs: 20,
        commandTimeoutMs: 1_000,
        clock: systemClock,
        turns: systemTurns,
        log,
      });
      bell.ring({ type: "members" });
      await until("the ring was lost, and that is said", () => entries.some(({ message }) => message.includes("not heard")));
      expect(entries.filter(({ level }) => level !== "debug")).toEqual([]);
      await bell.close();
    },
    TIMEOUT_MS,
  );
});
