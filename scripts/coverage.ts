/** Line coverage of src/, from the runner's lcov report and the sources themselves: a file that no test loads counts as not covered. */

/** The files that are not counted: the runner cannot see them, because they run only in a Worker or as the process itself. */
export const UNCOUNTED: Readonly<Record<string, string>> = {
  "src/main.ts": "the process itself: tests start it from outside",
  "src/thread.ts": "runs only in a Worker: it wires modules that are tested directly",
  "src/store/sqlite/thread/thread.ts": "runs only in a Worker: it wires modules that are tested directly",
  "src/engine/definitions/checker-thread.ts": "runs only in a Worker: it wires modules that are tested directly",
  "src/pool/host/parent-watch.ts": "runs only in a Worker of a child process: it waits for the end of a pipe",
};

export type FileCoverage = { readonly file: string; readonly lines: number; readonly hit: number; readonly missed: readonly number[] };
export type Coverage = { readonly files: readonly FileCoverage[]; readonly lines: number; readonly hit: number };

/** `sources`: each file's text by its path from the root, with `/`. `lcov`: the runner's report. */
export function measureCoverage(sources: ReadonlyMap<string, string>, lcov: string): Coverage {
  const reported = linesByFile(lcov);
  const files: FileCoverage[] = [];
  for (const [file, source] of sources) {
    if (file in UNCOUNTED) continue;
    const lines = reported.get(file) ?? allMissed(source);
    const missed = [...lines].filter(([, hits]) => hits === 0).map(([line]) => line);
    if (lines.size > 0) files.push({ file, lines: lines.size, hit: lines.size - missed.length, missed });
  }
  const sum = (of: (file: FileCoverage) => number) => files.reduce((total, file) => total + of(file), 0);
  return { files, lines: sum((file) => file.lines), hit: sum((file) => file.hit) };
}

/** The table that is printed: files with missed lines, the worst first, then what is not counted, then the total. */
export function describeCoverage(coverage: Coverage): string {
  const open = coverage.files.filter((file) => file.missed.length > 0).sort((a, b) => a.hit / a.lines - b.hit / b.lines);
  const rows = open.map((file) => `${percent(file.hit, file.lines)}  ${file.file}  not covered: ${ranges(file.missed)}`);
  const uncounted = Object.entries(UNCOUNTED).map(([file, reason]) => `not counted  ${file}: ${reason}`);
  const total = `${percent(coverage.hit, coverage.lines)}  of ${coverage.lines} lines in ${coverage.files.length} files of src/`;
  return [...rows, ...uncounted, `Coverage by lines: ${total.trim()}`].join("\n");
}

function linesByFile(lcov: string): Map<string, Map<number, number>> {
  const files = new Map<string, Map<number, number>>();
  let lines = new Map<number, number>();
  for (const record of lcov.split("\n")) {
    if (record.startsWith("SF:")) {
      const file = record.slice(3).replaceAll("\\", "/");
      lines = files.get(file) ?? new Map();
      files.set(file, lines);
    } else if (record.startsWith("DA:")) {
      const [line = 0, hits = 0] = record.slice(3).split(",").map(Number);
      lines.set(line, (lines.get(line) ?? 0) + hits);
    }
  }
  return files;
}

/** Every line of a source without types and comments. A file of types alone has none. */
function allMissed(source: string): Map<number, number> {
  const code = new Bun.Transpiler({ loader: "ts" }).transformSync(source).replace(/^(import|export) \{[^}]*\}.*$/gm, "");
  const lines = code.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("import "));
  return new Map(lines.map((_, index) => [index + 1, 0]));
}

function percent(hit: number, lines: number): string {
  return `${((100 * hit) / Math.max(1, lines)).toFixed(1).padStart(5)} %`;
}

function ranges(lines: readonly number[]): string {
  const spans: [number, number][] = [];
  for (const line of lines) {
    const last = spans.at(-1);
    if (last !== undefined && line === last[1] + 1) last[1] = line;
    else spans.push([line, line]);
  }
  return spans.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}
