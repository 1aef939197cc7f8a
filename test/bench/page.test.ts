/** The page of figures: what of a run stands in it, and what it says of what the run did not measure. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onPaper } from "../../bench/million.ts";
import { pageOf } from "../../bench/page.ts";
import { TABLES } from "../../bench/page-tables.ts";
import { plotsOf } from "../../bench/plots/plots.ts";
import { figure, resultsOf } from "./made.ts";

const WIDE = { store: "redis+kafka", n: 10_000 } as const;
const marked = (name: string): string => `before\n<!-- table: ${name} -->\nold\n<!-- end of table -->\nafter\n`;

describe("the page", () => {
  test("keeps its prose, and has a run's figures between its markers", () => {
    const page = pageOf(marked("widths"), resultsOf(figure("fan-out", WIDE, "nodes/s", 100_000, 120_000, 140_000)));
    expect(page).toContain("before\n<!-- table: widths -->\n\n| nodes/s |");
    expect(page).toContain("| 1 → 10,000 → 1 | – | – | – | 120,000 (100,000 – 140,000) |");
    expect(page).toEndWith("<!-- end of table -->\nafter\n");
    expect(page).not.toContain("old");
  });

  test("says what of a table was not measured, and for which stores", () => {
    const page = pageOf(marked("widths"), resultsOf(figure("fan-out", WIDE, "nodes/s", 1)));
    expect(page).toContain("*Not in this run: 1 → 10 → 1; ");
    expect(page).toContain("1 → 10,000 → 1 (memory, SQLite, Redis)");
  });

  test("written twice is the same", () => {
    const results = resultsOf(figure("fan-out", WIDE, "nodes/s", 1));
    const once = pageOf(marked("widths"), results);
    expect(pageOf(once, results)).toBe(once);
  });

  test("shows goals that are not reached in bold", () => {
    const found = resultsOf(figure("fan-out", WIDE, "nodes/s", 119_000), figure("chain", { store: "memory", n: 200 }, "ms a step", 0.03));
    const page = pageOf(marked("goals"), found);
    expect(page).toContain("**119,000 < 120,000**");
    expect(page).toContain("| 0.030 ≤ 0.03 |");
  });

  test("of a table that there is not is refused, with the names of those that there are", () => {
    expect(() => pageOf(marked("nothing"), resultsOf())).toThrow(/wants a table "nothing"; there are machine, /);
  });

  test("of a run without any figure can be written, and so can every table", () => {
    for (const table of Object.values(TABLES)) expect(table(resultsOf())).toBeString();
    expect(plotsOf(resultsOf())).toEqual({ "widths.svg": null, "at-once.svg": null, "costs.svg": null });
  });

  test("in docs/ has every table, each once, and every plot", () => {
    const page = readFileSync(join(import.meta.dir, "../../docs/performance.md"), "utf8");
    const wanted = [...page.matchAll(/<!-- table: ([\w-]+) -->/g)].map(([, name]) => name ?? "");
    expect(wanted.toSorted()).toEqual(Object.keys(TABLES).toSorted());
    expect(page.match(/<!-- end of table -->/g)).toHaveLength(wanted.length);
    for (const name of Object.keys(plotsOf(resultsOf()))) expect(page).toContain(`(plots/${name})`);
  });
});

describe("a plot", () => {
  const svg = plotsOf(resultsOf(figure("fan-out", WIDE, "nodes/s", 90, 100, 110), figure("fan-out", { ...WIDE, n: 10 }, "nodes/s", 5)));

  test("has its own background, its axes and units, the machine and the day", () => {
    const text = svg["widths.svg"] ?? "";
    for (const part of ['fill="#ffffff"', "nodes a second", "run side by side", "Redis + Kafka", "a processor", "2026-01-02"])
      expect(text).toContain(part);
  });

  test("has no number that is none, also of a single figure", () => {
    const single = plotsOf(resultsOf(figure("diamonds", { store: "memory", atOnce: 10 }, "executions/s", 100)))["at-once.svg"];
    for (const text of [svg["widths.svg"], single]) expect(text).not.toMatch(/NaN|Infinity|undefined/);
    expect(single).toContain("executions a second");
  });

  test("leaves out a round in which nothing was done", () => {
    expect(plotsOf(resultsOf(figure("fan-out", WIDE, "nodes/s", 0)))["widths.svg"]).toBeNull();
  });
});

describe("on paper", () => {
  const costs = resultsOf(
    figure("fan-out", WIDE, "µs main thread a node", 2),
    figure("fan-out", WIDE, "µs Redis CPU a node", 0.5),
    figure("fan-out", WIDE, "Redis bytes a node", 80),
  );

  test("a part that costs twice as much takes half as many nodes, and the costliest is full first", () => {
    const { parts, firstFull, lanes, redisMBs, kafkaMBs } = onPaper(costs, { case: "fan-out", variant: WIDE });
    // 0.7 s of a second, at 2 µs a node, are 350,000 nodes: three of them are a million.
    expect(parts).toMatchObject([
      { eachPerSecond: 350_000, count: 3 },
      { eachPerSecond: 1_400_000, count: 1 },
    ]);
    expect([firstFull?.name, lanes, redisMBs, kafkaMBs]).toEqual(["instances, by their main threads", 24, 80, null]);
  });

  test("nothing follows from nothing", () => {
    expect(onPaper(resultsOf(), { case: "fan-out", variant: WIDE })).toEqual({
      parts: [],
      firstFull: null,
      lanes: null,
      redisMBs: null,
      kafkaMBs: null,
    });
  });
});
