import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { describeCoverage, measureCoverage, UNCOUNTED } from "../../scripts/coverage.ts";

const lcov = [
  "TN:",
  "SF:src/a.ts",
  "DA:1,1",
  "DA:2,0",
  "DA:3,0",
  "DA:5,0",
  "DA:6,7",
  "end_of_record",
  "SF:test/b.ts",
  "DA:1,0",
  "end_of_record",
  "",
].join("\n");
const loaded = "const a = 1;\n";

describe("coverage", () => {
  test("counts the lines of src/ that the runner reports, and nothing outside", () => {
    const coverage = measureCoverage(new Map([["src/a.ts", loaded]]), lcov);
    expect(coverage).toEqual({ lines: 5, hit: 2, files: [{ file: "src/a.ts", lines: 5, hit: 2, missed: [2, 3, 5] }] });
  });

  test("counts a file that no test loads as not covered, line by line", () => {
    const source = '/** Why. */\nimport { b } from "./b.ts";\nexport type A = string;\nexport function a(): number {\n  return b();\n}\n';
    const coverage = measureCoverage(new Map([["src/never.ts", source]]), lcov);
    expect(coverage).toMatchObject({ lines: 3, hit: 0 });
  });

  test("does not count a file of types, which has no line to run", () => {
    const source =
      '/** Why. */\nimport type { B } from "./b.ts";\nexport type A = { readonly b: B };\nexport interface C {\n  c(): void;\n}\n';
    expect(measureCoverage(new Map([["src/types-only.ts", source]]), lcov)).toEqual({ lines: 0, hit: 0, files: [] });
  });

  test("adds up a file that several processes report", () => {
    const twice = `${lcov}SF:src/a.ts\nDA:2,1\nend_of_record\n`;
    expect(measureCoverage(new Map([["src/a.ts", loaded]]), twice).hit).toBe(3);
  });

  test("leaves out only files that exist, each for a reason that is printed", () => {
    const coverage = measureCoverage(new Map(Object.keys(UNCOUNTED).map((file) => [file, loaded])), lcov);
    expect(coverage.lines).toBe(0);
    for (const [file, reason] of Object.entries(UNCOUNTED)) {
      expect([file, existsSync(`${import.meta.dir}/../../${file}`)]).toEqual([file, true]);
      expect(describeCoverage(coverage)).toContain(`${file}: ${reason}`);
    }
  });

  test("is printed with the worst file first, its missed lines as ranges, and the total last", () => {
    const sources = new Map([
      ["src/a.ts", loaded],
      ["src/never.ts", loaded],
    ]);
    const lines = describeCoverage(measureCoverage(sources, lcov)).split("\n");
    expect(lines[0]).toBe("  0.0 %  src/never.ts  not covered: 1");
    expect(lines[1]).toBe(" 40.0 %  src/a.ts  not covered: 2-3, 5");
    expect(lines.at(-1)).toBe("Coverage by lines: 33.3 %  of 6 lines in 2 files of src/");
  });
});
