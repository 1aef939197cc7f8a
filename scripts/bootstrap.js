// Installs what is missing, before `dev` and `test`: the packages of bun.lock and Bun itself, with only Node and npm, or only Bun.
// Plain JavaScript without dependencies, since nothing is installed yet. When all is there it costs one small read.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const bunFolder = join(modules, ".bun-from-npm");
const stampFile = join(modules, ".installed");
const bunVersion = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devDependencies.bun;
// What is installed fits one lock file on one platform (a folder may be shared with a container of another).
const stamp = createHash("sha256")
  .update(`${process.platform} ${process.arch} `)
  .update(readFileSync(join(root, "bun.lock")))
  .digest("hex");

if (!isInstalled()) install();

function isInstalled() {
  const bun = bunIn(modules);
  // The file is a small text until Bun's own install script has run, also after a later `npm install --ignore-scripts`.
  return existsSync(bun) && statSync(bun).size > 1_000_000 && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
}

function install() {
  process.stderr.write(`Installing what is missing, once: Bun ${bunVersion} and the packages of bun.lock ...\n`);
  const faults = [];
  if (!installWithBun(faults) && !installWithNpm(faults)) fail("The packages could not be installed.", faults);
  if (!works(bunIn(modules))) faults.push(...repair(modules));
  if (!works(bunIn(modules))) fail(`Bun ${bunVersion} was installed but does not start.`, faults);
  rmSync(bunFolder, { recursive: true, force: true });
  writeFileSync(stampFile, stamp);
}

// Bun reads bun.lock, so every version is locked. The pinned one if it is there, else the one that runs this, else one from npm.
function installWithBun(faults) {
  const runsThis = process.versions.bun ? process.execPath : process.env.npm_execpath;
  const candidates = [bunIn(modules), ...(basename(runsThis ?? "").startsWith("bun") ? [runsThis] : [])];
  const install = (bun) => works(bun) && succeeds([bun, "install", "--frozen-lockfile", "--ignore-scripts"], { cwd: root }, faults);
  return candidates.some(install) || install(bunFromNpm(faults));
}

function bunFromNpm(faults) {
  rmSync(bunFolder, { recursive: true, force: true });
  mkdirSync(bunFolder, { recursive: true });
  writeFileSync(join(bunFolder, "package.json"), JSON.stringify({ private: true, dependencies: { bun: bunVersion } }));
  if (npm(["install", "--ignore-scripts", "--no-audit", "--no-fund"], bunFolder, faults))
    faults.push(...repair(join(bunFolder, "node_modules")));
  return bunIn(join(bunFolder, "node_modules"));
}

// Where a registry answers npm but not Bun (a proxy or a login that only npm's configuration knows).
function installWithNpm(faults) {
  if (!npm(["install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"], root, faults)) return false;
  process.stderr.write(`Bun could not install from bun.lock, npm did: indirect packages may differ from it.\n${faults[0] ?? ""}\n`);
  return true;
}

// npm may have skipped Bun's install script, which puts the binary where node_modules/.bin/bun points.
function repair(folder) {
  const faults = [];
  succeeds([process.execPath, join(folder, "bun", "install.js")], { cwd: join(folder, "bun") }, faults);
  return faults;
}

function bunIn(folder) {
  return join(folder, "bun", "bin", "bun.exe"); // so named on every platform
}

function works(bun) {
  return existsSync(bun) && spawnSync(bun, ["--version"]).status === 0;
}

function npm(args, folder, faults) {
  const path = process.env.npm_execpath ?? "";
  if (path.endsWith(".js")) return succeeds([process.execPath, path, ...args], { cwd: folder }, faults);
  return succeeds(["npm", ...args], { cwd: folder, shell: process.platform === "win32" }, faults);
}

function succeeds([command, ...args], options, faults) {
  const result = spawnSync(command, args, { ...options, encoding: "utf8" });
  if (result.status === 0) return true;
  faults.push(`${command} ${args.join(" ")}: ${result.error?.message ?? `${result.stdout}${result.stderr}`.trim()}`);
  return false;
}

function fail(what, faults) {
  process.stderr.write(
    `\n${faults.join("\n\n")}\n\n${what} What was tried is above. Needed: npm (with Node 20 or newer) or Bun ${bunVersion}, ` +
      "and a package registry that it reaches. If bun.lock does not match package.json, run `bun install` and commit bun.lock. Then run the same command again.\n",
  );
  process.exit(1);
}
