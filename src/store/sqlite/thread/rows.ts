/** Summaries as rows of the SQLite table. */
import type { Summary } from "../../store.ts";
import type { ExecutionStatus } from "../../../workflow/execution/status.ts";

/** A value of a column and of a message's list. */
export type Cell = string | number | null;

/** The columns in the table's order. */
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
