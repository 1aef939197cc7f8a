/** Which browser the tests of the page take, on machines of all kinds. */
import { describe, expect, test } from "bun:test";
import { browserPath, type Machine } from "../../scripts/browser.ts";

/** A machine with these programs; `install` may put more there. */
function machine(programs: Record<string, string>, given: Partial<Machine> = {}): Machine {
  return {
    chromePath: undefined,
    which: (program) => programs[program] ?? null,
    works: (path) => Object.values(programs).includes(path),
    install: null,
    ...given,
  };
}

describe("the browser for the tests", () => {
  test("is the one that CHROME_PATH names, whatever else is there", () => {
    const programs = { chromium: "/usr/bin/chromium", mine: "/opt/mine" };
    expect(browserPath(machine(programs, { chromePath: "/opt/mine" }))).toBe("/opt/mine");
    expect(browserPath(machine(programs, { chromePath: "" }))).toBe("/usr/bin/chromium");
  });

  test("is never another than the one that was asked for", () => {
    const asked = machine({ chromium: "/usr/bin/chromium" }, { chromePath: "/opt/gone" });
    expect(() => browserPath(asked)).toThrow("CHROME_PATH is /opt/gone, but no browser answers there.");
  });

  test("is an installed one that works", () => {
    const programs = { chromium: "/usr/bin/chromium", "google-chrome": "/usr/bin/google-chrome" };
    expect(browserPath(machine(programs, { works: (path) => path === "/usr/bin/google-chrome" }))).toBe("/usr/bin/google-chrome");
  });

  test("is installed where there is none and this user may", () => {
    const programs: Record<string, string> = {};
    const install = () => {
      programs.chromium = "/usr/bin/chromium";
      return { ok: true, said: "" };
    };
    expect(browserPath(machine(programs, { install }))).toBe("/usr/bin/chromium");
  });

  test("or its lack is said, with what to install", () => {
    expect(() => browserPath(machine({}))).toThrow("apt-get install chromium");
    const offline = () => ({ ok: false, said: "E: Could not resolve deb.debian.org" });
    expect(() => browserPath(machine({}, { install: offline }))).toThrow("Could not resolve deb.debian.org");
    // As on Ubuntu, where the package of this name only leads to a snap.
    expect(() => browserPath(machine({}, { install: () => ({ ok: true, said: "" }) }))).toThrow("set CHROME_PATH");
  });
});
