/**
 * The suite. `npm run bench` measures everything and prints one table; `npm run bench -- fan-out --store redis --n 10000` one case;
 * `--json FILE` keeps the figures (default: data/bench.json), `--against FILE` compares with an earlier one, `--rounds N`, `--list`.
 * `--write` makes the tables and plots of docs/performance.md of the run; `--write --from FILE` of figures that are there already.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { comparisonOf } from "./against.ts";
import { CASE_NAMES, caseOf } from "./cases.ts";
import { askedOf } from "./command-line.ts";
import { runGroup } from "./group.ts";
import { load, machineOf, machineSentence } from "./facts.ts";
import { writePage } from "./page.ts";
import { type Figure, type Results, readResults } from "./results.ts";
import { suiteServices } from "./services.ts";
import { chosen, GROUPS, type Group } from "./suite.ts";
import { tableOf } from "./table.ts";

process.exit(await main());

async function main(): Promise<number> {
  const asked = askedOf(process.argv.slice(2), [...CASE_NAMES, ...GROUPS.map(({ key }) => key)]);
  if (typeof asked === "string") {
    console.error(asked);
    return 2;
  }
  if (asked.list) {
    for (const name of CASE_NAMES) console.log(`${name.padEnd(16)}${(await caseOf(name)).title}`);
    console.log(`\nGroups: ${GROUPS.map(({ key }) => key).join(", ")}.`);
    return 0;
  }
  if (asked.from !== null) {
    console.log(writePage(readResults(asked.from)));
    return 0;
  }
  const earlier = asked.against === null ? null : readResults(asked.against);
  const { results, failed } = await measured(chosen(asked.what, asked.variant), asked.rounds, asked.json);
  console.log(`\n${machineSentence(results.machine)}\n\n${tableOf(results)}\n\nAll rounds are in ${asked.json}.`);
  if (earlier !== null) console.log(`\n${comparisonOf(results, earlier)}`);
  if (asked.write) console.log(`\n${writePage(results)}`);
  if (failed.length > 0) console.error(`\nFAILED, and not in these figures:\n${failed.join("\n")}`);
  return failed.length === 0 ? 0 : 1;
}

type Run = { readonly results: Results; readonly failed: readonly string[] };

/** The file is written after each group: a run takes its time, and what failed or was ended shall not cost what was measured before. */
async function measured(groups: readonly Group[], rounds: number, file: string): Promise<Run> {
  const startedAt = new Date().toISOString();
  const loadBefore = load();
  const services = suiteServices();
  const figures: Figure[] = [];
  const failed: string[] = [];
  const kept = (): Results => {
    const machine = machineOf(loadBefore, services.versions());
    const results: Results = { format: 1, commit: commit(), startedAt, machine, figures };
    mkdirSync(dirname(resolve(file)), { recursive: true });
    writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
    return results;
  };
  try {
    for (const [at, group] of groups.entries()) {
      const said = `${at + 1} of ${groups.length}, ${group.title}`;
      console.error(`${said} ...`);
      const found = await runGroup({
        subjects: group.subjects,
        rounds: Math.max(rounds, group.rounds ?? 0),
        servicesOf: ({ variant }) => services.forStore(variant.store ?? "memory"),
        progress: (sentence) => console.error(`${said}: ${sentence}, load ${load().toFixed(2)}`),
      });
      figures.push(...found.figures);
      failed.push(...found.failed);
      await services.release();
      kept();
    }
  } finally {
    await services.stop();
  }
  return { results: kept(), failed };
}

/** Of the checkout, with a `+` where it has changes. */
function commit(): string {
  const git = (...args: string[]): string => spawnSync("git", args, { cwd: import.meta.dir, encoding: "utf8" }).stdout?.trim() ?? "";
  return `${git("rev-parse", "--short", "HEAD") || "unknown"}${git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "+"}`;
}
