/** Holds the house to its plan: the table of rooms, packages, seams, sizes and names. Each rule is also shown to have teeth. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ORDERS, ROOMS, TEST_FOLDERS } from "./architecture/house.ts";
import { describeViolations, violationsAmong, violationsOf } from "./architecture/rules.ts";
import { scan } from "./architecture/scan.ts";

const root = join(import.meta.dir, "..");
const files = [...new Bun.Glob("{src,test,bench,examples,scripts}/**/*.{ts,tsx,js}").scanSync({ cwd: root })].sort();

test("every file keeps the rules of the house", () => {
  expect(files.length).toBeGreaterThan(20);
  const sources = new Map(files.map((file) => [file.replaceAll("\\", "/"), readFileSync(join(root, file), "utf8")]));
  const violations = [...sources].flatMap(([file, source]) => violationsOf(file, source));
  expect(describeViolations([...violations, ...violationsAmong(sources)])).toBe("");
});

/** A file with the comment that every file begins with. */
function rulesBrokenBy(file: string, ...lines: string[]): string[] {
  return violationsOf(file, ["/** Why it exists. */", ...lines, ""].join("\n")).map(({ rule, line }) => `${rule} in line ${line}`);
}

/** The same import, with its values and for its types alone. */
function brokenByImport(file: string, specifier: string): string[][] {
  return [`import { x } from "${specifier}";`, `import type { X } from "${specifier}";`].map((line) => rulesBrokenBy(file, line));
}

describe("the table of rooms", () => {
  const refused: [string, string][] = [
    ["src/env/clock.ts", "../workflow/execution/status.ts"],
    ["src/workflow/execution/decide.ts", "../../env/clock.ts"],
    ["src/handlers/built-in/llm.ts", "../../pool/pool.ts"],
    ["src/pool/host/host.ts", "../../handlers/registry.ts"],
    ["src/store/memory/memory-store.ts", "../../bus/event-stream.ts"],
    ["src/bus/relay/relay.ts", "../../actors/supervisors.ts"],
    ["src/bus/memory/doorbell.ts", "../../store/redis/calls/connection.ts"],
    ["src/views/views.ts", "../actors/supervisors.ts"],
    ["src/node/node.ts", "../store/store.ts"],
    ["src/actors/execution/supervisor.ts", "../../pool/thread-pool.ts"],
    ["src/actors/execution/supervisor.ts", "../../handlers/registry.ts"],
    ["src/actors/system/actor.ts", "../../engine/engine.ts"],
    ["src/cluster/ownership.ts", "../actors/supervisors.ts"],
    ["src/cluster/lanes/sweeps.ts", "../../pool/pool.ts"],
    ["src/cluster/policy/lease.ts", "../../pool/pool.ts"],
    ["src/cluster/commands/remote-commands.ts", "../../engine/engine.ts"],
    ["src/engine/start.ts", "../handlers/registry.ts"],
    ["src/engine/start.ts", "../pool/thread-pool.ts"],
    ["src/engine/shared-views.ts", "../http/app.ts"],
    ["src/engine/engine.ts", "../main.ts"],
    ["src/http/app.ts", "../store/store.ts"],
    ["src/http/app.ts", "../engine/start.ts"],
    ["src/http/app.ts", "../workflow/execution/decide.ts"],
    ["src/http/dialects/steps.ts", "../../actors/supervisors.ts"],
    ["src/pool/thread-pool.ts", "../thread.ts"],
    ["src/wiring/open-store.ts", "../http/server.ts"],
    ["src/thread.ts", "./store/store.ts"],
    ["src/main.ts", "./pool/thread-pool.ts"],
    ["src/main.ts", "../test/env/log/recording-log.ts"],
  ];
  test.each(refused)("%s may not import %s", (file, specifier) => {
    expect(brokenByImport(file, specifier)).toEqual([["imports in line 2"], ["imports in line 2"]]);
  });

  const allowed: [string, string][] = [
    ["src/workflow/execution/decide.ts", "./status.ts"],
    ["src/handlers/failures.ts", "../workflow/execution/failure.ts"],
    ["src/bus/relay/relay.ts", "../../store/store.ts"],
    ["src/bus/redis/doorbell.ts", "../../store/redis/calls/connection.ts"],
    ["src/actors/execution/supervisor.ts", "../../pool/pool.ts"],
    ["src/node/node.ts", "../handlers/registry.ts"],
    ["src/cluster/overflow/offers.ts", "../../pool/pool.ts"],
    ["src/cluster/lanes/sweeps.ts", "../../bus/doorbell.ts"],
    ["src/engine/start.ts", "../actors/supervisors.ts"],
    ["src/http/app.ts", "../engine/engine.ts"],
    ["src/http/app.ts", "../workflow/definition/definition.ts"],
    ["src/http/app.ts", "../workflow/json/json.ts"],
    ["src/wiring/open-store.ts", "../store/redis/redis-store.ts"],
    ["src/main.ts", "./http/app.ts"],
    ["src/thread.ts", "./handlers/registry.ts"],
  ];
  test.each(allowed)("%s may import %s", (file, specifier) => {
    expect(brokenByImport(file, specifier)).toEqual([[], []]);
  });

  test("sees every way to import, over several lines too", () => {
    const ways = [
      'import "../../bus/event-stream.ts";',
      'export * from "../../bus/event-stream.ts";',
      'const bus = await import("../../bus/event-stream.ts");',
      'type Bus = import("../../bus/event-stream.ts").Bus;',
    ];
    for (const way of ways) expect([way, rulesBrokenBy("src/store/memory/memory-store.ts", way)]).toEqual([way, ["imports in line 2"]]);
    expect(rulesBrokenBy("src/store/memory/memory-store.ts", "import {", "  type Bus,", '} from "../../bus/event-stream.ts";')).toEqual([
      "imports in line 4",
    ]);
  });

  test("takes nothing for an import that stands in a comment, a string or a template", () => {
    expect(
      rulesBrokenBy(
        "src/store/memory/memory-store.ts",
        '// import "../../bus/event-stream.ts";',
        "const text = 'import \"../../bus/event-stream.ts\"';",
        'const t = `import "../../bus/event-stream.ts"`;',
      ),
    ).toEqual([]);
  });

  test("a new room is a decision, and an import names its file with the extension", () => {
    expect(rulesBrokenBy("src/plugins/one.ts")).toEqual(["rooms in line 1"]);
    expect(rulesBrokenBy("src/store/memory/memory-store.ts", 'import { x } from "./lane";')).toEqual(["imports in line 2"]);
  });

  test("the message names the file, the line, what was found and why it is refused", () => {
    const violations = violationsOf("src/http/app.ts", '/** REST. */\nimport type { Store } from "../store/store.ts";\n');
    expect(describeViolations(violations)).toBe(
      "src/http/app.ts:2 imports: http may not import ../store/store.ts, because REST asks the engine: a route that reaches past it goes around its rules.",
    );
  });
});

