/** A Redis that is full: readiness says so, nothing is lost, and it comes back by itself when retention has made room. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { askRedis, startRedis } from "../services/redis.ts";
import { create, endOf, expectJson, type NodeSpec, post, start, summaryOf } from "./client.ts";
import { until } from "./facts.ts";
import { healthOf, readinessOf, startInstances } from "./instances.ts";
import { endAll, newHome, type Server, startServer } from "./server.ts";

afterAll(endAll);
setDefaultTimeout(120_000);

const gated: readonly NodeSpec[] = [
  { id: "first", handler: "gate", config: { gate: "go" } },
  { id: "second", handler: "witness", dependencies: ["first"] },
];
const large: readonly NodeSpec[] = [{ id: "only", handler: "noop", config: { text: "x".repeat(100_000) } }];
const LARGE_ONES = 40;

test("Redis that is full: instances stay and start, say why nothing new is taken, and go on by themselves when there is room", async () => {
  const redis = await startRedis();
  const ask = (command: string, ...args: readonly string[]) => askRedis(redis.port, command, ...args);
  const used = async () => Number(/used_memory:(\d+)/.exec(String(await ask("INFO", "memory")))?.[1]);
  const home = newHome();
  const environment = { REDIS_URL: redis.url, APP_RETENTION: "12s", APP_RETENTION_UNTRIGGERED: "1h" };
  const [first] = (await startInstances(home, 1, environment)) as [Server];
  const running = await start(first, "runs", gated);
  const untriggered = await create(first, "waits", gated);
  const ended = await Promise.all(Array.from({ length: LARGE_ONES }, () => start(first, "ends", large)));
  await Promise.all(ended.map((id) => endOf(first, id)));

  // What has ended, and nothing else, is what there is no room for.
  await ask("CONFIG", "SET", "maxmemory", String((await used()) - 1_000_000));
  const sentence = await until("an instance that is not ready", async () => {
    const response = await fetch(`${first.url}/ready`);
    return response.status === 503 ? ((await response.json()) as { detail: string }).detail : null;
  });
  expect(sentence).toMatch(/^Redis is full .*\.$/);
  home.open("go");
  expect((await healthOf(first)).cluster?.lanes).toBe(64);
  const refused = await post(first, "/workflows", { name: "new", dag: { nodes: gated } });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(((await refused.json()) as { detail: string }).detail).toContain("Redis is full");
  const second = await startServer(home, { ...environment, WORKER_ID: "second" });
  await until("lanes of the second", async () => ((await healthOf(second)).cluster?.lanes ?? 0) > 0);

  // Nobody does anything.
  await until("instances that are ready", async () => (await readinessOf(first)) === 200 && (await readinessOf(second)) === 200, 60_000);
  expect((await endOf(first, running)).status).toBe("COMPLETED");
  // No node has run twice: what was refused was only written later.
  expect(home.witnessed()).toEqual([`${running}/first 1`, `${running}/second 1`]);
  expect((await summaryOf(second, untriggered)).status).toBe("PENDING");
  await expectJson(await post(second, `/workflows/${untriggered}/trigger`, {}), 200);
  expect((await endOf(second, untriggered)).status).toBe("COMPLETED");
  expect((await fetch(`${second.url}/workflows/${ended[0]}`)).status).toBe(404);
  const said = [...first.stderr, ...second.stderr].join("\n");
  expect(said).toContain("The store is full");
  expect(said).not.toContain("cannot be renewed");
  await Promise.all([first.end("SIGTERM"), second.end("SIGTERM")]);
  await redis.stop();
});
