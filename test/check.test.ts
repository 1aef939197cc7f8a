/** `npm run check` belongs to the tests. The architecture, its last step, is a test already and runs as such. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
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
