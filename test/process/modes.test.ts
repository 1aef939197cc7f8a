/** The three modes, and what is said of them: alone, several instances on Redis, and Kafka beside it; and when one of them is away. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { consume } from "../bus/kafka/stream-consumer.ts";
import { sharedKafka, startKafka } from "../services/kafka.ts";
import { freePort } from "../services/ports.ts";
import { askRedis, freshRedis, type RedisService, startRedis } from "../services/redis.ts";
import { create, endOf, expectJson, type NodeSpec, start, statusOf, trigger } from "./client.ts";
import { until } from "./facts.ts";
import { allReady, expectAllRefused, greetingOf, healthOf, readinessOf, startInstances, warningsOf } from "./instances.ts";
import { endAll, type Environment, type Home, lastLines, newHome, type Server, startRefused, startServer } from "./server.ts";

afterAll(endAll);

/** Most of it is for a busy machine, on which a broker takes long to start. */
setDefaultTimeout(180_000);

const one: readonly NodeSpec[] = [{ id: "only", handler: "noop" }];
const two = (gate: string): readonly NodeSpec[] => [
  { id: "first", handler: "gate", config: { gate } },
  { id: "second", handler: "witness", dependencies: ["first"] },
];
/** So that a Redis that is away is soon found to be. */
const QUICK = { APP_REDIS_TIMEOUT: "300ms", APP_RETRY_DELAY: "200ms" };
const TOPICS = "modes";

async function ends(server: Server): Promise<void> {
  expect((await endOf(server, await start(server, "one", one))).status).toBe("COMPLETED");
}

describe("what the settings name decides where state is; health, readiness and the greeting say it", () => {
  test("nothing: SQLite, one instance alone", async () => {
    const server = await startServer(newHome());
    expect(await healthOf(server)).toMatchObject({ healthy: true, degraded: false, store: { kind: "sqlite" }, cluster: null });
    expect(await readinessOf(server)).toBe(200);
    expect(greetingOf(server)).toContain("state in /");
    expect(warningsOf(server)).toEqual([]);
    await server.end("SIGTERM");
  });

  test("Redis: several instances, no event stream", async () => {
    const [server] = (await startInstances(newHome(), 1, { REDIS_URL: await freshRedis() })) as [Server];
    const cluster = { lanes: 64, events: null, outbox_bytes: 0 };
    expect(await healthOf(server)).toMatchObject({ healthy: true, degraded: false, store: { kind: "redis", available: true }, cluster });
    expect(greetingOf(server)).toContain("state in Redis, shared)");
    await ends(server);
    expect((await server.end("SIGTERM")).exitCode).toBe(0);
  });

  test("Redis and Kafka: several instances, and every event in the stream", async () => {
    const brokers = await sharedKafka();
    const home = newHome();
    const environment = { REDIS_URL: await freshRedis(), KAFKA_BOOTSTRAP_SERVERS: brokers.join(","), APP_KAFKA_PREFIX: TOPICS };
    const [server] = (await startInstances(home, 1, environment)) as [Server];
    expect(greetingOf(server)).toContain("state in Redis, shared; events in Kafka)");
    await until("the event stream", async () => (await healthOf(server)).cluster?.events?.available === true);
    await ends(server);
    await until("an empty outbox", async () => (await healthOf(server)).cluster?.outbox_bytes === 0);
    await server.end("SIGTERM");
  });
});

