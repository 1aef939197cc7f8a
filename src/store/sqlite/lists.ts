/**
 * Lists of the SQLite file, in a thread of their own: a list may take long, and no write waits for it. They run one at a time, because the
 * journal begins anew only in a moment in which nobody reads it. If they left no such moment for long, one is made.
 */
import type { SqliteClient } from "./client.ts";
import { type Journal, JOURNAL_BYTES_KEPT } from "./thread/journal.ts";
import type { ListQuery, Summary } from "../store.ts";

/** The size of a journal that was kept from beginning anew. */
const JOURNAL_BYTES_MOST = 1.5 * JOURNAL_BYTES_KEPT;

export class SqliteLists {
  readonly #writer: SqliteClient;
  readonly #reader: SqliteClient;
  #last: Promise<unknown> = Promise.resolve();

  constructor(writer: SqliteClient) {
    this.#writer = writer;
    this.#reader = writer.forLists();
  }

  list(query: ListQuery, journal: Journal): Promise<readonly Summary[]> {
    const answered = this.#last.then(() => this.#next(query, journal));
    this.#last = answered.catch(() => undefined);
    return answered;
  }

  async #next(query: ListQuery, journal: Journal): Promise<readonly Summary[]> {
    if (journal.bytes() > JOURNAL_BYTES_MOST) await this.#writer.call("checkpoint");
    return this.#reader.call("list", query);
  }

  /** Closes the thread. It has nothing to lose, so one that dies meanwhile counts as closed. */
  async close(): Promise<void> {
    await this.#reader.close().catch(() => undefined);
  }
}
