/** Summaries as rows of the SQLite table, and commits' entries as flat lists, the form that passes to a thread quickest. */
import type { Chunk, CommitEntry, LargeText, Summary } from "./store.ts";
import type { ExecutionStatus } from "../workflow/status.ts";

/** What both a column and a message's list hold. */
export type Cell = string | number | null;

/** In the order of the table's columns. */
export const SUMMARY_COLUMNS =
  "id, name, definition, tags, total, created_at_ms, sequence, status, completed, failed, error, triggered_at_ms, started_at_ms, finished_at_ms, updated_at_ms, closed";

export type SummaryRow = readonly [
  id: string,
  name: string,
  definition: string,
  tags: string,
  total: number,
  createdAtMs: number,
  sequence: number,
  status: string,
  completed: number,
  failed: number,
  error: string | null,
  triggeredAtMs: number | null,
  startedAtMs: number | null,
  finishedAtMs: number | null,
  updatedAtMs: number,
  closed: number,
];

export function summaryOf(row: SummaryRow): Summary {
  const [id, name, definition, tags, total, createdAtMs, sequence, status, completed, failed, error, ...rest] = row;
  const [triggeredAtMs, startedAtMs, finishedAtMs, updatedAtMs, closed] = rest;
  return {
    id,
    name,
    definition,
    tags: JSON.parse(tags) as string[],
    status: status as ExecutionStatus,
    sequence,
    total,
    completed,
    failed,
    error,
    createdAtMs,
    triggeredAtMs,
    startedAtMs,
    finishedAtMs,
    updatedAtMs,
    closed: closed === 1,
  };
}

/** What is set when an execution is created, and never changes. */
export function originOf(summary: Summary): readonly Cell[] {
  return [summary.id, summary.name, summary.definition, JSON.stringify(summary.tags), summary.total, summary.createdAtMs];
}

/** What commits change: the columns from `sequence` on. */
export function progressOf(summary: Summary): readonly Cell[] {
  return [
    summary.sequence,
    summary.status,
    summary.completed,
    summary.failed,
    summary.error,
    summary.triggeredAtMs,
    summary.startedAtMs,
    summary.finishedAtMs,
    summary.updatedAtMs,
    summary.closed ? 1 : 0,
  ];
}

const PROGRESS_CELLS = 10;

/** A commit's entry as the thread needs it. */
export type EntryRow = {
  readonly id: string;
  readonly chunk: Chunk;
  readonly progress: readonly Cell[];
  readonly large: readonly LargeText[];
};

/** Measured for 4,000 entries: 1 ms of the main thread, against 8 ms for a list of objects. */
export function packEntries(entries: readonly CommitEntry[]): Cell[] {
  const cells: Cell[] = [];
  for (const { summary, chunk, large } of entries) {
    cells.push(summary.id, chunk.from, chunk.to, chunk.text, ...progressOf(summary), large.length);
    for (const { key, text } of large) cells.push(key, text);
  }
  return cells;
}

export function unpackEntries(cells: readonly Cell[]): EntryRow[] {
  const entries: EntryRow[] = [];
  for (let at = 0; at < cells.length; ) {
    const [id, from, to, text] = cells.slice(at, at + 4) as [string, number, number, string];
    at += 4;
    const progress = cells.slice(at, at + PROGRESS_CELLS);
    at += PROGRESS_CELLS;
    const large: LargeText[] = [];
    for (let left = cells[at++] as number; left > 0; left--) large.push({ key: cells[at++] as string, text: cells[at++] as string });
    entries.push({ id, chunk: { from, to, text }, progress, large });
  }
  return entries;
}
