/** The rules of the house, as data: who may import what, what only one place may use, how large a file may be, what it may not be called. */
import { lineAt, type Scanned, scan } from "./scan.ts";

export type Violation = {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  readonly found: string;
  readonly why: string;
};

/** Rooms (or single files) of src/ that each room may import. Its own files it may import always. */
const MAY_IMPORT: Readonly<Record<string, { readonly from: readonly string[]; readonly why: string }>> = {
  env: { from: [], why: "it is a leaf: everything else stands on it" },
  workflow: { from: [], why: "the rules are pure: no clock, no room, nothing that can differ between two runs" },
  handlers: { from: ["workflow", "env"], why: "a node's code knows no thread, no store and no engine" },
  pool: { from: ["workflow", "env"], why: "threads run what they are given; what runs in them is wired in thread.ts" },
  store: { from: ["workflow", "env"], why: "a store keeps what it is given and decides nothing" },
  bus: { from: ["store", "workflow", "env"], why: "the relay reads what is committed, and nothing else" },
  actors: {
    from: ["store", "pool/pool.ts", "workflow", "env"],
    why: "an actor knows threads only by the pool's interface, and what a node does not at all",
  },
  "actors/node": { from: ["store", "pool/pool.ts", "workflow", "env", "handlers"], why: "the node actor runs handlers, in the thread" },
  cluster: {
    from: ["store", "bus", "workflow", "env"],
    why: "who may work is decided apart from who works: main.ts hands it what to adopt",
  },
  engine: {
    from: ["workflow", "env", "pool", "store", "bus", "actors", "cluster", "engine"],
    why: "the front door knows the house, but not what nodes do",
  },
  http: {
    from: ["engine.ts", "workflow/definition", "workflow/json", "env"],
    why: "REST asks the engine: a route that reaches past it goes around its rules",
  },
  main: { from: ["*"], why: "the process is put together here" },
  thread: { from: ["*"], why: "a thread is put together here" },
};

type PackageRule = { readonly packages: RegExp; readonly files: RegExp; readonly why: string };

