/** Holds the house to its plan: the table of rooms, packages, seams, sizes and names. Each rule is also shown to have teeth. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describeViolations, violationsOf } from "./architecture/rules.ts";
import { scan } from "./architecture/scan.ts";

const root = join(import.meta.dir, "..");
const files = [...new Bun.Glob("{src,test,bench,examples,scripts}/**/*.{ts,tsx,js}").scanSync({ cwd: root })].sort();

test("every file keeps the rules of the house", () => {
  expect(files.length).toBeGreaterThan(20);
  const violations = files.flatMap((file) => violationsOf(file.replaceAll("\\", "/"), readFileSync(join(root, file), "utf8")));
  expect(describeViolations(violations)).toBe("");
});

/** A file with the comment that every file begins with. */
function rulesBrokenBy(file: string, ...lines: string[]): string[] {
  return violationsOf(file, ["/** Why it exists. */", ...lines, ""].join("\n")).map(({ rule, line }) => `${rule} in line ${line}`);
}

describe("the table of rooms", () => {
  const refused: [string, string][] = [
    ["src/env/clock.ts", "../workflow/status.ts"],
    ["src/workflow/decide.ts", "../env/clock.ts"],
    ["src/handlers/llm.ts", "../pool/pool.ts"],
    ["src/pool/host.ts", "../handlers/registry.ts"],
    ["src/store/memory.ts", "../bus/bus.ts"],
    ["src/bus/relay.ts", "../actors/supervisor.ts"],
    ["src/actors/supervisor.ts", "../pool/thread-pool.ts"],
    ["src/actors/supervisor.ts", "../handlers/registry.ts"],
    ["src/actors/nodes.ts", "../handlers/registry.ts"],
    ["src/actors/actor.ts", "../engine.ts"],
    ["src/cluster/ownership.ts", "../actors/supervisor.ts"],
    ["src/cluster/ownership.ts", "../pool/pool.ts"],
    ["src/engine.ts", "./handlers/registry.ts"],
    ["src/engine-views.ts", "./http/app.ts"],
    ["src/engine.ts", "./main.ts"],
    ["src/http/app.ts", "../store/store.ts"],
    ["src/http/app.ts", "../workflow/decide.ts"],
    ["src/http/dialects/steps.ts", "../../actors/supervisor.ts"],
    ["src/pool/thread-pool.ts", "../thread.ts"],
    ["src/main.ts", "../test/env/recording-log.ts"],
  ];
  test.each(refused)("%s may not import %s", (file, specifier) => {
    expect(rulesBrokenBy(file, `import { x } from "${specifier}";`)).toEqual(["imports in line 2"]);
    expect(rulesBrokenBy(file, `import type { X } from "${specifier}";`)).toEqual(["imports in line 2"]);
  });

  const allowed: [string, string][] = [
    ["src/workflow/decide.ts", "./status.ts"],
    ["src/handlers/llm.ts", "../workflow/failure.ts"],
    ["src/bus/relay.ts", "../store/store.ts"],
    ["src/actors/supervisor.ts", "../pool/pool.ts"],
    ["src/actors/node.ts", "../handlers/registry.ts"],
    ["src/actors/node-context.ts", "../handlers/handler.ts"],
    ["src/cluster/ownership.ts", "../bus/bus.ts"],
    ["src/engine.ts", "./actors/actor.ts"],
    ["src/http/app.ts", "../engine.ts"],
    ["src/http/app.ts", "../workflow/definition.ts"],
    ["src/http/app.ts", "../workflow/definition-schema.ts"],
    ["src/http/app.ts", "../workflow/json.ts"],
    ["src/http/dialects/steps.ts", "../problem.ts"],
    ["src/main.ts", "./http/app.ts"],
    ["src/thread.ts", "./handlers/registry.ts"],
  ];
  test.each(allowed)("%s may import %s", (file, specifier) => {
    expect(rulesBrokenBy(file, `import { x } from "${specifier}";`)).toEqual([]);
  });

  test("sees every way to import, over several lines too", () => {
    const ways = [
      'import "../bus/bus.ts";',
      'export * from "../bus/bus.ts";',
      'const bus = await import("../bus/bus.ts");',
      'type Bus = import("../bus/bus.ts").Bus;',
    ];
    for (const way of ways) expect([way, rulesBrokenBy("src/store/memory.ts", way)]).toEqual([way, ["imports in line 2"]]);
    expect(rulesBrokenBy("src/store/memory.ts", "import {", "  type Bus,", '} from "../bus/bus.ts";')).toEqual(["imports in line 4"]);
  });

  test("takes nothing for an import that stands in a comment, a string or a template", () => {
    expect(
      rulesBrokenBy(
        "src/store/memory.ts",
        '// import "../bus/bus.ts";',
        "const text = 'import \"../bus/bus.ts\"';",
        'const t = `import "../bus/bus.ts"`;',
      ),
    ).toEqual([]);
  });

  test("a new room is a decision, and an import names its file with the extension", () => {
    expect(rulesBrokenBy("src/plugins/one.ts")).toEqual(["rooms in line 1"]);
    expect(rulesBrokenBy("src/store/memory.ts", 'import { x } from "./store";')).toEqual(["imports in line 2"]);
  });

  test("the message names the file, the line, what was found and why it is refused", () => {
    const violations = violationsOf("src/http/app.ts", '/** REST. */\nimport type { Store } from "../store/store.ts";\n');
    expect(describeViolations(violations)).toBe(
      "src/http/app.ts:2 imports: http may not import ../store/store.ts, because REST asks the engine: a route that reaches past it goes around its rules.",
    );
  });
});

