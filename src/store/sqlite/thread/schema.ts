/** The SQLite file: its tables, how it is opened, and how a file that is not ours or too new is recognised. */
import { Database } from "bun:sqlite";
import { FIRST_LEVEL, LEVEL } from "../../../workflow/execution/level.ts";
import { isJournalGone, JOURNAL_BYTES_KEPT } from "./journal.ts";
import { DataFolderFault } from "../lock.ts";

/** SQLite's mark for the owner of a file: "Trpe". */
const APPLICATION_ID = 0x54727065;
/** The pages of the journal (16 MiB) at which it is copied into the main file, so that a commit rarely pays for it. */
const CHECKPOINT_PAGES = 4_000;
/** The cache. A commit of 4 MiB fits without spilling into the journal half-way. */
const CACHE_KIB = 32 * 1024;

export type DatabaseOptions = {
  /** The time to wait for another connection's lock (a backup, for example). */
  readonly busyTimeoutMs: number;
  /** The largest size of the file; null for what the disk holds. */
  readonly fileBytesMax: number | null;
};

/** Opens the file, and makes the tables if it is new. Throws DataFolderFault, whose message is for the user. */
export function openDatabase(file: string, options: DatabaseOptions): Database {
  if (isJournalGone(file)) {
    throw new DataFolderFault(
      `${file}-wal is gone, which held what was accepted last. Put it back, or remove ${file}-shm too: then what was only in it is lost.`,
    );
  }
  let db: Database | null = null;
  try {
    db = new Database(file, { create: true, readwrite: true, strict: true });
    prepare(db, file, options);
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof DataFolderFault) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataFolderFault(`Cannot use ${file} (${reason}). Move it away, or set APP_DATA_DIR to another folder.`, { cause: error });
  }
}

/** Opens a connection beside the one that writes, which has made the tables. */
export function openForReading(file: string, busyTimeoutMs: number): Database {
  const db = new Database(file, { readonly: true, strict: true });
  db.run(`PRAGMA busy_timeout = ${Math.round(busyTimeoutMs)}`);
  return db;
}

