/** The SQLite file: its tables, how it is opened, and how a file that is not ours or too new is told. */
import { Database } from "bun:sqlite";
import { CHUNK_VERSION } from "./codec.ts";
import { DataFolderFault } from "./sqlite-lock.ts";

/** Of these tables and of the chunks in them: a file of a higher version is refused. */
const FORMAT = CHUNK_VERSION;
/** SQLite's mark for whose file it is: "Trpe". */
const APPLICATION_ID = 0x54727065;
/** Copied into the main file when the journal has this many pages (16 MiB), so that a commit rarely pays for it. */
const CHECKPOINT_PAGES = 4_000;
const PAGE_BYTES = 4_096;
/** A commit of 4 MiB fits without spilling into the journal half-way. */
const CACHE_KIB = 32 * 1024;

export type DatabaseOptions = {
  /** How long to wait for another connection's lock (a backup, say). */
  readonly busyTimeoutMs: number;
  /** What the file may grow to; null for what the disk holds. */
  readonly fileBytesMax: number | null;
};

/** Opens the file, makes the tables where it is new. Throws DataFolderFault, whose message is for the user. */
export function openDatabase(file: string, options: DatabaseOptions): Database {
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

function prepare(db: Database, file: string, { busyTimeoutMs, fileBytesMax }: DatabaseOptions): void {
  db.run(`PRAGMA busy_timeout = ${Math.round(busyTimeoutMs)}`);
  const isNew = pragma(db, "schema_version") === 0;
  if (!isNew) check(db, file);
  db.run("PRAGMA journal_mode = WAL");
  db.run("PRAGMA synchronous = FULL");
  db.run(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  db.run(`PRAGMA cache_size = ${-CACHE_KIB}`);
  if (fileBytesMax !== null) db.run(`PRAGMA max_page_count = ${Math.ceil(fileBytesMax / PAGE_BYTES)}`);
  db.run("CREATE TABLE IF NOT EXISTS moving (execution TEXT PRIMARY KEY) WITHOUT ROWID");
  if (!isNew) return;
  db.run("BEGIN IMMEDIATE");
  db.run(TABLES);
  db.run(`PRAGMA application_id = ${APPLICATION_ID}`);
  db.run(`PRAGMA user_version = ${FORMAT}`);
  db.run("COMMIT");
}

function check(db: Database, file: string): void {
  if (pragma(db, "application_id") !== APPLICATION_ID) {
    throw new DataFolderFault(`${file} belongs to another program. Set APP_DATA_DIR to another folder.`);
  }
  const version = pragma(db, "user_version");
  if (version > FORMAT) {
    const known = `format ${version}; this one knows ${FORMAT}`;
    throw new DataFolderFault(`${file} was written by a newer Troupe (${known}). Run that version, or set APP_DATA_DIR to another folder.`);
  }
}

function pragma(db: Database, name: string): number {
  return Number(db.query(`PRAGMA ${name}`).values()[0]?.[0]);
}

/**
 * The log is a plain table with an index, not WITHOUT ROWID: its rows are large, and so it took twice the commits a
 * second. By `last`, what is new after a sequence is one range of the index.
 */
const TABLES = `
CREATE TABLE log (
  execution TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, events TEXT NOT NULL,
  PRIMARY KEY (execution, last)
);
CREATE TABLE large (execution TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (execution, key));
CREATE TABLE definition (hash TEXT PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE tag (
  tag TEXT NOT NULL, created_at_ms INTEGER NOT NULL, execution TEXT NOT NULL,
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
CREATE INDEX summary_created ON summary (created_at_ms, id);
CREATE INDEX summary_name ON summary (name, created_at_ms, id);
CREATE INDEX summary_status ON summary (status, created_at_ms, id);
CREATE INDEX summary_definition ON summary (definition);
CREATE INDEX summary_active ON summary (triggered_at_ms, id) WHERE closed = 0 AND triggered_at_ms IS NOT NULL;
CREATE INDEX summary_untriggered ON summary (created_at_ms) WHERE closed = 0 AND triggered_at_ms IS NULL;
CREATE INDEX summary_finished ON summary (finished_at_ms) WHERE closed = 1;
`;
