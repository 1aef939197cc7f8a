/** Several instances work as one: whichever is asked, whoever dies, wherever Redis keeps its keys. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { freshRedis, startRedis } from "../services/redis.ts";
import { startRedisCluster } from "../services/redis-cluster.ts";
import { create, endOf, expectJson, type NodeSpec, post, resultsOf, start, statusOf } from "./client.ts";
import { until } from "./facts.ts";
import { allReady, healthOf, startInstances, warningsOf } from "./instances.ts";
import { endAll, type Home, lastLines, newHome, type Server } from "./server.ts";

/** For a busy machine: none of them waits for a time. */
setDefaultTimeout(180_000);

afterAll(endAll);

type Three = readonly [Server, Server, Server];

const one: readonly NodeSpec[] = [{ id: "only", handler: "noop" }];
const witnessed = (ms: number): NodeSpec => ({ id: "only", handler: "witness", config: { ms } });

async function three(home: Home, environment: Readonly<Record<string, string>>): Promise<Three> {
  return (await startInstances(home, 3, environment)) as unknown as Three;
}

/** Lines that are there more than once. */
function twice(lines: readonly string[]): readonly string[] {
  return lines.filter((line, at) => lines.indexOf(line) !== at);
}

describe("whichever of three instances is asked", () => {
  const home = newHome();
  let servers: Three;
  const at = (number: number): Server => servers[number % servers.length] as Server;
  beforeAll(async () => {
    servers = await three(home, { REDIS_URL: await freshRedis() });
  });

  test("a trigger reaches the owner, and the execution ends", async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, (_, number) => create(at(number), `made at ${number % 3}`, one)));
    const answers = await Promise.all(
      ids.map(async (id, number) => expectJson<{ status: string }>(await post(at(number + 1), `/workflows/${id}/trigger`), 200)),
    );
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => "triggered"));
    for (const [number, id] of ids.entries()) expect((await endOf(at(number + 2), id)).status).toBe("COMPLETED");
  });

  test("of 50 triggers at once one says that it triggered, and each node runs once", async () => {
    const id = await create(at(0), "wanted by many", [witnessed(20)]);
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, number) => {
        const response = await post(at(number), `/workflows/${id}/trigger`);
        return { code: response.status, ...((await response.json()) as { status: string; message: string }) };
      }),
    );
    expect(answers.filter(({ status }) => status === "triggered").length).toBe(1);
    // 202: its owner has not answered within two seconds, which a busy machine may need.
    expect(answers.filter(({ code }) => code !== 200 && code !== 202)).toEqual([]);
    expect((await endOf(at(1), id)).status).toBe("COMPLETED");
    expect(home.witnessed().filter((line) => line.startsWith(id))).toEqual([`${id}/only 1`]);
  });

  test("it shows every execution, its results and the same list", async () => {
    const id = await start(at(0), "read everywhere", [{ id: "only", handler: "doubled", config: { n: 21 } }]);
    await endOf(at(0), id);
    const seen = await Promise.all(
      servers.map(async (server) => ({
        status: await statusOf(server, id),
        results: await resultsOf(server, id),
        list: await (await fetch(`${server.url}/workflows?limit=5`)).json(),
        older: await (await fetch(`${server.url}/api/workflow/${id}`)).json(),
      })),
    );
    expect(seen[0]?.results).toEqual({ only: { n: 21, doubled: 42 } });
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  test("it waits for the end of what runs elsewhere", async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, (_, number) => create(at(number), "waited for", [witnessed(50)])));
    const answers = await Promise.all(
      ids.map(async (id, number) => expectJson<{ status: string }>(await post(at(number + 1), `/workflows/${id}/trigger?wait=30s`), 200)),
    );
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => "COMPLETED"));
  });

  test.each([
    ["/workflows", { name: "once", dag: { nodes: one } }, 201],
    ["/workflow", { name: "once", dag: { nodes: one } }, 200],
    ["/api/workflow", { name: "once", steps: [{ execution_type: "sequential", tasks: [{ name: "task_a" }] }] }, 202],
  ])("the same Idempotency-Key makes one execution (%s), and another body is refused", async (path, body, code) => {
    const headers = { "idempotency-key": `order-${path}` };
    const ids = await Promise.all(
      Array.from({ length: 9 }, async (_, number) => {
        const answer = await expectJson<{ execution_id?: string; workflow_id?: string }>(await post(at(number), path, body, headers), code);
        return answer.execution_id ?? answer.workflow_id;
      }),
    );
    expect(new Set(ids).size).toBe(1);
    for (const server of servers) expect((await post(server, path, { ...body, name: "another" }, headers)).status).toBe(422);
  });
});

describe("the threads of all", () => {
  const NODES = 2_000;
  const NODE_MS = 50;
  /** Much less than an even share, since two cores may be busy with anything; alone, one would have everything. */
  const SHARE_MIN = 0.1;

  test("run one execution of 2,000 nodes of 50 ms", async () => {
    const [a, b, c] = await three(newHome(), { REDIS_URL: await freshRedis(), APP_SLOTS_PER_THREAD: "4" });
    const nodes = Array.from({ length: NODES }, (_, n) => ({ id: `n${n}`, handler: "placed", config: { ms: NODE_MS } }));
    const startMs = performance.now();
    const id = await start(a, "wide", nodes);
    expect((await endOf(b, id)).status).toBe("COMPLETED");
    const tookMs = Math.round(performance.now() - startMs);
    const pids = Object.values(await resultsOf(c, id));
    const shares = [a, b, c].map(({ pid }) => pids.filter((each) => each === pid).length / NODES);
    const said = `The share of each instance: ${shares.map((share) => `${Math.round(100 * share)} %`).join(", ")}, in ${tookMs} ms.`;
    process.stderr.write(`${said}\n`);
    expect(pids.length).toBe(NODES);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
    for (const share of shares) expect(share, said).toBeGreaterThan(SHARE_MIN);
    await Promise.all([a, b, c].map((server) => server.end("SIGTERM")));
  });
});