function prepare(db: Database, file: string, { busyTimeoutMs, fileBytesMax }: DatabaseOptions): void {
  db.run(`PRAGMA busy_timeout = ${Math.round(busyTimeoutMs)}`);
  const isNew = pragma(db, "schema_version") === 0;
  if (!isNew) check(db, file);
  db.run("PRAGMA journal_mode = WAL");
  db.run("PRAGMA synchronous = FULL");
  db.run(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  db.run(`PRAGMA journal_size_limit = ${JOURNAL_BYTES_KEPT}`);
  db.run(`PRAGMA cache_size = ${-CACHE_KIB}`);
  if (fileBytesMax !== null) db.run(`PRAGMA max_page_count = ${Math.ceil(fileBytesMax / pragma(db, "page_size"))}`);
  db.run("CREATE TABLE IF NOT EXISTS moving (execution TEXT PRIMARY KEY) WITHOUT ROWID");
  if (isNew) {
    inTransaction(db, () => {
      db.run(TABLES);
      db.run(`PRAGMA application_id = ${APPLICATION_ID}`);
      // The level in use: raised by the first write that needs a higher one.
      db.run(`PRAGMA user_version = ${FIRST_LEVEL}`);
    });
  }
  // Later tables and columns, each added to a file that does not have it. An older build goes on with them: it names none of them. A new
  // column has a name that no older table has, because an older query that joins two tables would not know which one is meant.
  if (!has(db, "summary_closed")) inTransaction(db, () => void db.run(STATUS_INDEXES));
  if (!has(db, "tag_execution_status")) inTransaction(db, () => addTagStatus(db));
}

function addTagStatus(db: Database): void {
  const columns = db.query("SELECT name FROM pragma_table_info('tag')").values();
  if (!columns.some(([name]) => name === "execution_status")) db.run("ALTER TABLE tag ADD COLUMN execution_status TEXT");
  db.run(TAG_STATUS);
}

/** Raises the level: from then on, builds below it are refused. */
export function raiseLevel(db: Database, level: number): void {
  if (pragma(db, "user_version") < level) db.run(`PRAGMA user_version = ${Math.round(level)}`);
}

function has(db: Database, name: string): boolean {
  return db.query("SELECT 1 FROM sqlite_schema WHERE name = ?").values(name).length > 0;
}

/** Changes the file in a transaction. If it throws, nothing is changed: the connection is closed then. */
function inTransaction(db: Database, change: () => void): void {
  db.run("BEGIN IMMEDIATE");
  change();
  db.run("COMMIT");
}

function check(db: Database, file: string): void {
  if (pragma(db, "application_id") !== APPLICATION_ID) {
    throw new DataFolderFault(`${file} belongs to another program. Set APP_DATA_DIR to another folder.`);
  }
  const version = pragma(db, "user_version");
  if (version > LEVEL) {
    const known = `level ${version}; this version knows level ${LEVEL}`;
    throw new DataFolderFault(`${file} was written by a newer Troupe (${known}). Run that version, or set APP_DATA_DIR to another folder.`);
  }
}

function pragma(db: Database, name: string): number {
  return Number(db.query(`PRAGMA ${name}`).values()[0]?.[0]);
}

/**
 * The log is a plain table with an index, not WITHOUT ROWID: its rows are large, and so it did twice the commits a second. By `last`, what
 * is new after a sequence is one range of the index.
 */
const TABLES = `
CREATE TABLE log (
  execution TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, events TEXT NOT NULL,
  PRIMARY KEY (execution, last)
);
CREATE TABLE large (execution TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (execution, key));
CREATE TABLE definition (hash TEXT PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE tag (
  tag TEXT NOT NULL, created_at_ms INTEGER NOT NULL, execution TEXT NOT NULL, execution_status TEXT,
  PRIMARY KEY (tag, created_at_ms, execution)
) WITHOUT ROWID;
CREATE TABLE lane (
  lane INTEGER PRIMARY KEY, boot_id TEXT NOT NULL, epoch INTEGER NOT NULL, number INTEGER NOT NULL,
  clean INTEGER NOT NULL, died_boot_id TEXT, answer TEXT NOT NULL
);
CREATE TABLE summary (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, definition TEXT NOT NULL, tags TEXT NOT NULL, body_hash TEXT NOT NULL,
  total INTEGER NOT NULL, created_at_ms INTEGER NOT NULL,
  sequence INTEGER NOT NULL, status TEXT NOT NULL, completed INTEGER NOT NULL, failed INTEGER NOT NULL, error TEXT,
  triggered_at_ms INTEGER, started_at_ms INTEGER, finished_at_ms INTEGER, updated_at_ms INTEGER NOT NULL, closed INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX summary_name ON summary (name, created_at_ms, id);
CREATE INDEX summary_definition ON summary (definition);
CREATE INDEX summary_finished ON summary (finished_at_ms) WHERE closed = 1;
`;

/**
 * Indexes by status, apart for open and closed executions. The few open ones share a page or two, and closed ones are entered once. One
 * index over all was rewritten in three places for each execution. A list of all merges the ranges, so it needs no index of its own.
 */
const STATUS_INDEXES = `
CREATE INDEX IF NOT EXISTS summary_open ON summary (status, created_at_ms, id, triggered_at_ms) WHERE closed = 0;
CREATE INDEX IF NOT EXISTS summary_closed ON summary (status, created_at_ms, id) WHERE closed = 1;
DROP INDEX IF EXISTS summary_created;
DROP INDEX IF EXISTS summary_status;
DROP INDEX IF EXISTS summary_active;
DROP INDEX IF EXISTS summary_untriggered;
`;

/**
 * The status beside each tag, so that both together are one range. Triggers keep it. They are in the file, so a build that knows nothing of
 * the column keeps it too.
 */
const TAG_STATUS = `
UPDATE tag SET execution_status = (SELECT status FROM summary WHERE id = tag.execution);
CREATE INDEX tag_execution_status ON tag (tag, execution_status, created_at_ms, execution);
CREATE TRIGGER tag_execution_status_new AFTER INSERT ON tag WHEN new.execution_status IS NULL BEGIN
  UPDATE tag SET execution_status = (SELECT status FROM summary WHERE id = new.execution)
  WHERE tag = new.tag AND created_at_ms = new.created_at_ms AND execution = new.execution;
END;
CREATE TRIGGER tag_execution_status_changed AFTER UPDATE OF status ON summary WHEN new.tags <> '[]' AND new.status <> old.status BEGIN
  UPDATE tag SET execution_status = new.status
  WHERE tag IN (SELECT value FROM json_each(new.tags)) AND created_at_ms = new.created_at_ms AND execution = new.id;
END;
`;
