/** All writes to the SQLite file: leases, commits, new executions and their deletion. Each call is one transaction. */
import type { Database, Statement } from "bun:sqlite";
import { judge, type LaneRecord, leaseOf, take } from "../../fence.ts";
import { refusalOf } from "../../refusal.ts";
import type { CommitRow, EntryRow, NewRow } from "./pack.ts";
import type { Cell } from "./rows.ts";
import type { CreateAnswer, Lease, Retention } from "../../store.ts";

/** The answer to a commit: the number of entries, and only those that were not applied. It is short because it is kept and sent. */
export type PackedAnswer =
  | { readonly type: "fenced" }
  | { readonly type: "done"; readonly count: number; readonly others: readonly PackedRefusal[] };
/** A refused entry: its position, then null for a conflict or the reason of a refusal. */
export type PackedRefusal = readonly [at: number, refusal: string | null];

type Write = Statement<unknown, Cell[]>;

export class SqliteWrites {
  readonly #db: Database;
  readonly #textBytesMax: number;
  readonly #keptLarge: (text: string) => void;
  readonly #statements: ReturnType<typeof prepareAll>;
  /** Whether any execution is on its way to another store. It is checked for each entry and almost never true. */
  #someMoving: boolean;

  constructor(db: Database, textBytesMax: number, keptLarge: (text: string) => void) {
    this.#db = db;
    this.#keptLarge = keptLarge;
    this.#textBytesMax = textBytesMax;
    this.#statements = prepareAll(db);
    this.#someMoving = this.#statements.moving.values().length > 0;
  }

