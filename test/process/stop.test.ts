/** SIGTERM and SIGINT: nothing new begins, what runs may finish, nothing counts as a death, and the next start goes on. */
import { afterAll, describe, expect, test } from "bun:test";
import { create, endOf, type NodeSpec, post, start, statusOf } from "./client.ts";
import { until } from "./facts.ts";
import { eventsOf, type Logged, logsOf } from "./stored-log.ts";
import { endAll, type Home, launch, newHome, type Server, startServer } from "./server.ts";

afterAll(endAll);

const LONG_GRACE = { APP_DRAIN_GRACE: "60s" };
const SHORT_GRACE = { APP_DRAIN_GRACE: "300ms", APP_ABORT_GRACE: "300ms" };

const gated = (config: { readonly gate: string; readonly hears?: boolean }): readonly NodeSpec[] => [
  { id: "first", handler: "gate", config },
  { id: "second", handler: "witness", dependencies: ["first"] },
];

/** Starts an execution whose first node waits for its gate, and waits until it runs. */
async function startGated(home: Home, server: Server, config: { readonly gate: string; readonly hears?: boolean }): Promise<string> {
  const id = await start(server, "gated", gated(config));
  await until("the first node's begin", () => home.witnessed().includes(`${id}/first 1`));
  return id;
}

/** Until it has said that it heard: from then on it is stopping. */
async function stopping(server: Server): Promise<void> {
  server.signal("SIGTERM");
  await until("the word that it stops", () => server.stderr.some((line) => line.includes("Stopping")));
}

async function logOf(home: Home, id: string): Promise<readonly Logged[]> {
  return (await logsOf(home, [id])).get(id) ?? [];
}

/** Lost attempts that count as deaths, and dead owners. */
function deathsIn(log: readonly Logged[]): readonly Logged[] {
  return [...eventsOf(log, "owner_died"), ...eventsOf(log, "lost").filter(([, , , , death]) => death !== 0)];
}

