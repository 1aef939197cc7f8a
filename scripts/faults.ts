/**
 * The long form of the fault tests: 800 executions of 22 nodes on three instances for each fault, and the table of what the
 * checker found; then copies of the sources with a safeguard taken out, which it must find out. Arguments: parts of names, to run
 * only those ("teeth" for the latter); `--write` puts the table into docs/faults.md, where the rows of what did not run stay.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LONG_PLANS } from "../test/faults/plans.ts";
import { type Report, run, wrongIn } from "../test/faults/run.ts";
import { startSystem } from "../test/faults/system.ts";
import { bite, LONG_TEETH, SHORT_TEETH } from "../test/faults/teeth.ts";
import { tableOf, withRowsOf } from "../test/faults/table.ts";
import { seedFromEnvironment } from "../test/process/chance.ts";
import { endAll } from "../test/process/server.ts";
import { sharedKafka } from "../test/services/kafka.ts";

const PAGE = join(import.meta.dir, "../docs/faults.md");
const BEGIN = "<!-- faults:begin -->";
const END = "<!-- faults:end -->";
const SHOWN = 20;

const words = process.argv.slice(2).filter((word) => word !== "--write");
const seed = seedFromEnvironment();
console.log(`TEST_SEED=${seed}`);
const reports: Report[] = [];
let wrongs = 0;
for (const plan of LONG_PLANS.filter(({ name }) => isWanted(name))) {
  const beganMs = performance.now();
  const system = await startSystem(plan.system);
  try {
    const report = await run(system, { ...plan, seed });
    reports.push(report);
    const wrong = [...wrongIn(report), ...(plan.also?.(report) ?? [])];
    wrongs += wrong.length;
    const seconds = Math.round((performance.now() - beganMs) / 1_000);
    console.log(
      `${plan.name}: ${wrong.length === 0 ? "well" : `${wrong.length} violations`}, ${seconds} s, ${JSON.stringify(report.counts)}`,
    );
    for (const twice of report.verdict.sameAttemptTwice.slice(0, SHOWN)) console.log(`  same attempt twice: ${twice}`);
    console.log(`  answers: ${report.answers.refusals} to come again, ${report.answers.silences} none`);
    if (wrong.length > 0) console.log(`  logs in ${system.keep()}\n  ${wrong.slice(0, SHOWN).join("\n  ")}`);
  } catch (error) {
    wrongs += 1;
    console.log(`${plan.name}: ${String(error)}\n  logs in ${system.keep()}`);
  } finally {
    await system.stop();
    await endAll();
  }
}
for (const tooth of [...SHORT_TEETH, ...LONG_TEETH].filter(({ name }) => isWanted(`teeth: ${name}`))) {
  const { found, violations, logs } = await bite(tooth, await sharedKafka());
  console.log(
    `Where ${tooth.name}: ${found.length > 0 ? "found out" : "NOT FOUND OUT"}, ${violations.length} violations, such as ${violations[0]} ${logs}`,
  );
  if (found.length === 0) wrongs += 1;
  await endAll();
}
const table = tableOf(reports);
console.log(`\n${table}`);
if (process.argv.includes("--write")) write(table);
process.exit(wrongs === 0 ? 0 : 1);

function isWanted(name: string): boolean {
  return words.length === 0 || words.some((word) => name.includes(word));
}

function write(text: string): void {
  const page = readFileSync(PAGE, "utf8");
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`docs/faults.md has no place for the table: ${BEGIN} … ${END}.`);
  const names = LONG_PLANS.map(({ name }) => name);
  const table = withRowsOf(page.slice(begin + BEGIN.length, end), text, names);
  writeFileSync(PAGE, `${page.slice(0, begin + BEGIN.length)}\n${table}\n${page.slice(end)}`);
}
