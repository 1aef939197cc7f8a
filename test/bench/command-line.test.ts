/** What the suite's command line understands, and that it can be used: the smallest case, from the command to the file. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { askedOf } from "../../bench/command-line.ts";
import { figureOf, readResults } from "../../bench/results.ts";

const NAMES = ["fan-out", "chain"];
const ROOT = resolve(import.meta.dir, "../..");
const folder = mkdtempSync(join(tmpdir(), "troupe-bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the command line", () => {
  test("asks for everything, where it says nothing", () => {
    expect(askedOf([], NAMES)).toEqual({
      what: null,
      variant: {},
      rounds: 5,
      json: "data/bench.json",
      against: null,
      list: false,
      write: false,
      from: null,
    });
  });

  test("names a case, its form, and what becomes of the figures", () => {
    const said = "fan-out --store redis+kafka --n 10 --at-once 3 --rounds 7 --json a.json --against b.json --write".split(" ");
    expect(askedOf(said, NAMES)).toMatchObject({
      what: "fan-out",
      variant: { store: "redis+kafka", n: 10, atOnce: 3 },
      rounds: 7,
      json: "a.json",
      against: "b.json",
      write: true,
    });
  });

  test("names a rate and for how long, in whole minutes or parts of one", () => {
    expect(askedOf("chain --rate 500 --minutes 0.5".split(" "), NAMES)).toMatchObject({ variant: { rate: 500, minutes: 0.5 } });
  });

  const refused: [string, string][] = [
    ["nothing", 'There is no case or group "nothing"; there are fan-out, chain.'],
    ["fan-out chain", 'One case or group at a time: "chain" is too much.'],
    ["--store postgres", "--store is one of memory, sqlite, redis, redis+kafka."],
    ["--n 0", '--n is a whole number from 1, not "0".'],
    ["--at-once many", '--at-once is a whole number from 1, not "many".'],
    ["--minutes 0", '--minutes is a number above 0, 0.5 for half a minute, not "0".'],
    ["--from a.json", "--from names the figures that --write makes the page of: say both."],
  ];
  test.each(refused)("answers %s with a sentence", (said, sentence) => {
    expect(askedOf(said.split(" "), NAMES)).toBe(sentence);
  });

  test("answers an option that it does not know with a sentence", () => {
    expect(askedOf(["--colour"], NAMES)).toContain("--colour");
  });
});

describe("the command", () => {
  test.each(["--store postgres", "no-such-case"])("ends with a sentence and without a stack for %s", async (said) => {
    const { exitCode, stderr, stdout } = await run(...said.split(" "));
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  test("measures the smallest case and keeps what it found", async () => {
    const file = join(folder, "small.json");
    const { exitCode, stdout, stderr } = await run("fan-out", "--store", "memory", "--n", "10", "--rounds", "1", "--json", file);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining("round 1 of 1")]);
    expect(stdout).toContain("fan-out memory n=10");
    const rate = figureOf(readResults(file), "fan-out", { store: "memory", n: 10 }, "nodes/s");
    expect(rate?.rounds).toEqual([expect.any(Number)]);
    expect(rate?.rounds[0]).toBeGreaterThan(0);
  }, 60_000);

  test("keeps what it found where a subject fails, and says so by its exit code", async () => {
    const file = join(folder, "failed.json");
    const { exitCode, stderr } = await run("micro", "--part", "no-such-part", "--rounds", "1", "--json", file);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('There is no part "no-such-part"')]);
    expect(stderr).toContain("FAILED, and not in these figures:\nmicro memory no-such-part: ");
    expect(readResults(file).figures).toEqual([]);
  }, 60_000);
});

async function run(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const child = Bun.spawn([process.execPath, "bench/run.ts", ...args], { cwd: ROOT, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { exitCode, stdout, stderr };
}