describe("doors", () => {
  const refused: [string, string][] = [
    ["src/engine/start.ts", "../cluster/policy/lease.ts"],
    ["src/engine/creation.ts", "../actors/execution/supervisor.ts"],
    ["src/actors/execution/start-supervisor.ts", "../../workflow/plan/order.ts"],
    ["src/views/views.ts", "../bus/relay/relay.ts"],
    ["src/views/views.ts", "../store/redis/redis-store.ts"],
    ["src/wiring/engine-parts.ts", "../engine/creation.ts"],
    ["src/main.ts", "./http/routes/health.ts"],
  ];
  test.each(refused)("%s may not import %s, which is no door", (file, specifier) => {
    expect(brokenByImport(file, specifier)).toEqual([["doors in line 2"], ["doors in line 2"]]);
  });

  test("each is there, and is used", () => {
    const sources = files.filter((file) => file.startsWith("src/") && file.endsWith(".ts"));
    const imported = new Set(sources.flatMap((file) => importedBy(file).filter((target) => roomOf(target) !== roomOf(file))));
    for (const [room, { doors, doorsFor = {} }] of Object.entries(ROOMS)) {
      for (const door of [...doors, ...Object.values(doorsFor).flat()]) {
        const file = `src/${room}/${door}.ts`;
        expect([file, imported.has(file)]).toEqual([file, true]);
      }
    }
  });

  function importedBy(file: string): string[] {
    const { imports } = scan(readFileSync(join(root, file), "utf8"));
    return imports.map(({ specifier }) => new URL(specifier, `file:///${file}`).pathname.slice(1));
  }
  const roomOf = (file: string): string | undefined => file.split("/")[1];
});

