/** All reads of the SQLite file. */
import type { Database, Statement } from "bun:sqlite";
import { type Cell, SUMMARY_COLUMNS, type SummaryRow, summaryOf } from "./rows.ts";
import { listed } from "./list-query.ts";
import { openForReading } from "./schema.ts";
import type { Chunk, LargeText, ListQuery, StoredExecution, Summary } from "../../store.ts";

/** The file contradicts itself. */
export class FileDamaged extends Error {
  override readonly name = "FileDamaged";
}

export class SqliteReads {
  readonly #statements: ReturnType<typeof prepareAll>;

  constructor(db: Database) {
    this.#statements = prepareAll(db);
  }

  load(executionId: string): StoredExecution | null {
    const row = this.#statements.execution.values(executionId)[0];
    if (row === undefined) return this.#absent(executionId);
    const [bodyHash, definitionText, ...rest] = row as [string, string, ...SummaryRow];
    const summary = summaryOf(rest);
    const chunks = this.chunksAfter(executionId, 0);
    if (chunks.at(-1)?.to !== summary.sequence) throw new FileDamaged(`the log of execution ${executionId} is not whole`);
    return { summary, definitionText, bodyHash, chunks };
  }

  chunksAfter(executionId: string, sequence: number): Chunk[] {
    const rows = this.#statements.chunksAfter.values(executionId, sequence) as [number, number, string][];
    return rows.map(([from, to, text]) => ({ from, to, text }));
  }

  summary(executionId: string): Summary | null {
    const row = this.#statements.summary.values(executionId)[0];
    return row === undefined ? this.#absent(executionId) : summaryOf(row as unknown as SummaryRow);
  }

  /** Checks what is not found: it must have no log either. A flipped byte makes SQLite miss silently what it looks for. */
  #absent(executionId: string): null {
    if (this.#statements.anyChunk.values(executionId).length === 0) return null;
    throw new FileDamaged(`execution ${executionId} has a log and no summary`);
  }

  large(executionId: string, keys: readonly string[]): (string | null)[] {
    return keys.map((key) => (this.#statements.large.values(executionId, key)[0]?.[0] as string | undefined) ?? null);
  }

  largeTextsOf(executionId: string): LargeText[] {
    const rows = this.#statements.largeTextsOf.values(executionId) as [string, string][];
    return rows.map(([key, text]) => ({ key, text }));
  }

  active(): string[] {
    return this.#statements.active.values().map((row) => row[0] as string);
  }
}

/**
 * Reads a list on a connection of its own: a list may take its time, and a write does not wait for it. It reads everything that is
 * committed by now.
 */
export function listFrom(file: string, busyTimeoutMs: number, query: ListQuery): Summary[] {
  const db = openForReading(file, busyTimeoutMs);
  try {
    const { sql, values } = listed(query);
    using statement = db.prepare<unknown, Cell[]>(sql);
    return statement.values(...values).map((row) => summaryOf(row as unknown as SummaryRow));
  } finally {
    db.close();
  }
}

function prepareAll(db: Database) {
  const read = (sql: string): Statement<unknown, Cell[]> => db.query<unknown, Cell[]>(sql);
  return {
    execution: read(
      `SELECT body_hash, definition.text, ${SUMMARY_COLUMNS} FROM summary JOIN definition ON definition.hash = summary.definition WHERE id = ?`,
    ),
    summary: read(`SELECT ${SUMMARY_COLUMNS} FROM summary WHERE id = ?`),
    chunksAfter: read("SELECT first, last, events FROM log WHERE execution = ? AND last > ? ORDER BY last"),
    anyChunk: read("SELECT 1 FROM log WHERE execution = ? LIMIT 1"),
    large: read("SELECT text FROM large WHERE execution = ? AND key = ?"),
    largeTextsOf: read("SELECT key, text FROM large WHERE execution = ?"),
    active: read(
      `SELECT id FROM summary WHERE closed = 0 AND triggered_at_ms IS NOT NULL AND id NOT IN (SELECT execution FROM moving)
       ORDER BY triggered_at_ms, id`,
    ),
  };
}
