/**
 * The lock of a data folder, for one Troupe at a time: an exclusive transaction on a small database beside the real one. It is free at once
 * after kill -9.
 */
import { Database } from "bun:sqlite";
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";

/** The data folder cannot be used. The message is a sentence that tells the user what to do. */
export class DataFolderFault extends Error {
  override readonly name = "DataFolderFault";
  /** Whether another process uses it, which may end. */
  readonly isInUse: boolean;

  constructor(message: string, { isInUse = false, ...options }: ErrorOptions & { readonly isInUse?: boolean } = {}) {
    super(message, options);
    this.isInUse = isInUse;
  }
}

/** The file in the data folder with all executions. Its journals have its mode. */
export const STORE_FILE = "troupe.db";
const LOCK_FILE = "lock.db";
/**
 * The mode of a new folder: what executions hold is for the user who runs Troupe. An existing folder keeps its mode, because somebody may
 * have chosen it.
 */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** The time to wait for a process that is just ending. */
const PATIENCE_MS = 250;

/** Locks the folder until `release`. Creates it if it is missing. Throws DataFolderFault. */
export function lockDataFolder(dataDir: string): { release(): void } {
  makeFolder(dataDir);
  // This connection holds the lock, so it must not be garbage collected before the release.
  const db = openLock(dataDir);
  return { release: () => db.close() };
}

function makeFolder(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: FOLDER_MODE });
    accessSync(dataDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(dataDir, error);
  }
}

/**
 * Makes the file with a private mode. An empty file is a new database to SQLite. An existing file is not opened: closing it would end this
 * process's locks on it.
 */
function makePrivate(file: string): void {
  if (existsSync(file)) return;
  try {
    closeSync(openSync(file, "wx", FILE_MODE));
  } catch (error) {
    // Another process, which starts at the same time, was first.
    if ((error as { code?: unknown }).code !== "EEXIST") throw error;
  }
}

function openLock(dataDir: string): Database {
  let db: Database | null = null;
  try {
    makePrivate(join(dataDir, LOCK_FILE));
    db = new Database(join(dataDir, LOCK_FILE), { create: true, readwrite: true });
    db.run(`PRAGMA busy_timeout = ${PATIENCE_MS}`);
    db.run("BEGIN EXCLUSIVE");
    makePrivate(join(dataDir, STORE_FILE));
    return db;
  } catch (error) {
    db?.close();
    if ((error as { code?: unknown }).code !== "SQLITE_BUSY") throw unusable(dataDir, error);
    const message = `Another Troupe uses ${dataDir}: stop it, or set APP_DATA_DIR to another folder.`;
    throw new DataFolderFault(message, { cause: error, isInUse: true });
  }
}

function unusable(dataDir: string, error: unknown): DataFolderFault {
  const reason = error instanceof Error ? error.message : String(error);
  return new DataFolderFault(`Cannot write to the data folder ${dataDir} (${reason}). Set APP_DATA_DIR to a folder that can be written.`, {
    cause: error,
  });
}
