/**
 * The suite. `npm run bench` measures everything and prints one table; `npm run bench -- fan-out --store redis --n 10000` one case;
 * `--json FILE` keeps the figures (default: data/bench.json), `--against FILE` compares with an earlier one, `--rounds N`, `--list`.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { comparisonOf } from "./against.ts";
import type { Variant } from "./case.ts";
import { CASE_NAMES, caseOf } from "./cases.ts";
import { runGroup } from "./group.ts";
import { load, machineOf, machineSentence } from "./facts.ts";
import { type Figure, type Results, readResults } from "./results.ts";
import { suiteServices } from "./services.ts";
import { chosen, GROUPS, type Group } from "./suite.ts";
import { tableOf } from "./table.ts";

const ROUNDS = 5;
const DEFAULT_FILE = "data/bench.json";

process.exit(await main());

async function main(): Promise<number> {
  const asked = read();
  if (typeof asked === "string") {
    console.error(asked);
    return 2;
  }
  if (asked.list) {
    for (const name of CASE_NAMES) console.log(`${name.padEnd(16)}${(await caseOf(name)).title}`);
    console.log(`\nGroups: ${GROUPS.map(({ key }) => key).join(", ")}.`);
    return 0;
  }
  const earlier = asked.against === null ? null : readResults(asked.against);
  const results = await measured(chosen(asked.what, asked.variant), asked.rounds);
  mkdirSync(dirname(resolve(asked.json)), { recursive: true });
  writeFileSync(asked.json, `${JSON.stringify(results, null, 1)}\n`);
  console.log(`\n${machineSentence(results.machine)}\n\n${tableOf(results)}\n\nAll rounds are in ${asked.json}.`);
  if (earlier !== null) console.log(`\n${comparisonOf(results, earlier)}`);
  return 0;
}

type Asked = {
  readonly what: string | null;
  readonly variant: Variant;
  readonly rounds: number;
  readonly json: string;
  readonly against: string | null;
  readonly list: boolean;
};

/** A sentence where it cannot be understood. */
function read(): Asked | string {
  const number = { type: "string" } as const;
  const options = { n: number, size: number, "at-once": number, instances: number, rounds: number } as const;
  const texts = { store: { type: "string" }, part: { type: "string" }, json: { type: "string" }, against: { type: "string" } } as const;
  let parsed: ReturnType<typeof parse>;
  const parse = () =>
    parseArgs({ args: process.argv.slice(2), allowPositionals: true, options: { ...options, ...texts, list: { type: "boolean" } } });
  try {
    parsed = parse();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { values, positionals } = parsed;
  const [what = null, ...more] = positionals;
  if (more.length > 0) return `One case or group at a time: "${more.join(" ")}" is too much.`;
  const names = [...CASE_NAMES, ...GROUPS.map(({ key }) => key)];
  if (what !== null && !names.includes(what)) return `There is no case or group "${what}"; there are ${names.join(", ")}.`;
  const STORES = ["memory", "sqlite", "redis", "redis+kafka"] as const;
  const store = STORES.find((name) => name === values.store);
  if (values.store !== undefined && store === undefined) return `--store is one of ${STORES.join(", ")}.`;
  const numbers = { n: values.n, size: values.size, atOnce: values["at-once"], instances: values.instances, rounds: values.rounds };
  const read: Record<string, number> = {};
  for (const [name, text] of Object.entries(numbers)) {
    if (text === undefined) continue;
    if (!/^[1-9]\d{0,8}$/.test(text)) return `--${name === "atOnce" ? "at-once" : name} is a whole number from 1, not "${text}".`;
    read[name] = Number(text);
  }
  const { rounds = ROUNDS, ...variant } = read;
  return {
    what,
    variant: { ...variant, ...(store === undefined ? {} : { store }), ...(values.part === undefined ? {} : { part: values.part }) },
    rounds,
    json: values.json ?? DEFAULT_FILE,
    against: values.against ?? null,
    list: values.list ?? false,
  };
}

async function measured(groups: readonly Group[], rounds: number): Promise<Results> {
  const startedAt = new Date().toISOString();
  const loadBefore = load();
  const services = suiteServices();
  const figures: Figure[] = [];
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
      figures.push(...found);
      await services.release();
    }
  } finally {
    await services.stop();
  }
  return { format: 1, commit: commit(), startedAt, machine: machineOf(loadBefore, services.versions()), figures };
}

/** Of the checkout, with a `+` where it has changes. */
function commit(): string {
  const git = (...args: string[]): string => spawnSync("git", args, { cwd: import.meta.dir, encoding: "utf8" }).stdout?.trim() ?? "";
  return `${git("rev-parse", "--short", "HEAD") || "unknown"}${git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "+"}`;
}
