/** Handlers that misbehave in the running server, each beside an execution that does not: what becomes of either. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { create, endOf, type NodeSpec, type Status, start, statusOf, trigger } from "./client.ts";
import { until } from "./facts.ts";
import type { Way } from "./fixtures/handlers/misbehave.ts";
import { endAll, type Home, lastLines, newHome, type Server, startServer } from "./server.ts";
import { eventsOf, logsOf } from "./stored-log.ts";

const SETTINGS = { APP_ABORT_GRACE: "200ms", APP_OUTPUT_BYTES_MAX: "1MiB", APP_BASE_BACKOFF: "5" };
const LIFE_MAX = 10;

afterAll(endAll);

const culprit = (way: Way, rest: Partial<NodeSpec> = {}): readonly NodeSpec[] => [
  { id: "culprit", handler: "misbehave", config: { way }, timeout: "20s", ...rest },
  { id: "after", handler: "noop", dependencies: ["culprit"] },
];

/** Runs while the culprit does: many short nodes, and a chain that takes a while. */
const innocent: readonly NodeSpec[] = [
  ...Array.from({ length: 8 }, (_, n) => ({ id: `w${n}`, handler: "witness", config: { ms: 10 * n } })),
  ...Array.from({ length: 5 }, (_, n) => ({
    id: `n${n}`,
    handler: "witness",
    config: { ms: 30 },
    dependencies: n === 0 ? [] : [`n${n - 1}`],
  })),
];

function expectInnocence({ status, nodes }: Status): void {
  expect(status).toBe("COMPLETED");
  expect(Object.entries(nodes).filter(([id, { output }]) => (output as { readonly node: string }).node !== id)).toEqual([]);
}

describe("beside an execution that completes,", () => {
  let home: Home;
  let server: Server;
  beforeAll(async () => {
    home = newHome();
    server = await startServer(home, SETTINGS);
  });

  /** Both at once; the innocent one must complete, whatever the other does. */
  async function both(way: Way, rest: Partial<NodeSpec> = {}): Promise<{ guilty: Status; neighbour: Status }> {
    const [guilty, neighbour] = await Promise.all([start(server, way, culprit(way, rest)), start(server, `beside: ${way}`, innocent)]);
    const ends = { guilty: await endOf(server, guilty), neighbour: await endOf(server, neighbour) };
    expectInnocence(ends.neighbour);
    return ends;
  }

  test.each([
    ["throws", "handler", "thrown", 3],
    ["rejects", "handler", "rejected", 3],
    ["rejects with nothing", "handler", "undefined", 3],
    ["returns a cycle", "bad_output", "nested deeper", 1],
    ["returns a function", "bad_output", "function", 1],
    ["returns too much", "bad_output", "1048576 bytes", 1],
  ] as const)("a handler that %s fails as %s, says why, and is tried as often as that may help", async (way, kind, said, attempts) => {
    const { guilty } = await both(way);
    expect([guilty.status, guilty.failure?.node, guilty.failure?.kind]).toEqual(["FAILED", "culprit", kind]);
    expect(guilty.error).toContain(said);
    expect(guilty.nodes.culprit).toMatchObject({ state: "FAILED", attempts });
    expect(guilty.nodes.after).toMatchObject({ state: "PENDING", attempts: 0 });
  });

  test("a handler that returns a BigInt completes with all its digits", async () => {
    const { guilty } = await both("returns a BigInt");
    expect(guilty.status).toBe("COMPLETED");
    const results = await (await fetch(`${server.url}/workflows/${guilty.execution_id}/results`)).text();
    expect(results).toContain('"culprit":12345678901234567890');
  });

  test("a handler that returns undefined completes with null", async () => {
    const { guilty } = await both("returns undefined");
    expect([guilty.status, guilty.nodes.culprit?.output]).toEqual(["COMPLETED", null]);
  });

  test.each(["throws later", "rejects later"] as const)("a handler that %s has completed, and the late fault is logged", async (way) => {
    const said = server.stderr.length;
    const { guilty } = await both(way);
    expect([guilty.status, guilty.nodes.culprit?.output]).toEqual(["COMPLETED", "done"]);
    await until("the late fault in the log", () => server.stderr.slice(said).some((line) => line.includes("too late")));
  });

  test.each(["loops for ever", "never ends"] as const)("a handler that %s fails by its timeout", async (way) => {
    const { guilty } = await both(way, { timeout: "1s", retry: { max_attempts: 1 } });
    expect([guilty.status, guilty.failure?.kind, guilty.nodes.culprit?.attempts]).toEqual(["FAILED", "timeout", 1]);
  });

  test("a handler that blocks its thread for seconds completes, and its neighbours do not wait for it", async () => {
    const released = join(home.dir, "released");
    const guilty = await start(server, "blocks", culprit("blocks", { config: { way: "blocks", until: released } }));
    // It has not ended by then, and would fail by its timeout if it were waited for.
    expectInnocence(await endOf(server, await start(server, "beside: blocks", innocent)));
    writeFileSync(released, "");
    expect((await endOf(server, guilty)).status).toBe("COMPLETED");
  });

  test("more blocking handlers than threads leave room for others", async () => {
    const blocking = await Promise.all(Array.from({ length: 3 }, () => start(server, "blocks", culprit("blocks"))));
    const neighbour = await start(server, "beside three that block", innocent);
    expectInnocence(await endOf(server, neighbour));
    for (const id of blocking) expect((await endOf(server, id)).status).toBe("COMPLETED");
  });

  test("a handler that exits fails as poison, after it was alone in a process of its own", async () => {
    const { guilty } = await both("exits");
    expect([guilty.status, guilty.failure?.kind]).toEqual(["FAILED", "poison"]);
    expect(guilty.error).toContain("died");
  });

  test("the server lives on, healthy, in the same process", async () => {
    expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({ healthy: true });
    expectInnocence(await endOf(server, await start(server, "afterwards", innocent)));
    expect((await server.end("SIGTERM")).exitCode).toBe(0);
  });
});