describe("the order inside a room", () => {
  const refused: [string, string][] = [
    ["src/store/memory/lane.ts", "../sqlite/lock.ts"],
    ["src/store/store.ts", "./memory/lane.ts"],
    ["src/store/redis/calls/connection.ts", "../reads.ts"],
    ["src/cluster/lanes/sweeps.ts", "../overflow/offers.ts"],
    ["src/cluster/policy/lease.ts", "../lanes/sweeps.ts"],
    ["src/cluster/ownership.ts", "./lanes/sweeps.ts"],
    ["src/actors/system/actor.ts", "../execution/supervisor.ts"],
    ["src/actors/execution/ports.ts", "./effects/effects.ts"],
    ["src/engine/engine.ts", "./start.ts"],
    ["src/http/routing/query.ts", "../request/body.ts"],
    ["src/http/routes/health.ts", "../dialects/steps.ts"],
    ["src/pool/wire/link.ts", "../dispatch/entry.ts"],
    ["src/pool/thread-pool.ts", "./host/host.ts"],
    ["src/env/clock.ts", "./log/log.ts"],
    ["src/views/views.ts", "./parts/one.ts"],
  ];
  test.each(refused)("%s may not import %s", (file, specifier) => {
    expect(brokenByImport(file, specifier)).toEqual([["order in line 2"], ["order in line 2"]]);
  });

  const allowed: [string, string][] = [
    ["src/store/memory/lane.ts", "../store.ts"],
    ["src/store/redis/reads.ts", "./calls/connection.ts"],
    ["src/store/redis/reads.ts", "./writes.ts"],
    ["src/cluster/lanes/sweeps.ts", "../policy/lease.ts"],
    ["src/cluster/overflow/offers.ts", "../commands/stored-command.ts"],
    ["src/engine/start.ts", "./engine.ts"],
    ["src/pool/thread-pool.ts", "./process-pool.ts"],
  ];
  test.each(allowed)("%s may import %s", (file, specifier) => {
    expect(brokenByImport(file, specifier)).toEqual([[], []]);
  });

  test("is given for every folder that holds folders, and names what is there", () => {
    const paths = files.filter((file) => file.startsWith("src/")).map((file) => file.slice("src/".length).replace(/\.ts$/, ""));
    const folders = new Set(
      paths.flatMap((path) =>
        path
          .split("/")
          .slice(0, -1)
          .map((_, depth, way) => way.slice(0, depth + 1).join("/")),
      ),
    );
    const parents = new Set(
      [...folders].filter((folder) => folder.includes("/")).map((folder) => folder.slice(0, folder.lastIndexOf("/"))),
    );
    expect(Object.keys(ORDERS).toSorted()).toEqual([...parents].toSorted());
    for (const [folder, { chains }] of Object.entries(ORDERS)) {
      for (const name of chains.flatMap((chain) => chain.split(/ → |, /)).filter((each) => each !== "*")) {
        const path = `${folder}/${name.replace(/\/$/, "")}`;
        expect([path, name.endsWith("/") ? folders.has(path) : paths.includes(path)]).toEqual([path, true]);
      }
    }
  });
});