describe("packages", () => {
  const refused: [string, string][] = [
    ["src/store/memory.ts", "ioredis"],
    ["src/http/redis.ts", "ioredis"],
    ["src/bus/memory.ts", "kafkajs"],
    ["src/store/memory.ts", "bun:sqlite"],
    ["src/engine.ts", "hono"],
    ["src/store/memory.ts", "hono/cookie"],
    ["src/pool/host.ts", "pino"],
    ["src/store/memory.ts", "node:timers/promises"],
    ["src/workflow/graph.ts", "node:fs"],
    ["src/workflow/graph.ts", "yaml"],
    ["src/store/redis.ts", "bullmq"],
    ["bench/cases/fan-out.ts", "effect"],
    ["bench/bench-engine.ts", "effect/workflow"],
    ["test/pool/pool.test.ts", "poolifier"],
  ];
  test.each(refused)("%s may not import %s", (file, specifier) => {
    expect(rulesBrokenBy(file, `import x from "${specifier}";`)).toEqual(["packages in line 2"]);
  });

  const allowed: [string, string][] = [
    ["src/store/redis-keys.ts", "ioredis"],
    ["src/bus/redis.ts", "ioredis"],
    ["src/bus/kafka.ts", "kafkajs"],
    ["src/store/sqlite-thread.ts", "bun:sqlite"],
    ["src/http/dialects/steps.ts", "hono"],
    ["src/env/log.ts", "pino"],
    ["src/workflow/definition.ts", "valibot"],
    ["src/store/memory.ts", "node:crypto"],
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
    "process.env.PORT",
    "Bun.env.PORT",
  ];
  test.each(uses)("%s is refused outside env/", (use) => {
    const inTemplate = ["const text = `since $", "{", use, "}`;"].join("");
    expect(rulesBrokenBy("src/pool/host.ts", "", `${use};`)).toEqual(["time, chance, ids, environment in line 3"]);
    expect(rulesBrokenBy("src/pool/host.ts", inTemplate)).toEqual(["time, chance, ids, environment in line 2"]);
    expect(rulesBrokenBy("src/env/config.ts", `${use};`)).toEqual([]);
    expect(rulesBrokenBy("src/pool/host.ts", `// ${use}`, `const text = "${use}";`, `/* ${use} */`)).toEqual([]);
  });

  test("the environment is read in one file of env/, and a given time may become a Date", () => {
    expect(rulesBrokenBy("src/env/log.ts", "process.env.PORT;")).toHaveLength(1);
    expect(rulesBrokenBy("src/http/app.ts", "new Date(atMs).toISOString();")).toEqual([]);
  });
});

describe("files", () => {
  const lines = (count: number) => Array.from({ length: count - 1 }, () => "export {};");

  test("of src/ have at most 300 lines, others 500", () => {
    expect(rulesBrokenBy("src/store/memory.ts", ...lines(300))).toEqual([]);
    expect(rulesBrokenBy("src/store/memory.ts", ...lines(301))).toEqual(["size in line 301"]);
    expect(rulesBrokenBy("test/store/memory.test.ts", ...lines(500))).toEqual([]);
    expect(rulesBrokenBy("bench/fan-out.ts", ...lines(501))).toEqual(["size in line 501"]);
  });

  test("are not called utils, helpers and the like, nor are folders", () => {
    for (const name of [
      "src/store/utils.ts",
      "src/http/helpers/one.ts",
      "test/common.test.ts",
      "src/pool/types.ts",
      "src/engine/services/one.ts",
      "src/bus/kafka-utils.ts",
    ]) {
      expect([name, rulesBrokenBy(name)]).toEqual([name, ["names in line 1"]]);
    }
    expect(rulesBrokenBy("src/store/shared-lock.ts")).toEqual([]);
    expect(rulesBrokenBy("test/services/redis.ts")).toEqual([]);
  });

  test("of src/ say in their first line why they exist", () => {
    expect(violationsOf("src/store/memory.ts", "export const x = 1;\n").map(({ rule }) => rule)).toEqual(["purpose"]);
  });

  test("silence no check and put nothing off", () => {
    for (const comment of ["@ts-ignore", "@ts-expect-error", "biome-ignore lint: no", "TODO: later"]) {
      expect([comment, rulesBrokenBy("test/store/memory.test.ts", `// ${comment}`)]).toEqual([comment, ["silenced in line 2"]]);
    }
    expect(rulesBrokenBy("test/store/memory.test.ts", 'const word = "TODO";')).toEqual([]);
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
