/** The table in docs/faults.md is made anew row by row, too: a run of one fault leaves the others' rows. */
import { expect, test } from "bun:test";
import { withRowsOf } from "./table.ts";

const table = (...rows: string[]): string => ["| fault | lost |", "| --- | --: |", ...rows.map((row) => `| ${row} |`)].join("\n");

test("rows that were made anew stand in the place of those before, in their order, and what is no fault any more goes", () => {
  const older = `\n${table("no fault | 1", "gone | 2", "1. killed | 3", "2. stopped | 4")}\n`;
  const names = ["no fault", "0. new", "1. killed", "2. stopped", "3. not yet run"];
  expect(withRowsOf(older, table("1. killed | 0", "0. new | 0"), names)).toBe(
    table("no fault | 1", "0. new | 0", "1. killed | 0", "2. stopped | 4"),
  );
});
