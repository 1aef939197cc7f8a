/** A Chromium for the tests of the page: the one that CHROME_PATH names, one that is installed, or one that is installed now. */
import { existsSync } from "node:fs";

/** The machine as this script sees it, so that a test can be another machine. */
export type Machine = {
  readonly chromePath: string | undefined;
  /** A program's path, or null if there is none. */
  which(program: string): string | null;
  /** Whether a browser answers under this path. */
  works(path: string): boolean;
  /** The installation: null if this machine has no apt-get or this user may not use it; else its output, and whether all went well. */
  install: (() => { readonly ok: boolean; readonly said: string }) | null;
};

/** Names of packages on Linux, then the places of programs on macOS. */
const PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const APPLICATIONS = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"];
const ADVICE =
  "The tests of the page need Chromium or Google Chrome: install one (on Debian `apt-get install chromium`), or set CHROME_PATH to its program.";
const SAID_SHOWN = 2_000;

/** The browser's path. If there is none, it throws with a sentence that says what to install: a test that needs it is never left out. */
export function browserPath(machine: Machine = thisMachine()): string {
  const { chromePath, works, install } = machine;
  if (chromePath !== undefined && chromePath !== "") {
    if (works(chromePath)) return chromePath;
    throw new Error(`CHROME_PATH is ${chromePath}, but no browser answers there. ${ADVICE}`);
  }
  const installed = installedOn(machine);
  if (installed !== null) return installed;
  if (install === null) throw new Error(`There is no browser. ${ADVICE}`);
  const { ok, said } = install();
  const path = ok ? installedOn(machine) : null;
  if (path === null) throw new Error(`Chromium could not be installed: ${said.slice(-SAID_SHOWN)}\n${ADVICE}`);
  return path;
}

function installedOn({ which, works }: Machine): string | null {
  const candidates = [...PROGRAMS.map(which), ...APPLICATIONS];
  return candidates.find((path): path is string => path !== null && works(path)) ?? null;
}

function thisMachine(): Machine {
  const isRoot = process.getuid?.() === 0;
  return {
    chromePath: process.env.CHROME_PATH,
    which: (program) => Bun.which(program),
    works: (path) => existsSync(path) && Bun.spawnSync([path, "--version"], { stdout: "ignore", stderr: "ignore" }).exitCode === 0,
    install: isRoot && Bun.which("apt-get") !== null ? installByApt : null,
  };
}

function installByApt(): { readonly ok: boolean; readonly said: string } {
  console.error("Installing Chromium for the tests of the page, once ...");
  let said = "";
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", "chromium"]]) {
    const run = Bun.spawnSync(["apt-get", ...args], { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
    said += `${run.stdout.toString()}${run.stderr.toString()}`;
    if (run.exitCode !== 0) return { ok: false, said };
  }
  return { ok: true, said };
}

if (import.meta.main) console.log(browserPath());
