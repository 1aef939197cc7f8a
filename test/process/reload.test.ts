/** Users' handlers in a server that runs: read once, and again when it is asked for. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { create, endOf, type NodeSpec, post, start, summaryOf } from "./client.ts";
import { until } from "./facts.ts";
import { endAll, type Environment, type Home, launch, newHome, readiness as listening, type Server, startServer } from "./server.ts";

afterAll(endAll);

const MANY = 20;

/** Answers a word, ends its thread, or waits for a file. */
const source = (word: string): string => `
import { existsSync } from "node:fs";
import { defineHandler } from "troupe";
import { word } from "./_word.ts";
export default defineHandler({
  name: "say",
  async run({ way, gate }) {
    if (way === "exits") process.exit(0);
    while (gate !== undefined && !existsSync(String(gate))) await Bun.sleep(2);
    return word + ${JSON.stringify(word)};
  },
});
`;

type Scene = { readonly home: Home; readonly server: Server; write(name: string, text: string): void; writeBoth(word: string): void };

async function scene(environment: Environment = {}): Promise<Scene> {
  const home = newHome();
  const dir = join(home.dir, "handlers");
  mkdirSync(dir);
  const write = (name: string, text: string): void => writeFileSync(join(dir, name), text);
  const writeBoth = (word: string): void => {
    write("_word.ts", `export const word = "${word}/";`);
    write("say.ts", source(word));
  };
  writeBoth("old");
  const server = await startServer(home, { APP_HANDLERS_DIR: dir, APP_BASE_BACKOFF: "5", ...environment });
  return { home, server, write, writeBoth };
}

/** What many attempts say, each word once: they run in all threads. */
async function words(server: Server): Promise<readonly unknown[]> {
  const nodes: NodeSpec[] = Array.from({ length: MANY }, (_, n) => ({ id: `n${n}`, handler: "say" }));
  const end = await endOf(server, await start(server, "says", nodes));
  return [...new Set(Object.values(end.nodes).map(({ output }) => output))];
}

/** Resolves when a thread has died of it. */
async function endThread(server: Server): Promise<void> {
  const said = server.stderr.length;
  await start(server, "exits", [{ id: "culprit", handler: "say", config: { way: "exits" } }]);
  await until("the end of a thread", () => server.stderr.slice(said).some((line) => line.includes("died")));
}

function heard(server: Server, from: number, words: string): Promise<string> {
  return until(`"${words}" in the log`, () => server.stderr.slice(from).find((line) => line.includes(words)) ?? null);
}

async function hangUp(server: Server, answer: string): Promise<string> {
  const said = server.stderr.length;
  server.signal("SIGHUP");
  return heard(server, said, answer);
}

async function readiness(server: Server): Promise<[number, string]> {
  const answer = await fetch(`${server.url}/ready`);
  return [answer.status, await answer.text()];
}

