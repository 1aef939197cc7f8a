/**
 * `npm run check:fast`: format and lint of what differs from the last commit, and the types of everything, at the same time. The types of
 * unchanged files are remembered from the run before. The other checks of `npm run check` take longer.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const bin = join(root, "node_modules/.bin");
const CHECKED = /\.(ts|js|json)$/;

const startMs = performance.now();
const files = changedFiles();
const checks = [
  run("types", ["tsc", "-p", ".", "--incremental", "--tsBuildInfoFile", ".cache/types.tsbuildinfo"]),
  ...(files.length === 0 ? [] : [run("format and lint", ["biome", "check", "--no-errors-on-unmatched", ...files])]),
];
const failed = (await Promise.all(checks)).filter((passed) => !passed).length;
const took = ((performance.now() - startMs) / 1000).toFixed(1);
console.error(`${failed === 0 ? "Nothing found" : "Something found"}: ${nameOf(files)}, and all types, in ${took} s.`);
process.exit(failed === 0 ? 0 : 1);

/** The changed files; ".", for everything, if git cannot tell. */
function changedFiles(): readonly string[] {
  const git = Bun.which("git");
  if (git === null) return ["."];
  const tracked = Bun.spawnSync([git, "diff", "--name-only", "--relative", "-z", "HEAD"], { cwd: root });
  const others = Bun.spawnSync([git, "ls-files", "--others", "--exclude-standard", "-z"], { cwd: root });
  if (tracked.exitCode !== 0 || others.exitCode !== 0) return ["."];
  const names = `${tracked.stdout}${others.stdout}`.split("\0");
  return names.filter((name) => CHECKED.test(name) && existsSync(join(root, name)));
}

function nameOf(files: readonly string[]): string {
  if (files[0] === ".") return "format and lint of all files";
  return files.length === 1 ? "format and lint of 1 changed file" : `format and lint of ${files.length} changed files`;
}

/** Runs a check and prints only what it found. */
async function run(name: string, [program, ...args]: readonly string[]): Promise<boolean> {
  const child = Bun.spawn([join(bin, program!), ...args], { cwd: root, stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) console.error(`${out}${err}\nThese are the faults of ${name}.`);
  return code === 0;
}
