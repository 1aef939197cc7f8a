/** The table of a run, and a run beside an earlier one. */
import { describe, expect, test } from "bun:test";
import { comparisonOf } from "../../bench/against.ts";
import { aligned, goalOf, ratiosOf, shown, tableOf } from "../../bench/table.ts";
import { figure, resultsOf } from "./made.ts";

const WIDE = { store: "redis", n: 10_000 } as const;

describe("the table of a run", () => {
  test("shows a figure's median and spread, its goal, and whether it is reached", () => {
    const [, row = ""] = tableOf(resultsOf(figure("fan-out", WIDE, "nodes/s", 210_000, 190_000, 250_000))).split("\n");
    expect(row.split(/ {2,}/)).toEqual(["fan-out redis n=10000", "nodes/s", "210,000", "190,000 – 250,000", "200,000", "yes"]);
  });

  test("says NO where a rate is below its goal, or a time above it", () => {
    expect(tableOf(resultsOf(figure("fan-out", WIDE, "nodes/s", 199_000)))).toContain("NO");
    expect(tableOf(resultsOf(figure("chain", { store: "redis", n: 200 }, "ms a step", 0.21)))).toContain("NO");
    expect(tableOf(resultsOf(figure("chain", { store: "redis", n: 200 }, "ms a step", 0.19)))).toContain("yes");
  });

  test("shows what has no goal without one", () => {
    const unwanted = figure("fan-out", { store: "redis", n: 11 }, "nodes/s", 5);
    expect(goalOf(unwanted)).toBeNull();
    expect(tableOf(resultsOf(unwanted))).not.toMatch(/yes|NO/);
  });

  test("has a ratio where both its sides were measured", () => {
    const small = figure("fan-out", WIDE, "nodes/s", 100, 100);
    const large = figure("fan-out", { store: "redis", n: 99_998 }, "nodes/s", 90, 70);
    expect(ratiosOf(resultsOf(small))).toEqual([]);
    expect(ratiosOf(resultsOf(small, large))).toEqual([{ title: "fan-out of 100,000 to one of 10,000, redis", found: 0.8, goal: 0.8 }]);
  });
});

test("a large number is shown with three digits that mean something, a small one with those of its metric", () => {
  expect(shown(123_456, "nodes/s")).toBe("123,000");
  expect(shown(0.02849, "ms a step")).toBe("0.028");
});

test("columns are as wide as their widest cell, numbers to the right", () => {
  expect(
    aligned([
      ["a", "b", "c"],
      ["long", "", "100"],
    ]),
  ).toBe("a     b    c\nlong     100");
});

describe("a run beside an earlier one", () => {
  const before = resultsOf(figure("fan-out", WIDE, "nodes/s", 90, 100, 110), figure("chain", { n: 200 }, "ms a step", 0.4));

  test("tells each figure as a multiple that is above 1 where it is better", () => {
    const now = resultsOf(figure("fan-out", WIDE, "nodes/s", 190, 200, 210), figure("chain", { n: 200 }, "ms a step", 0.1));
    const [, wide = "", chain = ""] = comparisonOf(now, before).split("\n");
    expect(wide).toContain("2.00 ×");
    expect(chain).toContain("4.00 ×");
    expect(wide).not.toContain("within the spread");
  });

  test("says where the rounds of both overlap", () => {
    expect(comparisonOf(resultsOf(figure("fan-out", WIDE, "nodes/s", 105, 120)), before)).toContain("within the spread");
  });

  test("leaves out what only one of them has, and says where that is all", () => {
    expect(comparisonOf(resultsOf(figure("diamonds", {}, "executions/s", 1)), before)).toContain(
      "Nothing of this run is in the earlier one",
    );
  });
});