describe("an edited handler", () => {
  test("goes live also where SIGHUP comes while the server starts: it ends nothing", async () => {
    const home = newHome();
    const dir = join(home.dir, "handlers");
    const [loads, gate] = [join(home.dir, "loads"), join(home.dir, "gate")];
    mkdirSync(dir);
    const slow = `import { existsSync, writeFileSync } from "node:fs"; writeFileSync("${loads}", ""); while (!existsSync("${gate}")) await Bun.sleep(2);`;
    writeFileSync(join(dir, "_word.ts"), 'export const word = "early/";');
    writeFileSync(join(dir, "say.ts"), `${slow}${source("early")}`);
    const run = launch(home, { APP_HANDLERS_DIR: dir });
    await until("the loading of the handlers", () => existsSync(loads));
    writeFileSync(join(dir, "say.ts"), source("late"));
    run.signal("SIGHUP");
    writeFileSync(gate, "");
    const server = await listening(run);
    await heard(server, 0, "were loaded again");
    expect(await words(server)).toEqual(["early/late"]);
  });

  test("goes live in no thread by itself, also not in one that is replaced; at SIGHUP in all, and what runs ends with the old one", async () => {
    const { home, server, writeBoth } = await scene();
    const gate = join(home.dir, "gates", "late");
    const late = await start(server, "late", [{ id: "only", handler: "say", config: { gate } }]);
    await until("its begin", async () => (await summaryOf(server, late)).status === "RUNNING");
    writeBoth("new");
    await endThread(server);
    expect(await words(server)).toEqual(["old/old"]);
    await hangUp(server, "were loaded again");
    expect(await words(server)).toEqual(["new/new"]);
    home.open("late");
    // It may have run in the thread that ended: then again, with the code of its second begin.
    expect(["old/old", "new/new"]).toContain((await endOf(server, late)).nodes.only?.output as string);
    expect((await server.end("SIGTERM")).exitCode).toBe(0);
  });

  test("in flight at a reload ends with the old code", async () => {
    const { home, server, writeBoth } = await scene();
    const late = await start(server, "late", [{ id: "only", handler: "say", config: { gate: join(home.dir, "gates", "late") } }]);
    const running = async (): Promise<boolean> => {
      const { pool } = (await (await fetch(`${server.url}/health`)).json()) as { readonly pool: { readonly begun: number } };
      return pool.begun === 1;
    };
    await until("its begin", running);
    writeBoth("new");
    await hangUp(server, "were loaded again");
    expect(await words(server)).toEqual(["new/new"]);
    home.open("late");
    expect((await endOf(server, late)).nodes.only?.output).toBe("old/old");
    await server.end("SIGTERM");
  });

  test("that cannot be loaded leaves the old one, with the file, the line and the reason in the log; threads are replaced, readiness stays", async () => {
    const { server, write } = await scene();
    write("say.ts", "import { defineHandler } from 'troupe';\nexport default defineHandler({{{\n");
    const line = JSON.parse(await hangUp(server, "were not loaded again")) as {
      readonly level: string;
      readonly faults: readonly string[];
    };
    expect(line.level).toBe("error");
    expect(line.faults[0]).toMatch(/say\.ts cannot be loaded: line 2, column \d+: Expected/);
    await endThread(server);
    await endThread(server);
    expect(await words(server)).toEqual(["old/old"]);
    await until("that it is ready", async () => (await readiness(server))[0] === 200);
    await server.end("SIGTERM");
  });

  test("that throws while it loads leaves the old one in all threads", async () => {
    const { server, write } = await scene();
    write("say.ts", 'throw new Error("no key for the shop");');
    expect(await hangUp(server, "were not loaded again")).toContain("no key for the shop");
    expect(await words(server)).toEqual(["old/old"]);
    await server.end("SIGTERM");
  });
});

test("a name that comes with a reload is known from then on, and one that goes is not", async () => {
  const { server, write } = await scene();
  const one = (handler: string): object => ({ name: "one", dag: { nodes: [{ id: "only", handler }] } });
  write("say.ts", source("renamed").replace('name: "say"', 'name: "tell"'));
  expect((await post(server, "/workflows", one("tell"))).status).not.toBe(201);
  await hangUp(server, "were loaded again");
  const id = await create(server, "told", [{ id: "only", handler: "tell" }]);
  expect((await post(server, `/workflows/${id}/trigger`)).status).toBe(200);
  expect((await endOf(server, id)).nodes.only?.output).toBe("old/renamed");
  expect((await post(server, "/workflows", one("say"))).status).not.toBe(201);
  await server.end("SIGTERM");
});

test("watched, a folder is loaded again at each change, and a change that cannot be loaded is told", async () => {
  const { server, write, writeBoth } = await scene({ APP_HANDLERS_WATCH: "true" });
  writeBoth("new");
  await heard(server, 0, "were loaded again");
  await until("the new words", async () => (await words(server)).join() === "new/new");
  write("say.ts", "{{{");
  await heard(server, 0, "were not loaded again");
  expect(await words(server)).toEqual(["new/new"]);
  write("say.ts", source("third"));
  await until("the third words", async () => (await words(server)).join() === "new/third");
  await server.end("SIGTERM");
});

test("without a thread that can run nodes it is not ready, says why, and is ready again when one is there", async () => {
  const { home, server, write } = await scene({ WORKER_CONCURRENCY: "1" });
  const trouble = join(home.dir, "trouble");
  write(
    "say.ts",
    `import { existsSync } from "node:fs";\nif (existsSync(${JSON.stringify(trouble)})) throw new Error("in trouble");\n${source("old")}`,
  );
  await hangUp(server, "were loaded again");
  writeFileSync(trouble, "");
  await endThread(server);
  const [status, said] = await until("that it is not ready", async () => {
    const answer = await readiness(server);
    return answer[0] !== 200 && answer;
  });
  expect([status, said]).toEqual([503, expect.stringContaining("No thread")]);
  await heard(server, 0, "in trouble");
  rmSync(trouble);
  await until("that it is ready again", async () => (await readiness(server))[0] === 200);
  expect(await words(server)).toEqual(["old/old"]);
  await server.end("SIGTERM");
});