describe("all files together", () => {
  const among = (sources: Record<string, string>): string[] =>
    violationsAmong(new Map(Object.entries(sources))).map(({ file, rule, found }) => `${file} ${rule}: ${found}`);

  test("have no circle, of types neither, and however long", () => {
    expect(
      among({
        "src/store/a.ts": 'import type { B } from "./b.ts";',
        "src/store/b.ts": 'export { c } from "./memory/c.ts";',
        "src/store/memory/c.ts": 'type A = import("../a.ts").A;',
      }),
    ).toEqual(["src/store/memory/c.ts circles: store/a.ts → store/b.ts → store/memory/c.ts → store/a.ts"]);
    expect(
      among({ "src/store/a.ts": 'import "./b.ts"; import "./c.ts";', "src/store/b.ts": 'import "./c.ts";', "src/store/c.ts": "" }),
    ).toEqual([]);
  });

  test("of test/ mirror src/, but for fixtures and for folders that are named with what they are for", () => {
    const sources = {
      "src/store/committer.ts": "",
      "src/store/redis/calls/errors.ts": "",
      "src/pool/pool.ts": "",
      "src/pool/host/pool.ts": "",
    };
    const places = (...tests: string[]) => among({ ...sources, ...Object.fromEntries(tests.map((file) => [`test/${file}.ts`, ""])) });
    const allowed = ["check.test", "store/committer.test", "store/redis/list.test", "store/redis/ground", "store/redis/calls/errors.test"];
    expect(places(...allowed, "store/fixtures/any/one", "sim/errors.test", "pool/pool.test", "pool/host/pool.sim.test")).toEqual([]);
    expect(places("store/kafka/one.test", "worker/one", "store/errors.test", "store/redis/committer.sim.test")).toEqual([
      "test/store/kafka/one.test.ts places: there is no src/store/kafka/",
      "test/worker/one.ts places: there is no src/worker/",
      "test/store/errors.test.ts places: src/store/redis/calls/errors.ts has its name",
      "test/store/redis/committer.sim.test.ts places: src/store/committer.ts has its name",
    ]);
  });

  test("of test/ that mirror no room are in folders that exist", () => {
    const named = Object.keys(TEST_FOLDERS);
    expect(named.filter((folder) => !files.some((file) => file.startsWith(`test/${folder}/`)))).toEqual([]);
    expect(named.filter((folder) => folder in ROOMS)).toEqual([]);
  });

  test("are at most 14 in a folder; scripts for Redis and folders in it do not count", () => {
    const sources = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, number) => [`src/store/${number}.ts`, ""]));
    expect(among({ ...sources(14), "src/store/one.lua": "", "src/store/memory/one.ts": "" })).toEqual([]);
    expect(among(sources(15))).toEqual(["src/store/ folders: 15 files, at most 14"]);
  });
});

describe("packages", () => {
  const refused: [string, string][] = [
    ["src/store/memory/memory-store.ts", "ioredis"],
    ["src/http/redis.ts", "ioredis"],
    ["src/bus/memory/event-stream.ts", "kafkajs"],
    ["src/store/memory/memory-store.ts", "bun:sqlite"],
    ["src/engine/engine.ts", "hono"],
    ["src/store/memory/memory-store.ts", "hono/cookie"],
    ["src/pool/host/host.ts", "pino"],
    ["src/store/memory/memory-store.ts", "node:timers/promises"],
    ["src/workflow/plan/plan.ts", "node:fs"],
    ["src/workflow/plan/plan.ts", "yaml"],
    ["src/store/redis/redis-store.ts", "bullmq"],
    ["bench/cases/fan-out.ts", "effect"],
    ["bench/bench-engine.ts", "effect/workflow"],
    ["test/pool/pool.test.ts", "poolifier"],
  ];
  test.each(refused)("%s may not import %s", (file, specifier) => {
    expect(rulesBrokenBy(file, `import x from "${specifier}";`)).toEqual(["packages in line 2"]);
  });

  const allowed: [string, string][] = [
    ["src/store/redis/keys.ts", "ioredis"],
    ["src/bus/redis/doorbell.ts", "ioredis"],
    ["src/bus/kafka/event-stream.ts", "kafkajs"],
    ["src/store/sqlite/thread/thread.ts", "bun:sqlite"],
    ["src/http/dialects/steps.ts", "hono"],
    ["src/env/log/log.ts", "pino"],
    ["src/workflow/definition/definition.ts", "valibot"],
    ["src/store/memory/memory-store.ts", "node:crypto"],
    ["bench/rivals/bullmq.ts", "bullmq"],
    ["bench/rivals/effect.ts", "effect/workflow"],
    ["bench/rivals/pool-thread.ts", "poolifier"],
  ];
  test.each(allowed)("%s may import %s", (file, specifier) => {
    expect(rulesBrokenBy(file, `import x from "${specifier}";`)).toEqual([]);
  });
});

