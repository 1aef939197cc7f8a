/** Users' files in a bundle: each finds itself, and what it imports and reads, as if there were none. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bundleHandlers } from "../../../src/handlers/loading/bundle.ts";
import { attemptOf, benchOf, loadFrom, outputOf } from "../attempts.ts";

let root = "";
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "troupe-bundle-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = join(root, `handlers-${folders++}`);
  for (const [name, source] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), source);
  }
  return folder;
}

const handler = (run: string): string =>
  `import { defineHandler } from "troupe";\nexport default defineHandler({ name: "probe", run: ${run} });\n`;

test("paths, assets, JSON, packages, CommonJS and imports of any kind are as they are without it", async () => {
  const folder = folderWith({
    "probe.ts": `
      import { inner } from "./inner/deep.ts";
      import settings from "./settings.json";
      import packaged from "packaged";
      const old = require("./old.cjs");
      ${handler(`async () => ({
        meta: [import.meta.url, import.meta.dir, import.meta.dirname, import.meta.path, import.meta.filename, import.meta.file, import.meta.main],
        globals: [__dirname, __filename],
        asset: await Bun.file(new URL("./asset.txt", import.meta.url)).text(),
        resolved: [import.meta.resolve("packaged"), import.meta.resolveSync("./asset.txt")],
        text: "import.meta.url",
        lazy: (await import("./inner/lazy.ts")).default,
        computed: (await import(\`./inner/\${["com", "puted"].join("")}.ts\`)).default,
        inner: inner(), settings, packaged, old,
        env: process.env.NODE_ENV ?? "unset",
      })`)}`,
    "inner/deep.ts": "export const inner = (): readonly string[] => [import.meta.url, import.meta.dir];",
    "inner/lazy.ts": "const late = await Promise.resolve(import.meta.file); export default late;",
    "inner/computed.ts": "export default import.meta.file;",
    "settings.json": '{"size":3}',
    "old.cjs": "module.exports = { dir: __dirname };",
    "asset.txt": "an asset",
    "node_modules/packaged/package.json": '{"name":"packaged","main":"index.js","type":"module"}',
    "node_modules/packaged/index.js": "export default import.meta.url;",
  });
  const { run } = await benchOf({}, folder);
  expect(await outputOf(run(attemptOf("probe")))).toEqual({
    meta: [`file://${folder}/probe.ts`, folder, folder, `${folder}/probe.ts`, `${folder}/probe.ts`, "probe.ts", false],
    globals: [folder, `${folder}/probe.ts`],
    asset: "an asset",
    resolved: [`file://${folder}/node_modules/packaged/index.js`, `${folder}/asset.txt`],
    text: "import.meta.url",
    lazy: "lazy.ts",
    computed: "computed.ts",
    inner: [`file://${folder}/inner/deep.ts`, `${folder}/inner`],
    settings: { size: 3 },
    packaged: `file://${folder}/node_modules/packaged/index.js`,
    old: { dir: folder },
    env: process.env.NODE_ENV ?? "unset",
  });
});

test("what the files become later does not matter, also when they are gone", async () => {
  const folder = folderWith({
    "probe.ts": `import { word } from "./_word"; ${handler("() => word")}`,
    "_word.ts": 'export const word = "then";',
  });
  const bundle = await bundleHandlers(folder);
  rmSync(folder, { recursive: true });
  const { openBundle } = await import("../../../src/handlers/loading/own-modules.ts");
  const loaded = await Promise.all((await openBundle(bundle)).map((load) => load()));
  expect(loaded.map((module) => (module.default as { run(): unknown }).run())).toEqual(["then"]);
});

test("the same files are the same bundle, and a change in any of them another", async () => {
  const folder = folderWith({
    "probe.ts": `import { word } from "./_word"; ${handler("() => word")}`,
    "_word.ts": 'export const word = "a";',
  });
  const first = await bundleHandlers(folder);
  expect(await bundleHandlers(folder)).toEqual(first);
  writeFileSync(join(folder, "_word.ts"), 'export const word = "b";');
  expect((await bundleHandlers(folder)).path).not.toBe(first.path);
});

test("a stack names the user's file and line", async () => {
  const folder = folderWith({
    "probe.ts": `${handler("() => fail()")}\n\nfunction fail(): never {\n  throw new Error(String(import.meta.main));\n}\n`,
  });
  const { run } = await benchOf({}, folder);
  expect(await run(attemptOf("probe"))).toMatchObject({
    failure: { stack: expect.stringContaining(`\n    at fail (${folder}/probe.ts:6:`) },
  });
});

test("files without a handler are there for others: no fault", async () => {
  const folder = folderWith({
    "probe.ts": `import total, { half } from "./sums.ts"; ${handler("() => half(total(2, 4))")}`,
    "sums.ts": "export default (a: number, b: number): number => a + b;\nexport const half = (n: number): number => n / 2;",
    "empty.ts": "",
    "constants.js": "export const X = 1; export default { x: 1 };",
    "index.ts": 'export { default as probe } from "./probe.ts";',
  });
  const { run } = await benchOf({}, folder);
  expect(await run(attemptOf("probe"))).toEqual({ type: "completed", output: "3" });
});

test("a folder of links, as Kubernetes mounts it", async () => {
  const target = folderWith({ "probe.ts": handler("() => import.meta.path.endsWith('probe.ts')") });
  const folder = join(root, "mounted");
  mkdirSync(folder);
  symlinkSync(target, join(folder, "..data"));
  symlinkSync("..data/probe.ts", join(folder, "probe.ts"));
  const { run } = await benchOf({}, folder);
  expect(await run(attemptOf("probe"))).toEqual({ type: "completed", output: "true" });
});

test("a file that another imports is told by its own name and place", async () => {
  const folder = folderWith({
    "probe.ts": `import { x } from "./inner/_x.ts"; ${handler("() => x")}`,
    "inner/_x.ts": "export const y = 1;\nexport const x = ;\n",
  });
  const loaded = await loadFrom(folder);
  expect(loaded.ok ? [] : loaded.faults).toEqual([
    expect.stringMatching(new RegExp(`^${folder}/inner/_x\\.ts cannot be loaded: line 2, column 18: `)),
  ]);
});
