/** Handlers that not every instance has: nothing fails of it, and what waits goes on where, and when, its handler is there. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freshRedis } from "../services/redis.ts";
import { create, endOf, type NodeSpec, post, start, statusOf, trigger } from "./client.ts";
import { until } from "./facts.ts";
import { allReady, warningsOf } from "./instances.ts";
import { endAll, type Environment, newHome, type Server, startServer } from "./server.ts";

/** For a busy machine: none of them waits for a time. */
setDefaultTimeout(180_000);

afterAll(endAll);

const WHERE = "run: () => process.pid";
const SPIN = "run() { const end = performance.now() + 30; while (performance.now() < end); return process.pid; }";

/** A folder with these handlers, by name: what stands in their definition. */
function folderWith(handlers: Readonly<Record<string, string>>): Environment {
  const dir = join(newHome().dir, "handlers");
  mkdirSync(dir);
  for (const [name, text] of Object.entries(handlers)) {
    const source = `import { defineHandler } from "troupe";\nexport default defineHandler({ name: "${name}", ${text} });\n`;
    writeFileSync(join(dir, `${name}.ts`), source);
  }
  return { APP_HANDLERS_DIR: dir };
}

const NONE: Environment = { APP_HANDLERS_DIR: "" };
const only = (handler: string): readonly NodeSpec[] => [{ id: "only", handler }];

/** Without what is said of this Redis. */
function ownWarnings(server: Server): readonly string[] {
  return warningsOf(server).filter((line) => !line.includes("append-only file"));
}

/** Resolves with the reason that the node tells; also holds that it waits. */
async function waits(server: Server, id: string): Promise<string> {
  return until("a reason to wait", async () => {
    const { nodes } = await statusOf(server, id);
    return nodes.only?.state === "QUEUED" ? (nodes.only.reason ?? null) : null;
  });
}

describe("of two instances with different handlers", () => {
  const home = newHome();
  const named = (name: string, redis: string, handlers: Environment): Promise<Server> =>
    startServer(home, { WORKER_ID: name, WORKER_CONCURRENCY: "1", REDIS_URL: redis, APP_REDIS_REQUIRED: "true", ...handlers });

  test("either takes a definition with what the other has, and it runs where its handler is, whoever owns it", async () => {
    const redis = await freshRedis();
    const servers = await Promise.all([
      named("plain", redis, folderWith({ of_plain: WHERE })),
      named("rich", redis, folderWith({ of_rich: WHERE })),
    ]);
    await allReady(servers);
    const nodes = [...only("of_rich"), { id: "next", handler: "of_plain", dependencies: ["only"] }];
    const ids = await Promise.all(Array.from({ length: 12 }, (_, at) => start(servers[at % 2] as Server, "both", nodes)));
    for (const id of ids) {
      const ended = await endOf(servers[0], id);
      expect([ended.error, ended.status]).toEqual([null, "COMPLETED"]);
      expect([ended.nodes.only?.output, ended.nodes.next?.output]).toEqual([servers[1].pid, servers[0].pid]);
    }
    for (const server of servers) expect(ownWarnings(server)).toEqual([]);
    await Promise.all(servers.map((server) => server.end("SIGTERM")));
  });

  test("the one without the handler claims nothing of a wide execution, and what it owns of it goes to the other", async () => {
    const redis = await freshRedis();
    const rich = await named("rich", redis, folderWith({ spin: SPIN }));
    const plain = await named("plain", redis, NONE);
    await allReady([plain, rich]);
    const wide: NodeSpec[] = [{ id: "in", handler: "noop" }];
    for (let at = 0; at < 150; at++) wide.push({ id: `w${at}`, handler: "spin", dependencies: ["in"] });
    const ids = await Promise.all([0, 1, 2, 3].map((at) => start(at % 2 === 0 ? plain : rich, "wide", wide)));
    for (const id of ids) {
      const ended = await endOf(plain, id);
      expect([ended.error, ended.status]).toEqual([null, "COMPLETED"]);
      const pids = Object.values(ended.nodes).map(({ output }) => output);
      expect(new Set(pids)).toEqual(new Set([null, rich.pid]));
    }
    await Promise.all([plain, rich].map((server) => server.end("SIGTERM")));
  });

  test("what only one has waits while that one is away, says why, and goes on when it is back; until then nobody takes more of it", async () => {
    const redis = await freshRedis();
    const mine = folderWith({ mine: WHERE });
    const [plain, rich] = await Promise.all([named("plain", redis, NONE), named("rich", redis, mine)]);
    await allReady([plain, rich]);
    const ids = await Promise.all([0, 1, 2, 3].map(() => create(plain, "waits", only("mine"))));
    await rich.end("SIGKILL");
    await until(
      "the end of the other is noticed",
      async () => (await post(plain, "/workflows", { name: "x", dag: { nodes: only("mine") } })).status === 400,
    );
    await Promise.all(ids.map((id) => trigger(plain, id)));
    for (const id of ids)
      expect(await waits(plain, id)).toBe('No instance has the handler "mine": the node waits for an instance that has it.');
    const again = await named("rich", redis, mine);
    for (const id of ids) {
      const ended = await endOf(plain, id);
      expect([ended.status, ended.nodes.only?.output, ended.nodes.only?.reason]).toEqual(["COMPLETED", again.pid, undefined]);
    }
    await Promise.all([plain, again].map((server) => server.end("SIGTERM")));
  });

  test("other limits are warned of by each", async () => {
    const redis = await freshRedis();
    const [plain, strict] = await Promise.all([named("plain", redis, NONE), named("strict", redis, { ...NONE, APP_NODES_MAX: "5" })]);
    for (const [server, other, sentence] of [
      [plain, "strict", "APP_NODES_MAX is 100000 here and 5 there"],
      [strict, "plain", "APP_NODES_MAX is 5 here and 100000 there"],
    ] as const) {
      const warning = await until("a warning", async () => warningsOf(server).find((line) => line.includes("has other limits")) ?? null);
      expect(warning).toContain(`Instance ${other} has other limits: ${sentence}.`);
    }
    await allReady([plain, strict]);
    for (const server of [plain, strict]) expect(ownWarnings(server)).toHaveLength(1);
    await Promise.all([plain, strict].map((server) => server.end("SIGTERM")));
  });
});

describe("a start without the handlers of what is open", () => {
  test("fails nothing: it waits, says why, and goes on in a thread when they are back, however often that instance crashed", async () => {
    const home = newHome();
    const mine = folderWith({ mine: WHERE });
    const first = await startServer(home, mine);
    const id = await create(first, "waits", only("mine"));
    await first.end("SIGKILL");
    for (const signal of ["SIGKILL", "SIGKILL", "SIGKILL", "SIGTERM"] as const) {
      const server = await startServer(home, NONE);
      await post(server, `/workflows/${id}/trigger`);
      expect(await waits(server, id)).toBe('No instance has the handler "mine": the node waits for an instance that has it.');
      const told = await until("the log tells of it", () => warningsOf(server).find((line) => line.includes("No instance has")) ?? null);
      expect(JSON.parse(told)).toMatchObject({ level: "warn", handler: "mine", execution: id, node: "only" });
      await server.end(signal);
    }
    const last = await startServer(home, mine);
    const ended = await endOf(last, id);
    expect(ended.status).toBe("COMPLETED");
    // A suspect would have run in a process of its own.
    expect(ended.nodes.only?.output).toBe(last.pid);
    await last.end("SIGTERM");
  });
});
