/** The rules of the house: who may import what, what only one place may use, how large a file or a folder may be, what it may not be called. */
import { FILES_MAX_IN_FOLDER, ORDERS, ROOMS, TEST_FOLDERS } from "./house.ts";
import { lineAt, type Scanned, scan } from "./scan.ts";

export type Violation = {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  readonly found: string;
  readonly why: string;
};

type PackageRule = { readonly packages: RegExp; readonly files: RegExp; readonly why: string };

/** Packages that only some files of src/ may import. What no line names may stand anywhere. */
const ONLY_IN: readonly PackageRule[] = [
  { packages: /^ioredis$/, files: /^src\/(store|bus)\/redis\//, why: "Redis is one store and one bus of several" },
  { packages: /^kafkajs(\/|$)/, files: /^src\/bus\/kafka\//, why: "Kafka is one bus of several" },
  { packages: /^bun:sqlite$/, files: /^src\/store\/sqlite\//, why: "SQLite is one store of several" },
  { packages: /^(hono|hono-openapi|swagger-ui-dist|@hono\/.*)(\/|$)/, files: /^src\/http\//, why: "only REST speaks HTTP" },
  {
    packages: /^yaml$/,
    files: /^src\/engine\/definitions\//,
    why: "YAML is read in a thread of its own: a hostile document takes seconds",
  },
  { packages: /^pino$/, files: /^src\/env\/log\/log\.ts$/, why: "the rest says what happened to the Log that it is given" },
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
    code: /\bBun\.gc\b|\bheapSize\b|\bheapStats\b|\bprocess\.(cpuUsage|memoryUsage)\b/g,
    files: /^src\/env\//,
    instead: "take what env/process/ offers",
  },
  {
    code: /\bprocess\.env\b|\bBun\.env\b|\bimport\.meta\.env\b/g,
    files: /^src\/env\/config\/config\.ts$/,
    instead: "add a line to env/config/settings.ts; a thread gets its configuration in its first message",
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
  const doubled = /^src\/(?:.*\/)?([^/]+)\/(\1-(?!store\.)[^/]*)$/.exec(file);
  if (doubled !== null)
    return [{ file, line: 1, rule: "names", found: `"${doubled[2]}" says its folder again`, why: "its path is its name" }];
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
  if (ROOMS[room] === undefined) return [unplanned(file, `there is no room "${room}"`)];
  const faults: Violation[] = [];
  for (const { specifier, line } of imports.filter((each) => each.specifier.startsWith("."))) {
    const target = resolve(file, specifier);
    const fault = (rule: string, found: string, why: string) => faults.push({ file, line, rule, found: `${found} ${specifier}`, why });
    // What it is called and which version it is stands in one place.
    if (file === "src/main.ts" && target === "package.json") continue;
    if (!target.startsWith("src/")) fault("imports", "src/ may not import", "what is shipped does not depend on what is around it");
    else if (!/\.\w+$/.test(target)) fault("imports", "no extension in", "Bun and TypeScript read the file that is named");
    else if (roomOf(target) === room) {
      const broken = orderBroken(file, target);
      if (broken !== null) fault("order", `${broken.left} may not import`, broken.why);
    } else if (!mayImport(file, target)) fault("imports", `${room} may not import`, ROOMS[room].why);
    else if (!isDoor(room, target))
      fault("doors", `no door of ${roomOf(target)}/ is`, "what is no door is its room's own, to be changed without asking");
  }
  return faults;
}

function unplanned(file: string, found: string): Violation {
  return {
    file,
    line: 1,
    rule: "rooms",
    found,
    why: "a new room or folder is a decision: add it to docs and to test/architecture/house.ts",
  };
}

function mayImport(file: string, target: string): boolean {
  const { from, also = {} } = ROOMS[roomOf(file)]!;
  const path = inRoom(target);
  const more = also[inRoom(file).split("/")[1] ?? ""] ?? [];
  return [...from, ...more].some((allowed) => path === allowed || path.startsWith(`${allowed}/`));
}

function isDoor(room: string, target: string): boolean {
  const its = ROOMS[roomOf(target)];
  const name = inRoom(target).slice(roomOf(target).length + 1);
  return [...(its?.doors ?? []), ...(its?.doorsFor?.[room] ?? [])].includes(name);
}

/** Two files of one room: in the folder where their ways part, what stands left imports what stands right. Null: nothing is broken. */
function orderBroken(file: string, target: string): { readonly left: string; readonly why: string } | null {
  const [from, to] = [inRoom(file).split("/"), inRoom(target).split("/")];
  let depth = 0;
  while (from[depth] === to[depth] && depth < Math.min(from.length, to.length) - 1) depth += 1;
  const child = (path: readonly string[]): string => `${path[depth]}${path.length > depth + 1 ? "/" : ""}`;
  const [left, right] = [child(from), child(to)];
  const isFiles = !left.endsWith("/") && !right.endsWith("/");
  const folder = from.slice(0, depth).join("/");
  const order = ORDERS[folder];
  if (order === undefined) return isFiles ? null : { left, why: `${folder}/ has no order: give it one in test/architecture/house.ts` };
  const named = new Set(order.chains.flatMap((chain) => namesOf(chain).flat()));
  const placeIn = (chain: readonly (readonly string[])[], name: string): number =>
    chain.findIndex((names) => names.includes(named.has(name) || name.endsWith("/") ? name : "*"));
  const allowed = order.chains.map(namesOf).some((chain) => {
    const [a, b] = [placeIn(chain, left), placeIn(chain, right)];
    return a !== -1 && b !== -1 && (a < b || (a === b && isFiles));
  });
  return allowed ? null : { left, why: order.why };
}

function namesOf(chain: string): string[][] {
  return chain.split(" → ").map((names) => names.split(", "));
}

/** What shows only over all files together: circles, folders that are too full, and tests that are elsewhere than what they test. */
export function violationsAmong(files: ReadonlyMap<string, string>): Violation[] {
  const sources = new Map([...files].filter(([file]) => file.startsWith("src/")));
  const tests = [...files.keys()].filter((file) => file.startsWith("test/"));
  return [...circlesIn(sources), ...fullFolders([...sources.keys()]), ...misplacedTests(tests, [...sources.keys()])];
}

/** What lies in a room's folder of test/ mirrors src/; `fixtures` are beside the tests that load them. */
function misplacedTests(tests: readonly string[], sources: readonly string[]): Violation[] {
  const folders = new Set(sources.flatMap((file) => foldersOf(file.slice("src/".length))));
  return tests.flatMap((file) => {
    const path = file.slice("test/".length).replace(/\/fixtures\/.*$/, "/fixtures");
    const [room] = path.split("/");
    const folder = folderOf(path);
    if (room === undefined || folder === "" || room in TEST_FOLDERS) return [];
    const fault = (found: string, why: string): Violation => ({ file, line: 1, rule: "places", found, why });
    if (!folders.has(folder))
      return [fault(`there is no src/${folder}/`, "tests mirror src/; what mirrors nothing is named in test/architecture/house.ts")];
    const name = /^(.+?)(\.sim)?\.test\.ts$/.exec(path.slice(folder.length + 1))?.[1];
    const namesakes = sources.filter((source) => source.startsWith(`src/${room}/`) && source.endsWith(`/${name}.ts`));
    if (namesakes.length === 0 || namesakes.some((source) => folderOf(source) === `src/${folder}`)) return [];
    return [fault(`${namesakes.join(", ")} has its name`, "a test is where what it tests is, in the mirror")];
  });
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** `a/b` and `a` of `a/b/c.ts`. */
function foldersOf(path: string): string[] {
  const folder = folderOf(path);
  return folder === "" ? [] : [folder, ...foldersOf(folder)];
}

/** One for each import that closes a circle. */
function circlesIn(sources: ReadonlyMap<string, string>): Violation[] {
  const faults: Violation[] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (file: string): void => {
    if (done.has(file)) return;
    way.push(file);
    for (const { specifier, line } of scan(sources.get(file) ?? "").imports.filter((each) => each.specifier.startsWith("."))) {
      const target = resolve(file, specifier);
      const since = way.indexOf(target);
      if (since === -1) visit(target);
      else {
        const found = [...way.slice(since), target].map((each) => each.slice("src/".length)).join(" → ");
        faults.push({
          file,
          line,
          rule: "circles",
          found,
          why: "of what goes round in a circle nothing can be understood or replaced alone",
        });
      }
    }
    way.pop();
    done.add(file);
  };
  for (const file of sources.keys()) visit(file);
  return faults;
}

function fullFolders(files: readonly string[]): Violation[] {
  const counts = new Map<string, number>();
  for (const file of files.filter((each) => each.endsWith(".ts"))) {
    const folder = file.slice(0, file.lastIndexOf("/"));
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  const full = [...counts].filter(([, count]) => count > FILES_MAX_IN_FOLDER);
  const why = "more than that is not seen at a glance: find what some of them have in common";
  return full.map(([folder, count]) => ({
    file: `${folder}/`,
    line: 1,
    rule: "folders",
    found: `${count} files, at most ${FILES_MAX_IN_FOLDER}`,
    why,
  }));
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

/** A folder of src/, or the name of a file that stands directly in it. */
function roomOf(file: string): string {
  return (file.split("/")[1] ?? "").replace(/\.ts$/, "");
}

/** The path from src/ on, without `.ts`. */
function inRoom(file: string): string {
  return file.slice("src/".length).replace(/\.ts$/, "");
}

function resolve(file: string, specifier: string): string {
  return new URL(specifier, `file:///${file}`).pathname.slice(1);
}
