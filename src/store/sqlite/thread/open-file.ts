/** The SQLite file that a thread has open: its connection, its journal, and what its long texts leave in memory. */
import type { Database } from "bun:sqlite";
import type { ListQuery, Summary } from "../../store.ts";
import { type Journal, renewJournal, watchJournal } from "./journal.ts";
import type { OpenOptions } from "./protocol.ts";
import { listFrom, SqliteReads } from "./reads.ts";
import { openDatabase } from "./schema.ts";
import { SqliteWrites } from "./writes.ts";

type Opened = {
  readonly db: Database;
  readonly reads: SqliteReads;
  readonly writes: SqliteWrites;
  readonly journal: Journal;
};

const FORGOTTEN_FROM = 8 * 1024 * 1024;

export class OpenFile {
  readonly #collectWhenIdle: () => void;
  #options: OpenOptions | null = null;
  #opened: Opened | null = null;
  /** The characters of long texts that were written since the last time that memory was freed. */
  #largeCharacters = 0;

  /** `collectWhenIdle` is called when a request's texts were long. */
  constructor(collectWhenIdle: () => void) {
    this.#collectWhenIdle = collectWhenIdle;
  }

  open(options: OpenOptions): void {
    this.#options = options;
    if (options.work === "all") this.#opened = this.#openAll(options);
  }

  close(): void {
    this.#opened?.db.close();
    this.#opened = null;
  }

  get db(): Database {
    return this.#the().db;
  }

  get reads(): SqliteReads {
    return this.#the().reads;
  }

  get writes(): SqliteWrites {
    return this.#the().writes;
  }

  /** Reads a list on a connection of its own. */
  list(query: ListQuery): readonly Summary[] {
    if (this.#options === null) throw new Error("No file was named.");
    return listFrom(this.#options.file, this.#options.busyTimeoutMs, query);
  }

  /**
   * Makes sure, before each request, that the journal has its name: what is acknowledged from here on must not be in a file that nobody
   * will find.
   */
  keepJournalNamed(): void {
    if (this.#opened !== null && !this.#opened.journal.isNameThere()) this.#beginJournal();
  }

  /** Does the same, and checks more than the name. */
  saveJournal(): void {
    if (!this.#the().journal.isThere()) this.#beginJournal();
  }

  /** Drops SQLite's own copies of pages after long texts: they are 32 MiB then, and are read again quickly. */
  forgetLarge(): void {
    if (this.#largeCharacters < FORGOTTEN_FROM) return;
    this.#largeCharacters = 0;
    this.#opened?.db.run("PRAGMA shrink_memory");
    this.#collectWhenIdle();
  }

  #openAll(options: OpenOptions): Opened {
    const { file, textBytesMax, ...rest } = options;
    const db = openDatabase(file, rest);
    const writes = new SqliteWrites(db, textBytesMax, ({ length }) => {
      this.#largeCharacters += length;
    });
    return { db, reads: new SqliteReads(db), writes, journal: watchJournal(file) };
  }

  /** Begins a new journal after somebody has removed the journal's file. */
  #beginJournal(): void {
    const { file } = this.#options as OpenOptions;
    const opened = this.#the();
    renewJournal(opened.db);
    this.#opened = { ...opened, journal: watchJournal(file) };
  }

  #the(): Opened {
    if (this.#opened === null) throw new Error("The SQLite file is not open.");
    return this.#opened;
  }
}