describe("a Redis that cannot be used at the start", () => {
  test("and need not: alone on the embedded store, loudly; degraded, not ready, also when Redis comes, until it is started again", async () => {
    const home = newHome();
    const port = freePort();
    const environment = { REDIS_URL: `redis://user:hush@127.0.0.1:${port}`, ...QUICK };
    const alone = await startServer(home, environment);
    const redis = await startRedis({ port });
    await askRedis(port, "ACL", "SETUSER", "user", "on", ">hush", "~*", "&*", "+@all");
    const warnings = warningsOf(alone);
    expect(warnings.length, warnings.join("\n")).toBe(1);
    expect(warnings[0]).toContain("THIS INSTANCE RUNS ALONE");
    expect(greetingOf(alone)).toContain("WITHOUT REDIS");
    expect(await healthOf(alone)).toMatchObject({ healthy: true, degraded: true, store: { kind: "sqlite", available: true } });
    expect(await readinessOf(alone)).toBe(503);
    const id = await start(alone, "begun alone", two("alone"));
    await until("the first node's begin", () => home.witnessed().length > 0);
    home.open("alone");
    await endOf(alone, id);
    const waiting = await create(alone, "made alone", one);
    expect(await healthOf(alone)).toMatchObject({ degraded: true, store: { kind: "sqlite" }, cluster: null });
    await alone.end("SIGTERM");
    expect(alone.stderr.join("\n")).not.toContain("hush");

    const [joined] = (await startInstances(home, 1, environment)) as [Server];
    expect(await healthOf(joined)).toMatchObject({ degraded: false, store: { kind: "redis" } });
    await trigger(joined, waiting);
    expect((await endOf(joined, waiting)).status).toBe("COMPLETED");
    await joined.end("SIGTERM");
    await redis.stop();
  });

  /** Runs a Redis, and what makes it unusable; answers the settings that name it. */
  const refusals: readonly [string, (redis: RedisService) => Promise<Environment>, string][] = [
    [
      "it is away",
      async () => ({ REDIS_URL: `redis://:hush@127.0.0.1:${freePort()}` }),
      "is required (APP_REDIS_REQUIRED) and cannot be used",
    ],
    [
      "it has another password",
      async ({ url }) => ({ REDIS_URL: url.replace("//", "//user:hush@") }),
      "does not know this user with this password",
    ],
    ["it does not have the database", async ({ url }) => ({ REDIS_URL: `${url}/99999` }), "refuses database 99999"],
    ["it is no cluster", async ({ url }) => ({ REDIS_URL: url, APP_REDIS_CLUSTER: "true" }), "it is no Redis Cluster"],
    [
      "it has the executions in another number of lanes",
      async ({ url }) => {
        await startServer(newHome(), { REDIS_URL: `${url}/1`, APP_LANES: "8" }).then((server) => server.end("SIGTERM"));
        return { REDIS_URL: `${url}/1` };
      },
      "Redis holds executions in 8 lanes, but APP_LANES of this instance is 64: give every instance the number that the data has",
    ],
    [
      "another program has Troupe's names",
      async ({ url, port }) => {
        await askRedis(port, "SET", "troupe:{store}:lane", "a letter");
        return { REDIS_URL: url };
      },
      "Redis holds something else under a name that Troupe uses",
    ],
  ];
  test.each(refusals)(
    "and must be: refused with exit code 1 and one sentence, without the password, where %s",
    async (_, prepare, words) => {
      const redis = await startRedis();
      const environment = await prepare(redis);
      const { exitCode, said } = await startRefused(newHome(), {
        ...environment,
        ...QUICK,
        APP_REDIS_REQUIRED: "true",
        LOG_LEVEL: "debug",
      });
      await redis.stop();
      expect(exitCode).toBe(1);
      const lines = said.split("\n").filter((line) => !line.includes('"level":"debug"'));
      expect(lines).toEqual(["Troupe cannot start:", expect.stringContaining(words)]);
      expect(said).not.toContain("hush");
    },
  );
});