test("a handler that aborts the whole process is found out: poison after two deaths, and its neighbours complete", async () => {
  const home = newHome();
  const { server, guilty, neighbours } = await firstLife(home);
  // As an init system does it: whenever it is gone, it is started again.
  let current = server;
  let lives = 1;
  for (;;) {
    const gone = current.ended.then(() => "gone" as const);
    const over = endOf(current, guilty).catch(() => gone);
    const what = await Promise.race([gone, over]);
    if (what !== "gone") break;
    lives += 1;
    if (lives > LIFE_MAX) throw new Error(`The server died ${LIFE_MAX} times of the same handler:\n${lastLines(current)}`);
    current = await startServer(home, SETTINGS);
  }
  expect(lives).toBe(3);
  const end = await statusOf(current, guilty);
  expect([end.status, end.failure?.kind, end.failure?.node]).toEqual(["FAILED", "poison", "culprit"]);
  for (const id of neighbours) expectInnocence(await endOf(current, id));
  expect((await current.end("SIGTERM")).exitCode).toBe(0);
  const log = (await logsOf(home, [guilty])).get(guilty) ?? [];
  expect(eventsOf(log, "owner_died").length).toBe(2);
  expect(eventsOf(log, "failed").length).toBe(1);
});

/** They are open at both deaths, so that they are suspects too, and share a child process with the culprit. */
const openForLong: readonly NodeSpec[] = Array.from({ length: 8 }, (_, n) => ({ id: `w${n}`, handler: "witness", config: { ms: 500 } }));

/** The neighbours run when the culprit begins. */
async function firstLife(home: Home): Promise<{ server: Server; guilty: string; neighbours: readonly string[] }> {
  const server = await startServer(home, SETTINGS);
  const neighbours = await Promise.all([openForLong, openForLong, innocent].map((nodes) => start(server, "innocent", nodes)));
  await until("neighbours that run", () => home.witnessed().length > openForLong.length);
  const guilty = await create(server, "aborts", culprit("aborts"));
  // The server dies of it, so the answer may be lost; but what begins was triggered durably before.
  await Promise.race([trigger(server, guilty).catch(() => server.ended), server.ended]);
  return { server, guilty, neighbours };
}