  acquire(lane: number, bootId: string): Lease {
    return this.#transaction(() => {
      const record = take(this.#laneRecord(lane)?.record ?? null, bootId);
      const { epoch, number, diedBootId } = record;
      this.#statements.setLane.run(lane, bootId, epoch, number, 0, diedBootId, "");
      return leaseOf(lane, record);
    });
  }

  commit(row: CommitRow): PackedAnswer {
    return this.#transaction(() => this.#commit(row));
  }

  #commit({ lane, id, entries, cleanEnd }: CommitRow): PackedAnswer {
    const kept = this.#laneRecord(lane);
    const verdict = judge(kept?.record ?? null, id);
    if (kept === null || verdict === "fenced") return { type: "fenced" };
    if (verdict === "again") return JSON.parse(kept.answer) as PackedAnswer;
    const others: PackedRefusal[] = [];
    for (let at = 0; at < entries.length; at++) {
      const entry = entries[at] as EntryRow;
      const reason = refusalOf(entry, this.#textBytesMax) ?? this.#movingReason(entry.id);
      if (reason !== null || !this.#apply(entry)) others.push([at, reason]);
    }
    const answer: PackedAnswer = { type: "done", count: entries.length, others };
    this.#statements.answerLane.run(id.number, cleanEnd ? 1 : 0, JSON.stringify(answer), lane);
    return answer;
  }

  /** Writes an entry. Returns false for a conflict, with nothing written. */
  #apply({ id, chunk, progress, large }: EntryRow): boolean {
    const { progressOnly, advance, append, keepLarge } = this.#statements;
    const before = chunk.from - 1;
    if (progressOnly.run(...progress, id, before).changes === 0 && advance.run(...progress, id, before).changes === 0) return false;
    append.run(id, chunk.from, chunk.to, chunk.text);
    for (const { key, text } of large) {
      keepLarge.run(id, key, text);
      this.#keptLarge(text);
    }
    return true;
  }

  /** Creates executions. Throws a RangeError if one of them can never be stored; then none is. */
  create(batch: readonly NewRow[]): CreateAnswer[] {
    this.#mustFit(batch);
    return this.#transaction(() => batch.map((execution) => this.#create(execution)));
  }

  /** Writes both in one transaction. If either throws, nothing of both is written. */
  together(row: CommitRow, batch: readonly NewRow[]): readonly [PackedAnswer, CreateAnswer[]] {
    this.#mustFit(batch);
    return this.#transaction(() => [this.#commit(row), batch.map((execution) => this.#create(execution))]);
  }

  #mustFit(batch: readonly NewRow[]): void {
    for (const execution of batch) {
      const reason = refusalOf(execution, this.#textBytesMax);
      if (reason !== null) throw new RangeError(reason);
    }
  }

  #create({ columns, earlier, chunk, definitionText, large }: NewRow): CreateAnswer {
    const { insert, bodyHashOf, keepDefinition, append, keepLarge, keepTag } = this.#statements;
    const [id, , definition, tags, , createdAtMs, , status] = columns as [string, string, string, string, number, number, number, string];
    const { changes } = insert.run(...columns);
    if (changes === 0) return bodyHashOf.values(id)[0]?.[0] === columns.at(-1) ? "exists" : "differs";
    keepDefinition.run(definition, definitionText);
    this.#keptLarge(definitionText);
    for (const each of earlier) append.run(id, each.from, each.to, each.text);
    append.run(id, chunk.from, chunk.to, chunk.text);
    for (const { key, text } of large) {
      keepLarge.run(id, key, text);
      this.#keptLarge(text);
    }
    if (tags !== "[]") for (const tag of JSON.parse(tags) as string[]) keepTag.run(tag, createdAtMs, id, status);
    return "created";
  }

  sweep({ nowMs, finishedMs, untriggeredMs, limit }: Retention): string[] {
    const { finishedBefore, untriggeredBefore } = this.#statements;
    return this.#transaction(() => {
      const gone = finishedBefore.values(nowMs - finishedMs, limit);
      gone.push(...untriggeredBefore.values(nowMs - untriggeredMs, limit - gone.length));
      for (const row of gone) this.#delete(row as [string, string, number, string]);
      for (const definition of new Set(gone.map((row) => row[1] as string))) this.#statements.dropDefinition.run(definition, definition);
      return gone.map((row) => row[0] as string);
    });
  }

  /** Marks everything that is not closed as on its way to another store. Returns everything that is marked. */
  markMoving(): string[] {
    return this.#transaction(() => {
      this.#statements.markMoving.run();
      const moving = this.#statements.moving.values().map((row) => row[0] as string);
      this.#someMoving = moving.length > 0;
      return moving;
    });
  }

  /** Deletes an execution that the other store has. */
  moved(executionId: string): void {
    this.#transaction(() => {
      this.#deleteWhole(executionId);
      this.#statements.unmark.run(executionId);
    });
  }

  /** Deletes an execution, if it is the one that was created at that time. */
  remove(executionId: string, createdAtMs: number): void {
    this.#transaction(() => this.#deleteWhole(executionId, createdAtMs));
  }

  /** Deletes an execution, with its definition if no other names that. `createdAtMs`: whichever it is, if it is not said. */
  #deleteWhole(executionId: string, createdAtMs?: number): void {
    const row = this.#statements.rowOf.values(executionId)[0] as [string, string, number, string] | undefined;
    if (row === undefined || (createdAtMs !== undefined && row[2] !== createdAtMs)) return;
    this.#delete(row);
    this.#statements.dropDefinition.run(row[1], row[1]);
  }

  #movingReason(executionId: string): string | null {
    if (!this.#someMoving || this.#statements.isMoving.values(executionId).length === 0) return null;
    return "The execution is on its way to Redis: start this instance with Redis to go on with it.";
  }

  #delete([id, , createdAtMs, tags]: readonly [id: string, definition: string, createdAtMs: number, tags: string]): void {
    const { dropLog, dropLarge, dropTag, dropSummary } = this.#statements;
    dropLog.run(id);
    dropLarge.run(id);
    for (const tag of JSON.parse(tags) as string[]) dropTag.run(tag, createdAtMs, id);
    dropSummary.run(id);
  }

  #laneRecord(lane: number): { readonly record: LaneRecord; readonly answer: string } | null {
    const row = this.#statements.laneOf.values(lane)[0];
    if (row === undefined) return null;
    const [bootId, epoch, number, clean, diedBootId, answer] = row as [string, number, number, number, string | null, string];
    return { record: { bootId, epoch, number, clean: clean === 1, diedBootId }, answer };
  }

  #transaction<Answer>(write: () => Answer): Answer {
    const { begin, commit, rollback } = this.#statements;
    begin.run();
    try {
      const answer = write();
      commit.run();
      return answer;
    } catch (error) {
      // After some faults (a full disk, for example) SQLite has rolled back by itself.
      if (this.#db.inTransaction) rollback.run();
      throw error;
    }
  }
}

