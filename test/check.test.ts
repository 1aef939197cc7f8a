/** `npm run check` belongs to the tests. The architecture, its last step, is a test already and runs as such. */
import { expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const root = join(import.meta.dir, "..");
const scripts: Record<string, string> = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts;
const steps = (scripts.check ?? "").split(" && ");
const CHECK_TIMEOUT_MS = 120_000;

test("`npm run check` is format and lint, types, dead exports, architecture", () => {
  expect(steps.map((step) => step.split(" ")[0])).toEqual(["biome", "tsc", "knip", "knip", "bun"]);
  expect(steps.at(-1)).toBe("bun test test/architecture.test.ts");
});

test.each(steps.slice(0, -1))(
  "%s finds nothing",
  async (step) => {
    const path = `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`;
    const run = Bun.spawn(step.split(" "), { cwd: root, env: { ...process.env, PATH: path }, stdout: "pipe", stderr: "pipe" });
    const [out, err, code] = await Promise.all([run.stdout.text(), run.stderr.text(), run.exited]);
    if (code !== 0)
      throw new Error(`${out}${err}\nThis is \`${step}\` of \`npm run check\`; \`npm run format\` mends what can be mended by itself.`);
  },
  CHECK_TIMEOUT_MS,
);

test("a function of src/, bench/ and scripts/ may have 60 lines and 4 parameters, and not one more", async () => {
  const ofLines = (lines: number): string => `export function long(): void {\n${"  globalThis.stop();\n".repeat(lines)}}\n`;
  const ofParameters = (names: readonly string[]): string =>
    `export function wide(${names.map((name) => `${name}: number`).join(", ")}): number {\n  return ${names.join(" + ")};\n}\n`;
  const sources = {
    "lines-60": ofLines(60),
    "lines-61": ofLines(61),
    "parameters-4": ofParameters(["a", "b", "c", "d"]),
    "parameters-5": ofParameters(["a", "b", "c", "d", "e"]),
  };
  const folder = mkdtempSync(join(tmpdir(), "troupe-check-"));
  try {
    copyFileSync(join(root, "biome.json"), join(folder, "biome.json"));
    for (const part of ["src/engine", "bench", "scripts"]) {
      mkdirSync(join(folder, part), { recursive: true });
      for (const [name, source] of Object.entries(sources)) writeFileSync(join(folder, part, `${name}.ts`), source);
    }
    const run = Bun.spawn([join(root, "node_modules/.bin/biome"), "lint", "."], { cwd: folder, stdout: "pipe", stderr: "pipe" });
    const [out, err, code] = await Promise.all([run.stdout.text(), run.stderr.text(), run.exited]);
    const refused = [...`${out}${err}`.matchAll(/^(\S+)\.ts:\d+:\d+ lint\/complexity\/(\w+)/gm)].map(([, file, rule]) => `${file} ${rule}`);
    const each = (part: string) => [`${part}/lines-61 noExcessiveLinesPerFunction`, `${part}/parameters-5 useMaxParams`];
    expect([code, ...refused.sort()]).toEqual([1, ...["bench", "scripts", "src/engine"].flatMap(each)]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