/** Packages that only some files of src/ may import. What no line names may stand anywhere. */
const ONLY_IN: readonly PackageRule[] = [
  { packages: /^ioredis$/, files: /^src\/(store|bus)\/[^/]*redis[^/]*\.ts$/, why: "Redis is one store and one bus of several" },
  { packages: /^kafkajs(\/|$)/, files: /^src\/bus\/kafka[^/]*\.ts$/, why: "Kafka is one bus of several" },
  { packages: /^bun:sqlite$/, files: /^src\/store\/sqlite[^/]*\.ts$/, why: "SQLite is one store of several" },
  { packages: /^(hono|hono-openapi|swagger-ui-dist|@hono\/.*)(\/|$)/, files: /^src\/http\//, why: "only REST speaks HTTP" },
  { packages: /^pino$/, files: /^src\/env\/log\.ts$/, why: "the rest says what happened to the Log that it is given" },
  { packages: /^(node:)?timers(\/promises)?$/, files: /^src\/env\//, why: "time is a seam" },
  {
    packages: /^(node|bun):|^(?!valibot$|parse-duration$|@marcbachmann\/cel-js$)[^.]/,
    files: /^src\/(?!workflow\/)/,
    why: "workflow/ is pure: the schema and expression libraries and nothing else",
  },
];

/** Packages that outside src/ too only some files may import: what we measure ourselves against is nothing that we build on. */
const ONLY_MEASURED: PackageRule = {
  packages: /^(bullmq|effect|poolifier)(\/|$)/,
  files: /^bench\/rivals\//,
  why: "it is a rival: measured, not used",
};

/** What only env/ may touch, since its twin in the tests must be able to take its place. */
const ONLY_IN_ENV: readonly { readonly code: RegExp; readonly files: RegExp; readonly instead: string }[] = [
  {
    code: /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\)|\bperformance\.(now|timeOrigin)\b|\bBun\.nanoseconds\b|\bprocess\.(hrtime|uptime)\b/g,
    files: /^src\/env\//,
    instead: "take a Clock",
  },
  { code: /\bMath\.random\b|\bgetRandomValues\b/g, files: /^src\/env\//, instead: "take a Random" },
  { code: /\brandomUUID(v\d)?\b/g, files: /^src\/env\//, instead: "take Ids" },
  {
    code: /\b(setTimeout|setInterval|setImmediate)\b|\bBun\.sleep(Sync)?\b|\bAbortSignal\.timeout\b/g,
    files: /^src\/env\//,
    instead: "take a Clock, or Turns",
  },
  {
    code: /\bprocess\.env\b|\bBun\.env\b|\bimport\.meta\.env\b/g,
    files: /^src\/env\/config\.ts$/,
    instead: "add a line to env/config-settings.ts; a thread gets its configuration in its first message",
  },
];

const LINES_MAX: readonly { readonly files: RegExp; readonly lines: number }[] = [
  { files: /^src\//, lines: 300 },
  { files: /^(test|bench|scripts|examples)\//, lines: 500 },
];

const FORBIDDEN_NAME = /^(utils?|helpers?|common|shared|lib|misc|types)$|-(utils?|helpers?|types)$/;
/** Around src/ the services are Redis and Kafka; in src/ the word would be a drawer. */
const FORBIDDEN_IN_SOURCE = /^services$/;
const SILENCED = /@ts-(ignore|expect-error|nocheck)|biome-ignore|eslint-disable|\b(TODO|FIXME|XXX)\b/g;

/** Everything in one file that breaks a rule. `file`: its path from the root, with `/`. */
export function violationsOf(file: string, source: string): Violation[] {
  const scanned = scan(source);
  const inSource = file.startsWith("src/");
  return [
    ...nameFaults(file),
    ...sizeFaults(file, scanned),
    ...silencedFaults(file, scanned),
    ...packageFaults(file, scanned, inSource ? [ONLY_MEASURED, ...ONLY_IN] : [ONLY_MEASURED]),
    ...(inSource ? [...purposeFaults(file, source), ...importFaults(file, scanned), ...globalFaults(file, scanned)] : []),
  ];
}

/** One line for each, as a compiler writes it. */
export function describeViolations(violations: readonly Violation[]): string {
  return violations.map(({ file, line, rule, found, why }) => `${file}:${line} ${rule}: ${found}, because ${why}.`).join("\n");
}

function nameFaults(file: string): Violation[] {
  const parts = file.replace(/(\.test)?\.[jt]sx?$/, "").split("/");
  const why = "a thing without a name of its own has not been understood yet: name it by what it does";
  return parts
    .filter((part) => FORBIDDEN_NAME.test(part) || (file.startsWith("src/") && FORBIDDEN_IN_SOURCE.test(part)))
    .map((part) => ({ file, line: 1, rule: "names", found: `"${part}" is a drawer`, why }));
}

function sizeFaults(file: string, { lines }: Scanned): Violation[] {
  const limit = LINES_MAX.find(({ files }) => files.test(file))?.lines ?? Number.POSITIVE_INFINITY;
  if (lines <= limit) return [];
  return [
    {
      file,
      line: limit + 1,
      rule: "size",
      found: `${lines} lines, at most ${limit}`,
      why: "a file has one reason to exist: split it by its second",
    },
  ];
}

function silencedFaults(file: string, { comments }: Scanned): Violation[] {
  const why = "what is silenced or put off is not seen again: mend it now, or write an issue";
  return [...comments.matchAll(SILENCED)].map((match) => ({
    file,
    line: lineAt(comments, match.index),
    rule: "silenced",
    found: match[0],
    why,
  }));
}

function purposeFaults(file: string, source: string): Violation[] {
  if (/^(\/\*\*|\/\/)/.test(source)) return [];
  return [{ file, line: 1, rule: "purpose", found: "no comment in the first line", why: "the first line says why the file exists" }];
}

function importFaults(file: string, { imports }: Scanned): Violation[] {
  const room = roomOf(file);
  const rule = MAY_IMPORT[room];
  if (rule === undefined) {
    return [
      {
        file,
        line: 1,
        rule: "rooms",
        found: `there is no room "${room}"`,
        why: "a new room is a decision: add it to docs and to test/architecture/rules.ts",
      },
    ];
  }
  const faults: Violation[] = [];
  for (const { specifier, line } of imports.filter((each) => each.specifier.startsWith("."))) {
    const target = resolve(file, specifier);
    const fault = (found: string, why: string) => faults.push({ file, line, rule: "imports", found: `${found} ${specifier}`, why });
    // What it is called and which version it is stands in one place.
    if (file === "src/main.ts" && target === "package.json") continue;
    if (!target.startsWith("src/")) fault("src/ may not import", "what is shipped does not depend on what is around it");
    else if (!/\.\w+$/.test(target)) fault("no extension in", "Bun and TypeScript read the file that is named");
    else if (!mayImport(file, target, rule.from)) fault(`${room} may not import`, rule.why);
  }
  return faults;
}

function mayImport(file: string, target: string, from: readonly string[]): boolean {
  if (folderOf(file) === folderOf(target) && folderOf(file) !== "") return true;
  const path = target.slice("src/".length);
  return from.some(
    (allowed) =>
      allowed === "*" ||
      path === allowed ||
      path.startsWith(allowed.includes("/") ? `${allowed}.` : `${allowed}/`) ||
      path.startsWith(`${allowed}-`),
  );
}

function packageFaults(file: string, { imports }: Scanned, rules: readonly PackageRule[]): Violation[] {
  const faults: Violation[] = [];
  for (const { specifier, line } of imports) {
    const rule = rules.find(({ packages, files }) => packages.test(specifier) && !files.test(file));
    if (rule !== undefined) faults.push({ file, line, rule: "packages", found: `"${specifier}" does not belong here`, why: rule.why });
  }
  return faults;
}

function globalFaults(file: string, { code }: Scanned): Violation[] {
  return ONLY_IN_ENV.filter(({ files }) => !files.test(file)).flatMap((rule) =>
    [...code.matchAll(rule.code)].map((match) => ({
      file,
      line: lineAt(code, match.index),
      rule: "time, chance, ids, environment",
      found: `${match[0]}: ${rule.instead}`,
      why: "what the machine decides is a seam of env/, so that a test can decide it",
    })),
  );
}

/** `actors/node…` and `engine…` are rooms of their own; files beside them in src/ are called by their names. */
function roomOf(file: string): string {
  const [, first = "", second = ""] = file.split("/");
  if (second === "") return first.replace(/\.ts$/, "").replace(/^(engine|main)-.*$/, "$1");
  return first === "actors" && /^node(-.*)?\.ts$/.test(second) ? "actors/node" : first;
}

/** The room's folder, or "" for files that stand directly in src/. */
function folderOf(file: string): string {
  const parts = file.split("/");
  return parts.length > 2 ? (parts[1] ?? "") : "";
}

function resolve(file: string, specifier: string): string {
  return new URL(specifier, `file:///${file}`).pathname.slice(1);
}