test("Kafka that is away at the start: instances run and are ready, health tells, and what happened meanwhile is in the stream when it comes", async () => {
  const port = freePort();
  const brokers = [`127.0.0.1:${port}`];
  const environment = { REDIS_URL: await freshRedis(), KAFKA_BOOTSTRAP_SERVERS: brokers.join(), ...QUICK };
  const [server] = (await startInstances(newHome(), 1, environment)) as [Server];
  const id = await start(server, "before Kafka", one);
  expect((await endOf(server, id)).status).toBe("COMPLETED");
  const waiting = await until("the bytes that wait", async () => {
    const health = await healthOf(server);
    return (health.cluster?.outbox_bytes ?? 0) > 0 && health;
  });
  expect(waiting).toMatchObject({ healthy: true, degraded: false, cluster: { events: { available: false } } });
  expect(waiting.cluster?.events?.reason).toContain(`Kafka (127.0.0.1:${port}) is away`);
  expect(await readinessOf(server)).toBe(200);
  expect(warningsOf(server).filter((line) => line.includes("Kafka")).length, "Kafka's absence is told once").toBe(1);

  const kafka = await startKafka({ port });
  await until("an empty outbox", async () => (await healthOf(server)).cluster?.outbox_bytes === 0);
  expect((await healthOf(server)).cluster?.events).toEqual({ available: true });
  const stranger = await consume(brokers, ["troupe.events"]);
  const words = () =>
    stranger
      .values("troupe.events")
      .filter((value) => value.includes(id))
      .join();
  await stranger.until(() => words().includes("finished"), `the end of ${id}`);
  expect(words()).toContain("triggered");
  await stranger.stop();
  await server.end("SIGTERM");
  await kafka.stop();
});

describe("Redis lost while instances run", () => {
  const losses: readonly [string, (redis: RedisService) => unknown, (redis: RedisService) => unknown][] = [
    ["is killed and started again", (redis) => redis.kill9(), (redis) => redis.restart()],
    ["hangs for a while", (redis) => redis.pause(), (redis) => redis.resume()],
  ];
  /** An instance says it, and says when it is over; it does not repeat it for each lane. */
  const LINES_MAX = 40;

  test.each(losses)(
    "that %s: everything is refused with 503 and Retry-After meanwhile, nothing hangs, nothing is lost, nothing runs twice",
    async (_, lose, giveBack) => {
      const home = newHome();
      const redis = await startRedis({ appendOnly: "always" });
      const servers = await startInstances(home, 2, { REDIS_URL: redis.url });
      const [a, b] = servers as [Server, Server];
      const running = await Promise.all([start(a, "running", two("lost")), start(b, "running too", two("lost"))]);
      const waiting = await create(a, "waiting", [{ id: "only", handler: "witness" }]);
      await until("the first nodes' begin", () => home.witnessed().length === 2);
      const linesBefore = servers.map(({ stderr }) => stderr.length);

      await lose(redis);
      await Promise.all(
        servers.map((server) => until("the word that the store is away", async () => !(await healthOf(server)).store.available)),
      );
      const body = JSON.stringify({ name: "new", dag: { nodes: one } });
      const headers = { "content-type": "application/json" };
      for (const server of servers) {
        expect(await healthOf(server)).toMatchObject({ healthy: false, degraded: false });
        await expectAllRefused(
          [
            ["/ready", {}],
            ["/workflows", { method: "POST", body, headers }],
            ["/workflow", { method: "POST", body, headers: { ...headers, "idempotency-key": "once" } }],
            [`/workflows/${waiting}/trigger`, { method: "POST" }],
            [`/workflow/trigger/${waiting}`, { method: "POST" }],
            [`/workflows/${waiting}/trigger?wait=30s`, { method: "POST" }],
            [`/workflows/${waiting}`, {}],
            [`/workflows/${waiting}/results?wait=30s`, {}],
            ["/workflows", {}],
            ["/api/workflows", {}],
          ],
          server,
        );
      }
      home.open("lost");

      await giveBack(redis);
      await allReady(servers);
      for (const id of running) {
        const { status, nodes } = await endOf(a, id);
        expect([status, nodes.first?.attempts, nodes.second?.attempts]).toEqual(["COMPLETED", 1, 1]);
      }
      // A trigger that was on its way may have arrived.
      await expectJson(await fetch(`${b.url}/workflows/${waiting}/trigger?wait=30s`, { method: "POST" }), 200);
      expect((await statusOf(a, waiting)).status).toBe("COMPLETED");
      const all = [...running.flatMap((id) => [`${id}/first 1`, `${id}/second 1`]), `${waiting}/only 1`];
      expect(home.witnessed().toSorted()).toEqual(all.toSorted());
      servers.forEach((server, at) => {
        expect(server.stderr.length - (linesBefore[at] ?? 0), lastLines(server)).toBeLessThan(LINES_MAX);
      });
      await Promise.all(servers.map((server) => server.end("SIGTERM")));
      await redis.stop();
    },
  );
});

