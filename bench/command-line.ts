/** What the suite's command line asks for. */
import { parseArgs } from "node:util";
import type { Variant } from "./case.ts";
import { STORE_KINDS } from "./stores.ts";

export type Asked = {
  /** A case or a group; null for all. */
  readonly what: string | null;
  readonly variant: Variant;
  readonly rounds: number;
  /** Where the figures are kept. */
  readonly json: string;
  readonly against: string | null;
  readonly list: boolean;
  /** The page's tables and plots are written anew. */
  readonly write: boolean;
  /** Nothing is measured: the page is of the figures in this file. */
  readonly from: string | null;
};

const ROUNDS = 5;
const DEFAULT_FILE = "data/bench.json";

/** `names`: of cases and groups. A sentence where it cannot be understood. */
export function askedOf(args: readonly string[], names: readonly string[]): Asked | string {
  const text = { type: "string" } as const;
  const isSaid = { type: "boolean" } as const;
  const numbers = { n: text, size: text, "at-once": text, instances: text, rate: text, rounds: text } as const;
  const options = {
    ...numbers,
    minutes: text,
    store: text,
    part: text,
    json: text,
    against: text,
    from: text,
    list: isSaid,
    write: isSaid,
  } as const;
  const parse = () => parseArgs({ args: [...args], allowPositionals: true, options });
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { values, positionals } = parsed;
  const [what = null, ...more] = positionals;
  if (more.length > 0) return `One case or group at a time: "${more.join(" ")}" is too much.`;
  if (what !== null && !names.includes(what)) return `There is no case or group "${what}"; there are ${names.join(", ")}.`;
  const store = STORE_KINDS.find((kind) => kind === values.store);
  if (values.store !== undefined && store === undefined) return `--store is one of ${STORE_KINDS.join(", ")}.`;
  if (values.from !== undefined && !values.write) return "--from names the figures that --write makes the page of: say both.";
  const read: Record<string, number> = {};
  for (const [name, key] of NUMBERS) {
    const said = values[name];
    if (said === undefined) continue;
    if (!/^[1-9]\d{0,8}$/.test(said)) return `--${name} is a whole number from 1, not "${said}".`;
    read[key] = Number(said);
  }
  if (values.minutes !== undefined) {
    if (!/^\d{1,4}(\.\d{1,3})?$/.test(values.minutes) || Number(values.minutes) === 0)
      return `--minutes is a number above 0, 0.5 for half a minute, not "${values.minutes}".`;
    read.minutes = Number(values.minutes);
  }
  const { rounds = ROUNDS, ...variant } = read;
  return {
    what,
    variant: { ...variant, ...(store === undefined ? {} : { store }), ...(values.part === undefined ? {} : { part: values.part }) },
    rounds,
    json: values.json ?? DEFAULT_FILE,
    against: values.against ?? null,
    list: values.list ?? false,
    write: values.write ?? false,
    from: values.from ?? null,
  };
}

const NUMBERS = [
  ["n", "n"],
  ["size", "size"],
  ["at-once", "atOnce"],
  ["instances", "instances"],
  ["rate", "rate"],
  ["rounds", "rounds"],
] as const;
