/** Starting: what is refused, with which words, and what is only warned of. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { create, endOf, start } from "./client.ts";
import { until } from "./facts.ts";
import { endAll, type Environment, launch, newHome, type Server, startRefused, startServer } from "./server.ts";

afterAll(endAll);

const one = [{ id: "only", handler: "noop" }];

/** A folder with these modules, by their names. */
function handlersWith(modules: Readonly<Record<string, string>>): Environment {
  const dir = join(newHome().dir, "handlers");
  mkdirSync(dir);
  for (const [name, source] of Object.entries(modules)) writeFileSync(join(dir, name), source);
  return { APP_HANDLERS_DIR: dir };
}

const handler = (name: string) =>
  `import { defineHandler } from "troupe";\nexport default defineHandler({ name: "${name}", run: () => "of ${name}" });\n`;

function warningsOf(server: Server): readonly string[] {
  return server.stderr.filter((line) => line.includes('"level":"warn"'));
}

async function answer(server: Server, path: string): Promise<[number, Record<string, unknown>]> {
  const response = await fetch(`${server.url}${path}`);
  return [response.status, (await response.json()) as Record<string, unknown>];
}

describe("a start is refused with exit code 1 and says", () => {
  test("every wrong setting at once", async () => {
    const { exitCode, said } = await startRefused(newHome(), {
      PORT: "99999",
      WORKER_CONCURRENCY: "none",
      APP_MOCK_LATENCY_MS: "9-1",
      APP_STORE: "paper",
      LOG_LEVEL: "chatty",
    });
    expect(exitCode).toBe(1);
    for (const fault of [
      'PORT is "99999"',
      'WORKER_CONCURRENCY is "none"',
      'APP_MOCK_LATENCY_MS is "9-1"',
      'APP_STORE is "paper"',
      'LOG_LEVEL is "chatty"',
    ]) {
      expect(said).toContain(fault);
    }
  });

  test("that another Troupe uses the folder, which is free at once after kill -9", async () => {
    const home = newHome();
    const server = await startServer(home);
    const id = await create(server, "kept", one);
    const second = await startRefused(home);
    expect(second.exitCode).toBe(1);
    expect(second.said).toContain(`Another Troupe uses ${home.dataDir}`);
    expect(second.said).toContain("APP_DATA_DIR");
    expect((await answer(server, "/health"))[1]).toMatchObject({ healthy: true });
    await server.end("SIGKILL");

    const next = await startServer(home);
    expect((await answer(next, `/workflows/${id}`))[1]).toMatchObject({ status: "PENDING" });
    await next.end("SIGTERM");
  });

  test("that the port is taken, and by which setting to choose another", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { readonly port: number };
    const { exitCode, said } = await startRefused(newHome(), { PORT: String(port) });
    taken.close();
    expect(exitCode).toBe(1);
    expect(said).toContain(`Port ${port} on 127.0.0.1 is taken`);
    expect(said).toContain("PORT=");
  });

  test("that the host is not an address of this machine", async () => {
    const { exitCode, said } = await startRefused(newHome(), { HOST: "192.0.2.1" });
    expect(exitCode).toBe(1);
    expect(said).toContain("HOST=192.0.2.1 is not an address of this machine");
  });

  test("which folder it cannot write to", async () => {
    const home = newHome();
    const file = join(home.dir, "a-file");
    writeFileSync(file, "");
    for (const dataDir of [file, join(file, "data")]) {
      const { exitCode, said } = await startRefused(home, { APP_DATA_DIR: dataDir });
      expect(exitCode).toBe(1);
      expect(said).toContain(`Cannot write to the data folder ${dataDir}`);
    }
  });

  test("that the file of the store is none", async () => {
    const home = newHome();
    mkdirSync(home.dataDir);
    writeFileSync(join(home.dataDir, "troupe.db"), "This is a letter to my aunt.".repeat(1_000));
    const { exitCode, said } = await startRefused(home);
    expect(exitCode).toBe(1);
    expect(said).toContain(`Cannot use ${join(home.dataDir, "troupe.db")}`);
  });

  test("that Redis is required and cannot be used", async () => {
    const { exitCode, said } = await startRefused(newHome(), { REDIS_URL: "redis://127.0.0.1:1", APP_REDIS_REQUIRED: "true" });
    expect(exitCode).toBe(1);
    expect(said).toContain("APP_REDIS_REQUIRED");
  });

  test.each(["nowhere", "./handlers"])("that the folder of handlers which was named (%s) is not there", async (named) => {
    const home = newHome();
    const { exitCode, said } = await startRefused(home, { APP_HANDLERS_DIR: named });
    expect(exitCode).toBe(1);
    expect(said).toContain(`There is no folder ${join(home.dir, named)} (APP_HANDLERS_DIR)`);
  });

  test.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    [
      "has a syntax error, and where",
      { "broken.ts": "\nexport default {{{\n" },
      ["broken.ts cannot be loaded: line 2, column 17: Expected"],
    ],
    ["throws while it loads", { "thrower.ts": 'throw new Error("no key for the shop");\n' }, ["thrower.ts", "no key for the shop"]],
    ["imports what is not there", { "lonely.ts": 'import "not-installed-anywhere";\n' }, ["lonely.ts", "not-installed-anywhere"]],
    ["has a default export that is no handler", { "plain.ts": "export default { name: 'x', run() {} };\n" }, ["plain.ts", "defineHandler"]],
    ["has a name that two have", { "a.ts": handler("mine"), "b.ts": handler("mine") }, ['"mine"', "a.ts", "b.ts", "twice"]],
    ["has the name of a built-in one", { "noop.ts": handler("noop") }, ['"noop"', "noop.ts", "twice"]],
    ["is one of several with faults", { "broken.ts": "{{{", "thrower.ts": "throw 1" }, ["broken.ts", "thrower.ts"]],
  ])("which handler module %s", async (_, modules, words) => {
    const { exitCode, said } = await startRefused(newHome(), handlersWith(modules));
    expect(exitCode).toBe(1);
    for (const word of words) expect(said).toContain(word);
    expect(said).not.toContain("    at ");
    expect(said).not.toContain("next try");
  });
});