describe("what one machine ran alone goes on among several", () => {
  async function begun(home: Home): Promise<{ server: Server; done: string; waiting: string; running: string }> {
    const server = await startServer(home, { APP_DRAIN_GRACE: "60s" });
    const done = await start(server, "done", one);
    expect((await endOf(server, done)).status).toBe("COMPLETED");
    const waiting = await create(server, "waiting", [{ id: "only", handler: "witness" }]);
    const running = await start(server, "running", two("moved"));
    await until("the first node's begin", () => home.witnessed().includes(`${running}/first 1`));
    return { server, done, waiting, running };
  }

  /** What was open goes on there, under its id; what had ended is still in the file, and only there. */
  async function goesOn(home: Home, { done, waiting, running }: Awaited<ReturnType<typeof begun>>): Promise<void> {
    const [joined] = (await startInstances(home, 1, { REDIS_URL: await freshRedis() })) as [Server];
    expect((await endOf(joined, running)).status).toBe("COMPLETED");
    expect((await statusOf(joined, waiting)).status).toBe("PENDING");
    await trigger(joined, waiting);
    expect((await endOf(joined, waiting)).status).toBe("COMPLETED");
    expect((await fetch(`${joined.url}/workflows/${done}`)).status).toBe(404);
    await joined.end("SIGTERM");

    const aloneAgain = await startServer(home);
    expect((await statusOf(aloneAgain, done)).status).toBe("COMPLETED");
    for (const id of [waiting, running]) expect((await fetch(`${aloneAgain.url}/workflows/${id}`)).status).toBe(404);
    await aloneAgain.end("SIGTERM");
  }

  test("also where several instances are started at once on the folder of the one", async () => {
    const home = newHome();
    const alone = await startServer(home);
    const ids = await Promise.all(Array.from({ length: 1_000 }, () => create(alone, "one of many", one)));
    await alone.end("SIGTERM");
    const servers = await startInstances(home, 3, { REDIS_URL: await freshRedis() });
    const answers = await Promise.all(ids.map(async (id, number) => statusOf(servers[number % 3] as Server, id)));
    expect(answers.filter(({ status }) => status !== "PENDING")).toEqual([]);
    await Promise.all(servers.map((server) => server.end("SIGTERM")));
  });

  test("after SIGTERM, and nothing runs twice", async () => {
    const home = newHome();
    const before = await begun(home);
    before.server.signal("SIGTERM");
    await until("the word that it stops", () => before.server.stderr.some((line) => line.includes("Stopping")));
    home.open("moved");
    expect((await before.server.ended).exitCode).toBe(0);
    await goesOn(home, before);
    expect(home.witnessed()).toEqual([`${before.running}/first 1`, `${before.running}/second 1`, `${before.waiting}/only 1`]);
  });

  test("after kill -9, and what had begun runs again under the next number", async () => {
    const home = newHome();
    const before = await begun(home);
    await before.server.end("SIGKILL");
    home.open("moved");
    await goesOn(home, before);
    const { running, waiting } = before;
    expect(home.witnessed()).toEqual([`${running}/first 1`, `${running}/first 2`, `${running}/second 1`, `${waiting}/only 1`]);
  });
});
