/** The faults: each does its harm to a system that is under load, for as long as it is told, and counts what it did. */
import { until } from "../process/facts.ts";
import type { KafkaService } from "../services/kafka.ts";
import type { Fault } from "./run.ts";
import type { Stream, System } from "./system.ts";

const BETWEEN_CUTS_MS = 300;
/** Above it, and above what the longest answer that asks no Redis took, a call did not end by its deadline of two seconds. */
const CALL_MS_MAX = 4_000;

/** A count of `kills`: how busy the machine was. */
export const SLOWEST_START = "slowest start ms";

export const nothing: Fault = async () => ({});

/**
 * 1. `kill -9` of a random instance, again and again; each is started again at once. The next is killed when the last answers:
 * on a busy machine a start takes seconds, and instances that never come up would show nothing.
 */
export const kills =
  ({ times, everyMs }: { readonly times: number; readonly everyMs: number }): Fault =>
  async ({ instances }, { random }) => {
    let slowestStartMs = 0;
    for (let kill = 0; kill < times; kill++) {
      await Bun.sleep(everyMs);
      const killed = random.oneOf(instances);
      const before = killed.deaths.length;
      const beganMs = performance.now();
      killed.kill();
      await until(`the death of ${killed.name}`, () => killed.deaths.length > before);
      await killed.up();
      slowestStartMs = Math.max(slowestStartMs, performance.now() - beganMs);
    }
    return { kills: times, [SLOWEST_START]: Math.round(slowestStartMs) };
  };

/** 2. SIGSTOP for longer than a lease lives, then SIGCONT: it wakes up, and others have what it had. */
export const stops =
  ({ times, forMs }: { readonly times: number; readonly forMs: number }): Fault =>
  async ({ instances }, { random }) => {
    for (let stop = 0; stop < times; stop++) {
      await Bun.sleep(1_000);
      const instance = random.oneOf(instances);
      instance.signal("SIGSTOP");
      await Bun.sleep(forMs);
      instance.signal("SIGCONT");
    }
    return { stops: times };
  };

/** 3. SIGTERM to one after the other; each is started again when it is gone. `unclean`: ends with another exit code than 0. */
export const rollingTerm =
  ({ rounds }: { readonly rounds: number }): Fault =>
  async ({ instances }) => {
    let unclean = 0;
    for (let round = 0; round < rounds; round++) {
      for (const instance of instances) {
        await Bun.sleep(500);
        const before = instance.deaths.length;
        instance.signal("SIGTERM");
        const death = await until(`the end of ${instance.name} after SIGTERM`, () => instance.deaths[before] ?? null);
        if (death.exitCode !== 0) unclean += 1;
        await instance.up();
      }
    }
    return { SIGTERMs: rounds * instances.length, unclean };
  };

/** 4. `kill -9` of Redis, which is started again with what its append-only file has. */
export const redisKills =
  ({ times, awayMs }: { readonly times: number; readonly awayMs: number }): Fault =>
  async ({ redis }) => {
    for (let kill = 0; kill < times; kill++) {
      await Bun.sleep(2_000);
      await redis.kill9();
      await Bun.sleep(awayMs);
      await redis.restart();
    }
    return { kills: times };
  };

export type FailOverOptions = {
  readonly times: number;
  /** For so long the master goes on while its replica hears nothing. */
  readonly lagMs: number;
  /** The first thing in that time: an instance ends by SIGTERM, so that its lanes have other owners when the loss begins to count. */
  readonly lanesMove?: boolean;
  /** The last thing in that time: an instance is killed together with the master, and what it knew of the loss with it. */
  readonly oneDies?: boolean;
};

