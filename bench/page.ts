/** Writes the tables and plots of docs/performance.md from a run's figures. The prose between them is written by hand and stays. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { TABLES } from "./page-tables.ts";
import { plotsOf } from "./plots/plots.ts";
import type { Results } from "./results.ts";

const DOCS = resolve(import.meta.dir, "../docs");

/** A sentence of what was written, and of what the run did not have. */
export function writePage(results: Results, docs: string = DOCS): string {
  const page = join(docs, "performance.md");
  writeFileSync(page, pageOf(readFileSync(page, "utf8"), results));
  const plots = join(docs, "plots");
  mkdirSync(plots, { recursive: true });
  const missing: string[] = [];
  for (const [name, svg] of Object.entries(plotsOf(results))) {
    if (svg !== null) writeFileSync(join(plots, name), svg);
    else {
      // A plot of another run beside these tables would say what is not so.
      rmSync(join(plots, name), { force: true });
      missing.push(name);
    }
  }
  const left = missing.length === 0 ? "" : ` Nothing of ${missing.join(", ")} was measured: removed.`;
  return `Written: ${page} and its plots.${left}`;
}

const TABLE = /(<!-- table: ([\w-]+) -->\n)[\s\S]*?(<!-- end of table -->)/g;

/** The page with what stands between its markers replaced. Throws where a marker names a table that there is not. */
export function pageOf(text: string, results: Results): string {
  return text.replace(TABLE, (_, begin: string, name: string, end: string) => {
    const table = TABLES[name];
    if (table === undefined) throw new Error(`The page wants a table "${name}"; there are ${Object.keys(TABLES).join(", ")}.`);
    return `${begin}\n${table(results)}\n\n${end}`;
  });
}