describe("SIGTERM", () => {
  test("with a delay turns /ready to 503 at once and goes on as usual until the delay is over", async () => {
    const server = await startServer(newHome(), { APP_DRAIN_DELAY: "2s" });
    server.signal("SIGTERM");
    await until("the word that it is about to stop", () => server.stderr.some((line) => line.includes("About to stop")));
    expect((await fetch(`${server.url}/ready`)).status).toBe(503);
    const id = await start(server, "late", [{ id: "only", handler: "noop" }]);
    expect((await endOf(server, id)).status).toBe("COMPLETED");
    expect((await server.ended).exitCode).toBe(0);
  });

  test("refuses new work with 503, still answers reads, lets an attempt finish, and exits with 0; the next start goes on", async () => {
    const home = newHome();
    const server = await startServer(home, LONG_GRACE);
    const id = await startGated(home, server, { gate: "a" });
    const waiting = await create(server, "never triggered", [{ id: "only", handler: "witness" }]);
    await stopping(server);

    const refused = [
      await post(server, "/workflows", { name: "new", dag: { nodes: [{ id: "only", handler: "noop" }] } }),
      await post(server, "/api/workflow", { name: "new", steps: [{ execution_type: "sequential", tasks: [{ name: "task_a" }] }] }),
      await post(server, `/workflows/${waiting}/trigger`),
      await fetch(`${server.url}/ready`),
    ];
    for (const response of refused) {
      expect([response.url, response.status]).toEqual([response.url, 503]);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    const health = await fetch(`${server.url}/health`);
    expect([health.status, await health.json()]).toMatchObject([200, { status: "stopping", healthy: false }]);
    expect((await statusOf(server, id)).status).toBe("RUNNING");

    home.open("a");
    expect(await server.ended).toEqual({ exitCode: 0, signal: null });

    const again = await startServer(home);
    const { status, nodes } = await endOf(again, id);
    expect([status, nodes.first, nodes.second]).toMatchObject(["COMPLETED", { attempts: 1 }, { attempts: 1 }]);
    expect((await statusOf(again, waiting)).status).toBe("PENDING");
    await again.end("SIGTERM");
    expect(home.witnessed()).toEqual([`${id}/first 1`, `${id}/second 1`]);
    expect(deathsIn(await logOf(home, id))).toEqual([]);
  });

  test.each([
    { hears: true, what: "hears its abort signal" },
    { hears: false, what: "hears nothing" },
  ])(
    "aborts an attempt that outlives the grace period and $what; it comes again under the next number, and is no suspect",
    async ({ hears }) => {
      const home = newHome();
      const server = await startServer(home, SHORT_GRACE);
      const id = await startGated(home, server, { gate: "b", hears });
      expect(await server.end("SIGTERM")).toEqual({ exitCode: 0, signal: null });
      const log = await logOf(home, id);
      expect(deathsIn(log)).toEqual([]);
      expect([...eventsOf(log, "failed"), ...eventsOf(log, "completed"), ...eventsOf(log, "finished")]).toEqual([]);

      home.open("b");
      const again = await startServer(home);
      const { status, nodes } = await endOf(again, id);
      expect([status, nodes.first]).toMatchObject(["COMPLETED", { attempts: 2, output: { attempt: 2 } }]);
      await again.end("SIGTERM");
      expect(home.witnessed()).toEqual([`${id}/first 1`, `${id}/first 2`, `${id}/second 1`]);
      expect(deathsIn(await logOf(home, id))).toEqual([]);
    },
  );

  test("never makes a suspect of an attempt, however often the server is stopped around it", async () => {
    const home = newHome();
    let id = "";
    for (let attempt = 1; attempt <= 4; attempt++) {
      const server = await startServer(home, SHORT_GRACE);
      if (id === "") id = await start(server, "gated", gated({ gate: "c" }));
      await until(`attempt ${attempt}`, () => home.witnessed().includes(`${id}/first ${attempt}`));
      expect((await server.end("SIGTERM")).exitCode).toBe(0);
    }
    home.open("c");
    const server = await startServer(home);
    expect(await endOf(server, id)).toMatchObject({ status: "COMPLETED", nodes: { first: { attempts: 5 } } });
    await server.end("SIGTERM");
    expect(deathsIn(await logOf(home, id))).toEqual([]);
  });

  test("is heard while executions are taken over, and counts as a death of none", async () => {
    const home = newHome();
    const first = await startServer(home, SHORT_GRACE);
    const id = await startGated(home, first, { gate: "f" });
    await first.end("SIGTERM");
    for (let time = 0; time < 3; time++) {
      const run = launch(home, SHORT_GRACE);
      await until("the take-over", () => run.stderr.some((line) => line.includes("Unfinished executions go on")));
      expect(await run.end("SIGTERM")).toEqual({ exitCode: 0, signal: null });
    }
    expect(deathsIn(await logOf(home, id))).toEqual([]);
    home.open("f");
    const last = await startServer(home);
    expect((await endOf(last, id)).status).toBe("COMPLETED");
    await last.end("SIGTERM");
  });

  test("told twice in one moment, as Ctrl-C under npm does it, is one wish: what runs may finish", async () => {
    const home = newHome();
    const server = await startServer(home, LONG_GRACE);
    const id = await startGated(home, server, { gate: "g" });
    server.signal("SIGINT");
    server.signal("SIGTERM");
    await until("the word that it stops", () => server.stderr.some((line) => line.includes("Stopping")));
    home.open("g");
    expect(await server.ended).toEqual({ exitCode: 0, signal: null });
    const again = await startServer(home);
    expect(await endOf(again, id)).toMatchObject({ status: "COMPLETED", nodes: { first: { attempts: 1 } } });
    await again.end("SIGTERM");
  });

  test("ends an idle server without waiting for the grace period", async () => {
    const server = await startServer(newHome(), LONG_GRACE);
    await fetch(`${server.url}/health`);
    expect(await server.end("SIGTERM")).toEqual({ exitCode: 0, signal: null });
  });

  test("answers those who wait for an end that does not come any more", async () => {
    const home = newHome();
    const server = await startServer(home, SHORT_GRACE);
    const id = await startGated(home, server, { gate: "d", hears: true });
    const waited = fetch(`${server.url}/workflows/${id}/results?wait=60s`);
    await fetch(`${server.url}/health`);
    expect((await server.end("SIGTERM")).exitCode).toBe(0);
    expect(await (await waited).json()).toMatchObject({ status: "RUNNING", completed: false });
  });
});

test.each([
  ["SIGTERM", "SIGTERM"],
  ["SIGTERM", "SIGINT"],
  ["SIGINT", "SIGINT"],
] as const)("%s and then %s ends at once, and what ran comes again", async (first, second) => {
  const home = newHome();
  const server = await startServer(home, LONG_GRACE);
  const id = await startGated(home, server, { gate: "e" });
  server.signal(first);
  await until("the word that it stops", () => server.stderr.some((line) => line.includes("Stopping")));
  // For a second it would be the same wish, told twice.
  const gone = server.ended.then(() => true);
  await until("the end", () => {
    server.signal(second);
    return Promise.race([gone, Bun.sleep(20).then(() => false)]);
  });
  expect(await server.ended).toEqual({ exitCode: 130, signal: null });
  home.open("e");
  const again = await startServer(home);
  expect(await endOf(again, id)).toMatchObject({ status: "COMPLETED", nodes: { first: { attempts: 2 } } });
  await again.end("SIGTERM");
});
