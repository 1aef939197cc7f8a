/** One Troupe a data folder: an exclusive transaction on a small database beside the real one, free at once after kill -9. */
import { Database } from "bun:sqlite";
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";

/** The data folder cannot be used. The message is a sentence for the user, which says what to do. */
export class DataFolderFault extends Error {
  override readonly name = "DataFolderFault";
  /** By another process, which may end. */
  readonly isInUse: boolean;

  constructor(message: string, { isInUse = false, ...options }: ErrorOptions & { readonly isInUse?: boolean } = {}) {
    super(message, options);
    this.isInUse = isInUse;
  }
}

/** In the data folder: all executions. Its journals have its mode. */
export const STORE_FILE = "troupe.db";
const LOCK_FILE = "lock.db";
/** What executions hold is for the user who runs Troupe. What is there already keeps its mode: somebody may have meant it. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** For one that is just ending. */
const PATIENCE_MS = 250;

/** Held until `release`. Makes the folder where it is missing. Throws DataFolderFault. */
export function lockDataFolder(dataDir: string): { release(): void } {
  makeFolder(dataDir);
  // Held by this connection, so it must not be garbage collected before the release.
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

/** An empty file is a new database to SQLite. One that is there is not opened: closing it would end this process's locks on it. */
function makePrivate(file: string): void {
  if (existsSync(file)) return;
  try {
    closeSync(openSync(file, "wx", FILE_MODE));
  } catch (error) {
    // Another one, which starts at the same time, was first.
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
