/** What a run found: its file, its names, and the figures that are made of its rounds. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { figureOf, median, nameOf, ratio, readResults } from "../../bench/results.ts";
import { figure, resultsOf } from "./made.ts";

const folder = mkdtempSync(join(tmpdir(), "troupe-results-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the median of an odd number of rounds is the middle one, of an even number the mean of the two", () => {
  expect(median([30, 10, 20])).toBe(20);
  expect(median([40, 10, 20, 30])).toBe(25);
  expect(median([7])).toBe(7);
  expect(median([])).toBeNaN();
});

test("a median leaves the rounds in their order", () => {
  const rounds = [3, 1, 2];
  median(rounds);
  expect(rounds).toEqual([3, 1, 2]);
});

describe("a ratio", () => {
  test("is that of each round, so that a slow minute which harmed both falls out", () => {
    const ours = figure("fan-out", {}, "nodes/s", 200, 20, 220);
    const theirs = figure("fan-out", {}, "nodes/s", 100, 10, 110);
    expect(ratio(ours, theirs)).toBe(2);
  });

  test("leaves out rounds that one of them has not", () => {
    expect(ratio(figure("a", {}, "nodes/s", 10, 90), figure("b", {}, "nodes/s", 5))).toBe(2);
  });
});

test("a form of a case has one name, whatever the order of its parts", () => {
  expect(nameOf({ case: "fan-out", variant: { n: 10, store: "redis" } })).toBe("fan-out redis n=10");
  expect(nameOf({ case: "fan-out", variant: { store: "redis", n: 10 } })).toBe("fan-out redis n=10");
  expect(nameOf({ case: "outputs", variant: { size: 100, n: 1, part: "read", store: "memory", atOnce: 3, instances: 2 } })).toBe(
    "outputs memory read n=1 size=100 atOnce=3 instances=2",
  );
});

test("a figure is found by its form and its metric", () => {
  const wanted = figure("chain", { store: "memory", n: 200 }, "ms a step", 0.03);
  const results = resultsOf(figure("chain", { store: "memory", n: 20 }, "ms a step", 1), wanted);
  expect(figureOf(results, "chain", { n: 200, store: "memory" }, "ms a step")).toBe(wanted);
  expect(figureOf(results, "chain", { n: 200, store: "memory" }, "nodes/s")).toBeUndefined();
  expect(figureOf(results, "chain", { n: 200 }, "ms a step")).toBeUndefined();
});

describe("a file of results", () => {
  const written = (value: unknown): string => {
    const file = join(folder, "results.json");
    writeFileSync(file, JSON.stringify(value));
    return file;
  };

  test("is read as it was written", () => {
    const results = resultsOf(figure("fan-out", { store: "redis+kafka", n: 10 }, "nodes/s", 1, 2, 3));
    expect(readResults(written(results))).toEqual(results);
  });

  test("of something else is refused with a sentence that names it", () => {
    expect(() => readResults(written({ hello: 1 }))).toThrow(/results\.json holds no results of this suite/);
    const strange = { ...resultsOf(), figures: [{ case: "x", variant: {}, metric: "furlongs", rounds: [1] }] };
    expect(() => readResults(written(strange))).toThrow("an unknown metric");
  });
});
