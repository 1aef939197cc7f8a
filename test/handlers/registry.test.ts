/** Users' own handlers: found in any folder, and every fault of theirs told at once. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleHandlers } from "../../src/handlers/loading/bundle.ts";
import { attemptOf, benchOf, failureOf, loadFrom, settings, textOf } from "./attempts.ts";

const GREET = `
import { defineHandler, HandlerError } from "troupe";
import * as v from "valibot";
export default defineHandler({
  name: "greet",
  aliases: ["hello"],
  config: v.object({ name: v.string() }),
  run({ name }) {
    if (name === "nobody") throw new HandlerError("nobody", { retryable: false, retryAfterMs: 5 });
    return \`Hello \${name}\`;
  },
});
`;

const named = (name: string): string =>
  `import { defineHandler } from "troupe"; export default defineHandler({ name: "${name}", run: () => 1 });`;

/** Outside of the project, where nothing is installed. */
let root = "";
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "troupe-handlers-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = join(root, `handlers-${folders++}`);
  mkdirSync(folder, { recursive: true });
  for (const [name, source] of Object.entries(files)) writeFileSync(join(folder, name), source);
  return folder;
}

async function faultsOf(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const folder = folderWith(files);
  const loaded = await loadFrom(folder);
  if (loaded.ok) throw new Error("The handlers were loaded, but should not have been.");
  return loaded.faults.map((fault) => fault.replaceAll(`${folder}/`, ""));
}

describe("a folder anywhere", () => {
  test("may hold modules that import troupe and valibot, with nothing installed there", async () => {
    const { run } = await benchOf({}, folderWith({ "greet.ts": GREET }));
    expect(await textOf(run(attemptOf("greet", { name: "Ann" })))).toBe('"Hello Ann"');
    expect(await textOf(run(attemptOf("hello", { name: "Bo" })))).toBe('"Hello Bo"');
    expect((await failureOf(run(attemptOf("greet", { name: 5 })))).kind).toBe("bad_config");
    expect(await failureOf(run(attemptOf("greet", { name: "nobody" })))).toMatchObject({
      code: "nobody",
      retryable: false,
      retryAfterMs: 5,
    });
  });

  test("finds what is installed, and nothing that Bun has in its cache of packages", async () => {
    const folder = folderWith({ "greet.ts": GREET });
    const cached = join(root, "cache", "valibot@1.5.0@@@1");
    cpSync(join(import.meta.dir, "../../node_modules/valibot"), cached, { recursive: true, dereference: true });
    const registry = pathToFileURL(join(import.meta.dir, "../../src/handlers/registry.ts")).href;
    const bundle = pathToFileURL(join(import.meta.dir, "../../src/handlers/loading/bundle.ts")).href;
    const file = join(root, "_load.ts");
    writeFileSync(
      file,
      `import { bundleHandlers } from "${bundle}";
      import { loadRegistry } from "${registry}";
      const loaded = await loadRegistry(${JSON.stringify(settings)}, await bundleHandlers(${JSON.stringify(folder)}));
      console.log(loaded.ok ? loaded.registry.get("greet").name : loaded.faults.join());`,
    );
    // Not in the project: its own settings forbid the cache anyway.
    const env = { ...process.env, BUN_INSTALL_CACHE_DIR: join(root, "cache") };
    const { stdout } = Bun.spawnSync([process.execPath, file], { cwd: root, env });
    expect(stdout.toString()).toBe("greet\n");
  });

  test("works in a thread as well", async () => {
    const handlersDir = folderWith({ "greet.ts": GREET });
    const registry = pathToFileURL(join(import.meta.dir, "../../src/handlers/registry.ts")).href;
    const source = `
      import { loadRegistry } from "${registry}";
      const loaded = await loadRegistry(${JSON.stringify(settings)}, ${JSON.stringify(await bundleHandlers(handlersDir))});
      postMessage(loaded.ok ? loaded.registry.infos.at(-1) : loaded.faults);
    `;
    const file = join(handlersDir, "_thread.ts");
    writeFileSync(file, source);
    const worker = new Worker(file);
    const told = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
    worker.terminate();
    const config = { type: "object", fields: [{ name: "name", required: true, shape: { type: "string" } }], others: "any" };
    expect(told).toEqual({ name: "greet", names: ["greet", "hello"], needs: [], config });
  });

  test("may hold other things too: tests, types, drafts and folders are no handlers", async () => {
    const folder = folderWith({
      "a.test.ts": "throw 1",
      "b.d.ts": "export {}",
      "_c.ts": "throw 1",
      ".d.ts": "throw 1",
      "notes.md": "",
      "data.json": "{}",
      "ok.js": named("ok"),
    });
    mkdirSync(join(folder, "inner.ts"));
    const loaded = await loadFrom(folder);
    expect(loaded.ok && loaded.registry.get("ok")?.name).toBe("ok");
  });

  test("may be missing", async () => {
    const loaded = await loadFrom(join(root, "nowhere"));
    expect(loaded.ok && loaded.registry.get("noop")?.name).toBe("noop");
    expect(loaded.ok && loaded.registry.get("constructor")).toBeUndefined();
  });
});

describe("every fault is told at once", () => {
  test("a folder that is a file", async () => {
    const file = join(folderWith({ "handlers.ts": named("mine") }), "handlers.ts");
    expect(await loadFrom(file)).toEqual({
      ok: false,
      faults: [expect.stringMatching(/^The folder of handlers .*handlers\.ts \(APP_HANDLERS_DIR\) cannot be read: ENOTDIR/)],
    });
  });

  test("a name that is there twice, by both places", async () => {
    expect(await faultsOf({ "a.ts": named("mine"), "b.ts": named("mine"), "c.ts": named("llm_service") })).toEqual([
      expect.stringMatching(/^The handler name "mine" is there twice: in .*a\.ts and in .*b\.ts\.$/),
      expect.stringMatching(/^The handler name "llm_service" is there twice: in Troupe itself \("llm"\) and in .*c\.ts\.$/),
    ]);
  });

  test("a module that throws, cannot be read, or exports what is meant to be a handler and is none", async () => {
    expect(
      await faultsOf({
        "named.ts": 'import { defineHandler } from "troupe"; export const mine = defineHandler({ name: "named", run: () => 1 });',
        "plain.ts": 'export default { name: "x", run: () => 1 }',
        "syntax.ts": "const a = 1;\n\nexport default (",
        "several.ts":
          'import { defineHandler } from "troupe"; export default [defineHandler({ name: "one", run: () => 1 }), defineHandler({ name: "two", run: () => 1 })];',
        "throws.ts": 'const a = 1;\n\nthrow new TypeError("no luck")',
        "unknown.ts": 'import "no-such-package-anywhere"; export default 1',
        "wrong.ts": 'import { defineHandler } from "troupe"; export default defineHandler({ name: "with space", run: () => 1 })',
      }),
    ).toEqual([
      expect.stringMatching(/^syntax\.ts cannot be loaded: line 3, column \d+: /),
      expect.stringMatching(/^unknown\.ts cannot be loaded: line 1, column 8: .*no-such-package-anywhere/),
      'plain.ts has no handler: it must `export default defineHandler({ … })`, from "troupe".',
      'several.ts has no handler: it must `export default defineHandler({ … })`, from "troupe".',
      expect.stringMatching(/^throws\.ts cannot be loaded: TypeError: no luck \(at .*throws\.ts:3:\d+\)$/),
      expect.stringMatching(/got "with space".* \(at .*wrong\.ts:1:\d+\)$/),
      'named.ts exports the handler "named" by a name: it must be its default export.',
    ]);
  });
});
