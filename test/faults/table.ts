/** What the runs showed, as a table in Markdown. */
import type { Verdict, Violation } from "./checker/check.ts";
import type { Report } from "./run.ts";

const HEAD = [
  "fault",
  "executions",
  "lost results",
  "doubled results",
  "handlers run twice",
  "same attempt twice",
  "gaps",
  "disorder",
  "lost with Redis",
  "p50 / p99 / max, ms",
  "taken over after, ms",
];
const LOST: readonly Violation[] = ["lost execution", "lost result", "false result", "innocent condemned"];
const DOUBLED: readonly Violation[] = ["doubled result", "too early"];

export function tableOf(reports: readonly Report[]): string {
  const lines = [HEAD, HEAD.map((_, column) => (column === 0 ? "---" : "--:")), ...reports.map(rowOf)];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The table of `newer`, with the rows of `older` for what `newer` has not; `names`: of all rows, in their order. */
export function withRowsOf(older: string, newer: string, names: readonly string[]): string {
  const rows = (table: string): Map<string, string> =>
    new Map(table.split("\n").map((line) => [line.split(" | ")[0]?.slice(2) ?? "", line]));
  const [before, after] = [rows(older), rows(newer)];
  const found = names.map((name) => after.get(name) ?? before.get(name));
  return [...newer.split("\n").slice(0, 2), ...found.filter((row) => row !== undefined)].join("\n");
}

function rowOf({ name, verdict, mayLose, takeOversMs }: Report): readonly string[] {
  const found = (kinds: readonly Violation[]): string => String(kinds.reduce((sum, kind) => sum + verdict.violations[kind].length, 0));
  const { latenciesMs } = verdict;
  return [
    name,
    String(verdict.executions),
    found(LOST),
    found(DOUBLED),
    String(verdict.handlersTwice),
    String(verdict.sameAttemptTwice.length),
    found(["gap"]),
    found(["disorder"]),
    mayLose ? lostWithRedisIn(verdict) : "–",
    latenciesMs.length === 0 ? "–" : [0.5, 0.99, 1].map((share) => quantile(latenciesMs, share)).join(" / "),
    takeOversMs.length === 0 ? "–" : `${quantile(takeOversMs, 0.5)}, at most ${quantile(takeOversMs, 1)}`,
  ];
}

function lostWithRedisIn({ lostWithRedis, takenBack, createdAgain }: Verdict): string {
  const again = createdAgain === 0 ? "" : `; created again under the epoch of before: ${createdAgain}`;
  return `${lostWithRedis}, and ${takenBack} results${again}`;
}

/** `sorted`: ascending, not empty. */
function quantile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0);
}