function prepareAll(db: Database) {
  const write = (sql: string): Write => db.query<unknown, Cell[]>(sql);
  return {
    begin: write("BEGIN IMMEDIATE"),
    commit: write("COMMIT"),
    rollback: write("ROLLBACK"),
    laneOf: write("SELECT boot_id, epoch, number, clean, died_boot_id, answer FROM lane WHERE lane = ?"),
    setLane: write("INSERT OR REPLACE INTO lane (lane, boot_id, epoch, number, clean, died_boot_id, answer) VALUES (?, ?, ?, ?, ?, ?, ?)"),
    answerLane: write("UPDATE lane SET number = ?, clean = ?, answer = ? WHERE lane = ?"),
    // Most commits change none of the indexed columns, and naming such a column rewrites its index: 4 pages per commit, not 7.
    progressOnly: write(
      `UPDATE summary SET sequence = ?1, completed = ?3, failed = ?4, error = ?5, started_at_ms = ?7, updated_at_ms = ?9
       WHERE id = ?11 AND sequence = ?12 AND status = ?2 AND triggered_at_ms IS ?6 AND finished_at_ms IS ?8 AND closed = ?10`,
    ),
    advance: write(
      `UPDATE summary SET sequence = ?, status = ?, completed = ?, failed = ?, error = ?, triggered_at_ms = ?, started_at_ms = ?,
       finished_at_ms = ?, updated_at_ms = ?, closed = ? WHERE id = ? AND sequence = ?`,
    ),
    append: write("INSERT INTO log (execution, first, last, events) VALUES (?, ?, ?, ?)"),
    keepLarge: write("INSERT OR REPLACE INTO large (execution, key, text) VALUES (?, ?, ?)"),
    insert: write(
      `INSERT OR IGNORE INTO summary (id, name, definition, tags, total, created_at_ms, sequence, status, completed, failed, error,
       triggered_at_ms, started_at_ms, finished_at_ms, updated_at_ms, closed, body_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    bodyHashOf: write("SELECT body_hash FROM summary WHERE id = ?"),
    keepDefinition: write("INSERT OR IGNORE INTO definition (hash, text) VALUES (?, ?)"),
    keepTag: write("INSERT OR IGNORE INTO tag (tag, created_at_ms, execution, execution_status) VALUES (?, ?, ?, ?)"),
    moving: write("SELECT execution FROM moving"),
    isMoving: write("SELECT 1 FROM moving WHERE execution = ?"),
    markMoving: write("INSERT OR IGNORE INTO moving SELECT id FROM summary WHERE closed = 0"),
    unmark: write("DELETE FROM moving WHERE execution = ?"),
    rowOf: write("SELECT id, definition, created_at_ms, tags FROM summary WHERE id = ?"),
    finishedBefore: write(
      "SELECT id, definition, created_at_ms, tags FROM summary WHERE closed = 1 AND finished_at_ms <= ? ORDER BY finished_at_ms LIMIT ?",
    ),
    untriggeredBefore: write(
      "SELECT id, definition, created_at_ms, tags FROM summary WHERE closed = 0 AND status = 'PENDING' AND triggered_at_ms IS NULL AND created_at_ms <= ? LIMIT ?",
    ),
    dropLog: write("DELETE FROM log WHERE execution = ?"),
    dropLarge: write("DELETE FROM large WHERE execution = ?"),
    dropTag: write("DELETE FROM tag WHERE tag = ? AND created_at_ms = ? AND execution = ?"),
    dropSummary: write("DELETE FROM summary WHERE id = ?"),
    dropDefinition: write("DELETE FROM definition WHERE hash = ? AND NOT EXISTS (SELECT 1 FROM summary WHERE definition = ?)"),
  };
}
