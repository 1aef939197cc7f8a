/**
 * The check whether the file of SQLite's journal (`-wal`) is still the one that was opened: what is only in it is lost if somebody removes
 * it.
 */
import type { Database } from "bun:sqlite";
import { existsSync, statSync } from "node:fs";

export type Journal = {
  isThere(): boolean;
  /**
   * The same check before each write, mostly without asking for the file's times. Linux (6.13 on, "multigrain timestamps") gives a file
   * whose times were asked for a new one at its next write, and each fsync then writes its inode too: small executions cost 15 % more.
   */
  isNameThere(): boolean;
  /** The present size of its file. */
  bytes(): number;
};

/** The size that the file keeps, so that it need not grow again: more than it has before it is copied into the main file. */
export const JOURNAL_BYTES_KEPT = 32 * 2 ** 20;

/**
 * Whether somebody removed the journal after a crash, or copied the file without it. SQLite itself leaves it for as long as its index
 * (`-shm`) exists, which is made after it and removed before it.
 */
export function isJournalGone(file: string): boolean {
  return existsSync(`${file}-shm`) && !existsSync(`${file}-wal`);
}

/**
 * The number of looks for the name between two checks which file that is. A file that was put into its place is found no later than this.
 */
const NAMES_EACH = 64;

/** Watches the journal from the first time that it is seen. */
export function watchJournal(file: string): Journal {
  const name = `${file}-wal`;
  const stat = () => statSync(name, { throwIfNoEntry: false });
  const look = (): number | null => stat()?.ino ?? null;
  let known = look();
  let names = 0;
  const journal: Journal = {
    isThere() {
      const found = look();
      known ??= found;
      return found === known;
    },
    isNameThere() {
      if (known === null || (names += 1) % NAMES_EACH === 0) return journal.isThere();
      return existsSync(name);
    },
    bytes: () => stat()?.size ?? 0,
  };
  return journal;
}

/** Another connection is open. The error carries SQLite's own code, because it may succeed later. */
class JournalInUse extends Error {
  override readonly name = "JournalInUse";
  readonly code = "SQLITE_BUSY";
}

/**
 * Copies what a removed journal holds, which is still open here, into the main file, and begins a new journal. Throws if another connection
 * is open: all share one index of the journal, and one with the old file would read it by the index of the new one.
 */
export function renewJournal(db: Database): void {
  const [isBusy] = db.query<unknown, []>("PRAGMA wal_checkpoint(TRUNCATE)").values()[0] ?? [];
  if (isBusy !== 0) throw new JournalInUse("the journal's file was removed, and its content is still being read");
  // Only the last connection can leave the mode.
  db.run("PRAGMA journal_mode = DELETE");
  db.run("PRAGMA journal_mode = WAL");
  // The first read makes the file, which must exist to be watched.
  db.query("SELECT 1 FROM sqlite_schema LIMIT 1").values();
}