/** 4. A replica that lags is promoted in the place of its master, which is killed: what was acknowledged meanwhile is lost. */
export const failOvers =
  ({ times, lagMs, lanesMove = false, oneDies = false }: FailOverOptions): Fault =>
  async ({ replication, proxies, instances, urls }, { random, lose }) => {
    if (replication === null) throw new Error("This fault needs a Redis with a replica.");
    for (let failOver = 0; failOver < times; failOver++) {
      await Bun.sleep(2_000);
      const fromMs = await replication.lag();
      if (lanesMove) {
        const moved = random.oneOf(instances);
        const before = moved.deaths.length;
        moved.signal("SIGTERM");
        await until(`the end of ${moved.name} after SIGTERM`, () => moved.deaths.length > before);
      }
      await Bun.sleep(lagMs);
      if (oneDies) random.oneOf(instances).kill();
      await replication.promote();
      for (const proxy of proxies) proxy.lead(replication.master.port);
      lose({ fromMs, toMs: Date.now() });
      await replication.follow();
      await Promise.all(instances.map((instance) => instance.up()));
      await until("all instances to be ready", async () => (await Promise.all(urls.map(isReady))).every(Boolean));
    }
    return { "fail-overs": times };
  };

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/ready`).catch(() => null);
  await response?.text();
  return response?.status === 200;
}

/** 5. All connections, to Redis and to Kafka, are cut every 0.3 s. */
export const cuts =
  ({ forMs }: { readonly forMs: number }): Fault =>
  async ({ proxies, stream }) => {
    const endMs = performance.now() + forMs;
    let times = 0;
    while (performance.now() < endMs) {
      await Bun.sleep(BETWEEN_CUTS_MS);
      for (const proxy of proxies) proxy.cut();
      stream.proxy?.cut();
      times += 1;
    }
    return { cuts: times };
  };

/** 6. Replies of Redis are swallowed at one instance after the other, and requests and replies come late; then Kafka's replies are lost. */
export const swallows =
  ({ times }: { readonly times: number }): Fault =>
  async ({ proxies, stream }, { random }) => {
    for (let swallow = 0; swallow < times; swallow++) {
      await Bun.sleep(300);
      await random.oneOf(proxies).swallow(200 + random.below(800));
      await random.oneOf(proxies).hold("request", 500 + random.below(2_500));
      await random.oneOf(proxies).hold("reply", 500 + random.below(1_500));
      stream.proxy?.loseReplies();
      await Bun.sleep(200 + random.below(800));
      stream.proxy?.passAll();
    }
    return { "swallowed and held": 4 * times };
  };

/** 6. What one instance says to Redis is held back for longer than its leases live: it arrives when others have its lanes. */
export const lateRequests =
  ({ times, forMs }: { readonly times: number; readonly forMs: number }): Fault =>
  async ({ proxies }, { random }) => {
    for (let hold = 0; hold < times; hold++) {
      await Bun.sleep(1_000);
      await random.oneOf(proxies).hold("request", forMs);
    }
    return { held: times };
  };

/** 7. Redis is paused. Meanwhile every call to every instance ends by its deadline. `moved`: lanes that have another owner afterwards. */
export const redisPause =
  ({ forMs }: { readonly forMs: number }): Fault =>
  async (system) => {
    await Bun.sleep(1_500);
    const before = await dividedOwnersOf(system);
    system.redis.pause();
    const endMs = performance.now() + forMs;
    const calls: number[] = [];
    const controls: number[] = [];
    const wrong: string[] = [];
    await Promise.all([
      ...system.urls.map(async (url) => {
        while (performance.now() < endMs) {
          const beganMs = performance.now();
          await (await fetch(`${url}/health`)).text();
          controls.push(performance.now() - beganMs);
          await Bun.sleep(100);
        }
      }),
      ...system.urls.map(async (url) => {
        for (let call = 0; performance.now() < endMs; call++) {
          const [path, init] = CALLS[call % CALLS.length] ?? CALLS[0];
          const beganMs = performance.now();
          const response = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(30_000) }).catch(String);
          calls.push(performance.now() - beganMs);
          if (typeof response === "string") wrong.push(`${path}: ${response}`);
          else await response.text();
          await Bun.sleep(100);
        }
      }),
    ]);
    system.redis.resume();
    await Bun.sleep(2_000);
    const after = await ownersOf(system);
    const moved = [...before].filter(([lane, owner]) => after.get(lane) !== owner).length;
    const late = calls.filter((ms) => ms > CALL_MS_MAX + Math.max(...controls)).length;
    return { calls: calls.length, "longest call ms": Math.round(Math.max(...calls)), late, unanswered: wrong.length, "lanes moved": moved };
  };

/** 8. `kill -9` of Kafka, which comes back later. */
export const kafkaKill =
  ({ awayMs }: { readonly awayMs: number }): Fault =>
  async ({ stream }) => {
    const kafka = brokerOf(stream);
    await Bun.sleep(1_000);
    await kafka.kill9();
    await Bun.sleep(awayMs);
    await kafka.restart();
    return { "away ms": awayMs };
  };

/** 8. Kafka is paused: its connections live, and nobody answers. */
export const kafkaPause =
  ({ forMs }: { readonly forMs: number }): Fault =>
  async ({ stream }) => {
    const kafka = brokerOf(stream);
    await Bun.sleep(1_000);
    kafka.pause();
    await Bun.sleep(forMs);
    kafka.resume();
    return { "paused ms": forMs };
  };

/** Kafka is away while an instance dies: what it committed and did not publish is its successor's to publish. */
export const kafkaAwayWhileOneDies =
  ({ awayMs }: { readonly awayMs: number }): Fault =>
  async ({ stream, instances }, { random }) => {
    const kafka = brokerOf(stream);
    await Bun.sleep(1_000);
    await kafka.kill9();
    await Bun.sleep(awayMs / 2);
    random.oneOf(instances).kill();
    await Bun.sleep(awayMs / 2);
    await kafka.restart();
    return { "away ms": awayMs, kills: 1 };
  };

function brokerOf({ broker }: Stream): KafkaService {
  if (broker === null) throw new Error("This fault needs a broker of the system's own.");
  return broker;
}

const JSON_BODY = { method: "POST", headers: { "content-type": "application/json" } } as const;
const CALLS = [
  ["/workflows", { ...JSON_BODY, body: JSON.stringify({ name: "in the pause", dag: { nodes: [{ id: "a", handler: "noop" }] } }) }],
  ["/workflows?limit=1", { method: "GET" }],
  ["/workflows/00000000-0000-7000-8000-000000000000", { method: "GET" }],
  ["/workflows/00000000-0000-7000-8000-000000000000/trigger", { ...JSON_BODY, body: "{}" }],
  ["/health", { method: "GET" }],
  ["/ready", { method: "GET" }],
] as const;

/** By lane, the boot id that its lease names: asked of Redis itself. */
/** Once the lanes are divided evenly: on a busy machine an instance that started later is still being given its share. */
async function dividedOwnersOf(system: System): Promise<ReadonlyMap<string, string>> {
  let owners: ReadonlyMap<string, string> = new Map();
  await until("the lanes to be divided evenly", async () => {
    owners = await ownersOf(system);
    const shares = Object.values(Object.groupBy(owners.values(), (owner) => owner)).map((lanes) => lanes?.length ?? 0);
    return shares.length === system.urls.length && Math.max(...shares) - Math.min(...shares) <= 1;
  });
  return owners;
}

async function ownersOf({ redis }: System): Promise<ReadonlyMap<string, string>> {
  const client = new Bun.RedisClient(redis.url);
  const owners = new Map<string, string>();
  for (const key of (await client.send("KEYS", ["troupe:{*}:lane"])) as readonly string[])
    if (key !== "troupe:{store}:lane") owners.set(key, String(await client.hget(key, "boot")));
  client.close();
  return owners;
}