test("on a Redis Cluster of three, executions run and one instance's death is taken over", async () => {
  const cluster = await startRedisCluster();
  const home = newHome();
  const all = await three(home, { REDIS_URL: cluster.nodes[0]?.url ?? "", APP_REDIS_CLUSTER: "true" });
  const chain: readonly NodeSpec[] = [
    { id: "first", handler: "gate", config: { gate: "cluster" } },
    { id: "second", handler: "witness", dependencies: ["first"] },
  ];
  const ids = await Promise.all(Array.from({ length: 12 }, (_, number) => start(all[number % 3] as Server, "chain", chain)));
  await until("the first node of each", () => ids.every((id) => home.witnessed().includes(`${id}/first 1`)));
  // Chance may give one of them none.
  const begun = await Promise.all(all.map(async (server) => (await healthOf(server)).pool.begun));
  const dying = begun.indexOf(Math.max(...begun));
  const [a, b] = all.filter((_, number) => number !== dying) as [Server, Server];
  await all[dying]?.end("SIGKILL");
  home.open("cluster");
  const ends = await Promise.all(ids.map((id) => endOf(a, id)));
  expect(ends.map(({ status }) => status)).toEqual(ids.map(() => "COMPLETED"));
  await allReady([a, b]);
  expect(twice(home.witnessed())).toEqual([]);
  // What the dead one ran, or owned, has begun again: never more than that, and something of it.
  const again = home.witnessed().filter((line) => line.endsWith(" 2"));
  expect(again.length).toBeGreaterThan(0);
  expect(again.filter((line) => line.includes("/second"))).toEqual([]);
  await Promise.all([a, b].map((server) => server.end("SIGTERM")));
  await cluster.stop();
});

describe("SIGTERM", () => {
  const SHORT = {
    ...{ APP_LEASE_TTL: "1500ms", APP_LEASE_RENEW: "500ms", APP_REDIS_TIMEOUT: "500ms" },
    ...{ APP_DRAIN_GRACE: "500ms", APP_ABORT_GRACE: "200ms" },
  };
  /** Until a lease has lapsed, and what a busy machine takes; an end that waited for Redis would take ten seconds. */
  const END_MS_MAX = 7_000;

  test("of one of three under load: it ends with 0, its executions go on elsewhere, and no attempt runs twice", async () => {
    const home = newHome();
    const [a, b, c] = await three(home, { REDIS_URL: await freshRedis(), APP_SLOTS_PER_THREAD: "10" });
    const nodes = Array.from({ length: 8 }, (_, n) => ({
      id: `n${n}`,
      handler: "witness",
      config: { ms: 60 },
      dependencies: n === 0 ? [] : [`n${n - 1}`],
    }));
    const ids = await Promise.all(Array.from({ length: 60 }, (_, number) => start([a, b, c][number % 3] as Server, "chain", nodes)));
    await until("a third of the attempts", () => home.witnessed().length > (ids.length * nodes.length) / 3);
    expect(await b.end("SIGTERM")).toEqual({ exitCode: 0, signal: null });
    const ends = await Promise.all(ids.map((id, number) => endOf([a, c][number % 2] as Server, id)));
    expect(ends.map(({ status }) => status)).toEqual(ids.map(() => "COMPLETED"));
    expect(home.witnessed().toSorted()).toEqual(ids.flatMap((id) => nodes.map((node) => `${id}/${node.id} 1`)).toSorted());
    await allReady([a, c]);
    await Promise.all([a, c].map((server) => server.end("SIGTERM")));
  });

  test.each([
    ["is paused", "SIGSTOP"],
    ["is gone", "SIGKILL"],
  ] as const)("while Redis %s ends the instance in its time, and what it ran goes on at the next start", async (_, signal) => {
    const home = newHome();
    const redis = await startRedis({ appendOnly: "always" });
    const environment = { REDIS_URL: redis.url, ...SHORT };
    const [server] = (await startInstances(home, 1, environment)) as [Server];
    const id = await start(server, "cut off", [{ id: "only", handler: "gate", config: { gate: "away", hears: true } }]);
    await until("the node's begin", () => home.witnessed().length === 1);
    if (signal === "SIGSTOP") redis.pause();
    else await redis.kill9();
    await until("the word that the store is away", async () => !(await healthOf(server)).store.available);
    const startMs = performance.now();
    expect(await server.end("SIGTERM")).toEqual({ exitCode: 0, signal: null });
    const tookMs = performance.now() - startMs;
    expect(tookMs).toBeLessThan(END_MS_MAX);
    expect(warningsOf(server).length, lastLines(server)).toBeLessThan(10);
    if (signal === "SIGSTOP") redis.resume();
    else await redis.restart();
    home.open("away");
    const [next] = (await startInstances(home, 1, environment)) as [Server];
    expect((await endOf(next, id)).status).toBe("COMPLETED");
    expect(twice(home.witnessed())).toEqual([]);
    await next.end("SIGTERM");
    await redis.stop();
  });
});