describe("time, chance, ids and the environment", () => {
  const uses = [
    "Date.now()",
    "new Date()",
    "performance.now()",
    "Bun.nanoseconds()",
    "process.hrtime()",
    "Math.random()",
    "crypto.randomUUID()",
    "Bun.randomUUIDv7()",
    "setTimeout(run, 5)",
    "setInterval(run, 5)",
    "setImmediate(run)",
    "await Bun.sleep(5)",
    "AbortSignal.timeout(5)",
    "Bun.gc(true)",
    "heapSize()",
    "process.cpuUsage()",
    "process.env.PORT",
    "Bun.env.PORT",
  ];
  test.each(uses)("%s is refused outside env/", (use) => {
    const inTemplate = ["const text = `since $", "{", use, "}`;"].join("");
    expect(rulesBrokenBy("src/pool/host/host.ts", "", `${use};`)).toEqual(["time, chance, ids, environment in line 3"]);
    expect(rulesBrokenBy("src/pool/host/host.ts", inTemplate)).toEqual(["time, chance, ids, environment in line 2"]);
    expect(rulesBrokenBy("src/env/config/config.ts", `${use};`)).toEqual([]);
    expect(rulesBrokenBy("src/pool/host/host.ts", `// ${use}`, `const text = "${use}";`, `/* ${use} */`)).toEqual([]);
  });

  test("the environment is read in one file of env/, and a given time may become a Date", () => {
    expect(rulesBrokenBy("src/env/log/log.ts", "process.env.PORT;")).toHaveLength(1);
    expect(rulesBrokenBy("src/http/app.ts", "new Date(atMs).toISOString();")).toEqual([]);
  });
});

describe("files", () => {
  const lines = (count: number) => Array.from({ length: count - 1 }, () => "export {};");

  test("of src/ have at most 300 lines, others 500", () => {
    expect(rulesBrokenBy("src/store/memory/memory-store.ts", ...lines(300))).toEqual([]);
    expect(rulesBrokenBy("src/store/memory/memory-store.ts", ...lines(301))).toEqual(["size in line 301"]);
    expect(rulesBrokenBy("test/store/memory/memory-store.test.ts", ...lines(500))).toEqual([]);
    expect(rulesBrokenBy("bench/fan-out.ts", ...lines(501))).toEqual(["size in line 501"]);
  });

  test("are not called utils, helpers and the like, nor are folders", () => {
    for (const name of [
      "src/store/utils.ts",
      "src/http/helpers/one.ts",
      "test/common.test.ts",
      "src/pool/types.ts",
      "src/engine/services/one.ts",
      "src/bus/kafka/client-utils.ts",
      "src/bus/kafka/kafka-client.ts",
    ]) {
      expect([name, rulesBrokenBy(name)]).toEqual([name, ["names in line 1"]]);
    }
    expect(rulesBrokenBy("src/store/shared-lock.ts")).toEqual([]);
    expect(rulesBrokenBy("test/services/redis.ts")).toEqual([]);
  });

  test("of src/ say in their first line why they exist", () => {
    expect(violationsOf("src/store/memory/memory-store.ts", "export const x = 1;\n").map(({ rule }) => rule)).toEqual(["purpose"]);
  });

  test("silence no check and put nothing off", () => {
    for (const comment of ["@ts-ignore", "@ts-expect-error", "biome-ignore lint: no", "TODO: later"]) {
      expect([comment, rulesBrokenBy("test/store/memory/memory-store.test.ts", `// ${comment}`)]).toEqual([
        comment,
        ["silenced in line 2"],
      ]);
    }
    expect(rulesBrokenBy("test/store/memory/memory-store.test.ts", 'const word = "TODO";')).toEqual([]);
  });
});

describe("the reader of sources", () => {
  test("tells regular expressions from divisions", () => {
    expect(scan("const quote = /[\"'/]/; Date.now();").code).toContain("Date.now()");
    expect(scan("const half = all / 2; const s = 'x'; const third = all / 3;").code).toContain("const third = all / 3");
    expect(scan("if (/'/.test(text)) Date.now();").code).toContain("Date.now()");
  });

  test("finds its way out of nested templates, escapes and comments", () => {
    const source = ["const a = `x ${", "f({ b: `y ${", "c} z` })} \\` w`; // `", "/* ` */ Date.now();"].join("");
    expect(scan(source.replace("// `", "// `\n")).code).toContain("Date.now();");
    expect(scan("const a = 'it\\'s'; Date.now();").code).toContain("Date.now();");
    expect(scan("const a = 1; // don't\nDate.now();").code).toContain("Date.now();");
  });

  test("keeps every line where it was", () => {
    const source = "/* one\ntwo */\nconst a = `x\ny`;\nDate.now();";
    expect(scan(source).code.split("\n")).toHaveLength(5);
    expect(scan(source).code.split("\n")[4]).toBe("Date.now();");
  });
});