describe("a start goes on, and warns", () => {
  test("of settings that begin with APP_ and are none", async () => {
    const server = await startServer(newHome(), { APP_DATADIR: "x", APP_LLM_KEY: "y", OTHER: "z" });
    const warnings = warningsOf(server);
    expect(warnings.filter((line) => line.includes("APP_DATADIR")).length).toBe(1);
    expect(warnings.filter((line) => line.includes("APP_LLM_KEY")).length).toBe(1);
    expect(warnings.length).toBe(2);
    await server.end("SIGTERM");
  });

  test.each<[string, Environment]>([
    ["Redis", { REDIS_URL: "redis://127.0.0.1:1" }],
    ["Kafka", { KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1" }],
  ])("that it runs without %s: degraded, not ready, and it works all the same", async (service, environment) => {
    const server = await startServer(newHome(), environment);
    expect(warningsOf(server).filter((line) => line.includes(service)).length).toBe(1);
    expect(await answer(server, "/health")).toMatchObject([200, { healthy: true, degraded: true }]);
    expect((await answer(server, "/ready"))[0]).toBe(503);
    expect((await endOf(server, await start(server, "alone", one))).status).toBe("COMPLETED");
    await server.end("SIGTERM");
  });

  test("of nothing where nothing is set: ready, not degraded, handlers' folder missing", async () => {
    const home = newHome();
    const server = await startServer(home, { APP_HANDLERS_DIR: "" });
    expect(warningsOf(server)).toEqual([]);
    expect(await answer(server, "/health")).toMatchObject([200, { healthy: true, degraded: false }]);
    expect(await answer(server, "/ready")).toEqual([200, { ready: true }]);
    expect(server.stdout.join("\n")).toContain(`${server.url}/docs`);
    await server.end("SIGTERM");
  });
});

test.each([
  ["waits for ever", "await new Promise(() => undefined);"],
  ["loops for ever", "for (;;);"],
])("a start that hangs, since a handler's module %s, is ended by SIGTERM", async (_, line) => {
  const home = newHome();
  const mark = join(home.dir, "loading");
  const source = `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(mark)}, "");\n${line}\n`;
  const run = launch(home, handlersWith({ "endless.ts": source }));
  await until("the module's begin", () => existsSync(mark));
  expect(await run.end("SIGTERM")).toEqual({ exitCode: null, signal: "SIGTERM" });
});

test("a user's handlers come from the folder that is set, and from ./handlers where none is", async () => {
  const home = newHome();
  mkdirSync(join(home.dir, "handlers"));
  writeFileSync(join(home.dir, "handlers", "greet.ts"), handler("greet"));
  writeFileSync(join(home.dir, "handlers", "_unfinished.ts"), "{{{");
  for (const environment of [
    { APP_HANDLERS_DIR: "" },
    { APP_HANDLERS_DIR: "handlers" },
    { APP_HANDLERS_DIR: join(home.dir, "handlers") },
  ]) {
    const server = await startServer(home, environment);
    const end = await endOf(server, await start(server, "greets", [{ id: "hello", handler: "greet" }]));
    expect([end.status, end.nodes.hello?.output]).toEqual(["COMPLETED", "of greet"]);
    await server.end("SIGTERM");
  }
});

test("a store in memory forgets everything at the end, and leaves no file", async () => {
  const home = newHome();
  const server = await startServer(home, { APP_STORE: "memory" });
  const id = await start(server, "forgotten", one);
  expect((await endOf(server, id)).status).toBe("COMPLETED");
  await server.end("SIGTERM");
  const again = await startServer(home, { APP_STORE: "memory" });
  expect((await answer(again, `/workflows/${id}`))[0]).toBe(404);
  expect(() => mkdirSync(home.dataDir)).not.toThrow();
  await again.end("SIGTERM");
});
