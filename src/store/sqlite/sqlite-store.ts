/** The store in a SQLite file, in a thread of its own. It has one lane. What is committed survives kill -9 and a power cut. */
import { join } from "node:path";
import type { LeavableStore } from "../move.ts";
import { TEXT_BYTES_MAX } from "../refusal.ts";
import { SqliteClient, type SqliteThread } from "./client.ts";
import { type Journal, watchJournal } from "./thread/journal.ts";
import { lockDataFolder, STORE_FILE } from "./lock.ts";
import { SqliteLists } from "./lists.ts";
import { SqliteWriteLine } from "./write-line.ts";
import { RECENT_CHARACTERS, RecentExecutions } from "./recent-executions.ts";
import { packCommit, packNew } from "./thread/pack.ts";
import type { PackedAnswer } from "./thread/writes.ts";
import type { Chunk, Commit, CommitAnswer, CommitEntry, CreateAnswer, EntryAnswer, LargeText, Lease, ListQuery } from "../store.ts";
import { type NewExecution, type Retention, type StoredExecution, StoreUnavailable, type Summary } from "../store.ts";

export type SqliteStoreOptions = {
  /** The data folder, created if it is missing. It holds `troupe.db`, its journal, and `lock.db`. */
  readonly dataDir: string;
  /** The time to wait for another connection's lock (a backup, for example) before the store counts as away. */
  readonly busyTimeoutMs?: number;
  /** The longest text. */
  readonly textBytesMax?: number;
  /** The largest size of the file. At that size the store is away until retention has made room. */
  readonly fileBytesMax?: number;
  /** The approximate size of the executions that are kept in memory; 0: every read asks the thread. */
  readonly recentCharactersMax?: number;
  /** Starts the thread: `thread/thread.ts` as a Worker. */
  readonly spawn?: () => SqliteThread;
};

const BUSY_TIMEOUT_MS = 1_000;
/**
 * The time from one transaction to the next if several executions are under way: each transaction rewrites some ten pages and is synced,
 * whatever it holds.
 */
const GATHER_MS = 2;
/**
 * The executions that one transaction of a sweep deletes. They ended one after the other, so most of their pages are theirs alone and are
 * given back whole. A larger number would save little, and delay a commit by more than a few milliseconds.
 */
const SWEEP_BATCH = 100;

/**
 * Opens the store. Resolves when the file is open. Rejects with DataFolderFault if the folder cannot be used or another Troupe uses it; its
 * message is a sentence for the user.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<LeavableStore> {
  const lock = lockDataFolder(options.dataDir);
  const file = join(options.dataDir, STORE_FILE);
  const client = new SqliteClient(options.spawn ?? spawnThread, {
    file,
    busyTimeoutMs: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
    textBytesMax: options.textBytesMax ?? TEXT_BYTES_MAX,
    fileBytesMax: options.fileBytesMax ?? null,
    work: "all",
  });
  try {
    await client.open();
  } catch (error) {
    lock.release();
    throw error;
  }
  return new SqliteStore(client, lock, file, options.recentCharactersMax ?? RECENT_CHARACTERS);
}

function spawnThread(): SqliteThread {
  return new Worker(new URL("./thread/thread.ts", import.meta.url).href);
}

class SqliteStore implements LeavableStore {
  readonly lanes = 1;
  readonly gatherMs = GATHER_MS;
  readonly #client: SqliteClient;
  readonly #lists: SqliteLists;
  readonly #line: SqliteWriteLine;
  readonly #lock: { release(): void };
  readonly #file: string;
  #journal: Journal;
  #recent: RecentExecutions;

  constructor(client: SqliteClient, lock: { release(): void }, file: string, recentCharactersMax: number) {
    this.#client = client;
    this.#lists = new SqliteLists(client);
    this.#file = file;
    this.#journal = watchJournal(file);
    this.#line = new SqliteWriteLine(client);
    this.#lock = lock;
    this.#recent = new RecentExecutions(recentCharactersMax);
  }

  laneOf(): number {
    return 0;
  }

  acquire(lane: number, bootId: string): Promise<Lease> {
    return this.#client.call("acquire", lane, bootId);
  }

  async commit(lane: number, commit: Commit): Promise<CommitAnswer> {
    const { entries } = commit;
    try {
      const answer = unpack(await this.#line.commit(packCommit(lane, commit)));
      this.#committed(entries, answer);
      return answer;
    } catch (error) {
      this.#recent.forget(entries.map(({ summary }) => summary.id));
      throw error;
    }
  }

  #committed(entries: readonly CommitEntry[], answer: CommitAnswer): void {
    for (let at = 0; at < entries.length; at++) {
      const entry = entries[at] as CommitEntry;
      if (answer.type === "done" && answer.entries[at]?.type === "applied") this.#recent.committed(entry);
      else this.#recent.forget([entry.summary.id]);
    }
  }

  async create(batch: readonly NewExecution[]): Promise<readonly CreateAnswer[]> {
    const answer = await this.#line.create(packNew(batch));
    const answers = typeof answer === "number" ? new Array<CreateAnswer>(answer).fill("created") : answer;
    for (let at = 0; at < batch.length; at++) if (answers[at] === "created") this.#recent.created(batch[at] as NewExecution);
    return answers;
  }

  async load(executionId: string): Promise<StoredExecution | null> {
    return this.#recent.load(executionId) ?? this.#found(await this.#client.call("load", executionId));
  }

  async chunksAfter(executionId: string, sequence: number): Promise<readonly Chunk[]> {
    return this.#recent.chunksAfter(executionId, sequence) ?? this.#client.call("chunksAfter", executionId, sequence);
  }

  async summary(executionId: string): Promise<Summary | null> {
    return this.#recent.summary(executionId) ?? this.#found(await this.#client.call("summary", executionId));
  }

  /** Checks an answer: what a damaged file does not find may have been accepted. */
  #found<Answer>(answer: Answer | null): Answer | null {
    if (answer === null && this.#client.damage !== null) throw new StoreUnavailable(this.#client.damage);
    return answer;
  }

  trouble(): string | null {
    if (this.#client.damage !== null) return this.#client.damage;
    if (this.#journal.isThere()) return null;
    // If it cannot be saved now, the next call tries again.
    this.#saveJournal().catch(() => undefined);
    return `${this.#file}-wal was removed while it was in use: what it held is copied into the main file.`;
  }

  async #saveJournal(): Promise<void> {
    await this.#client.call("saveJournal");
    this.#journal = watchJournal(this.#file);
  }

  large(executionId: string, keys: readonly string[]): Promise<readonly (string | null)[]> {
    return this.#client.call("large", executionId, keys);
  }

  async list(query: ListQuery): Promise<readonly Summary[]> {
    // A new connection would find nothing of what a removed journal holds.
    if (!this.#journal.isThere()) await this.#saveJournal();
    return this.#lists.list(query, this.#journal);
  }

  active(): Promise<readonly string[]> {
    return this.#client.call("active");
  }

  async sweep(retention: Retention): Promise<number> {
    let gone = 0;
    for (;;) {
      const limit = Math.min(SWEEP_BATCH, retention.limit - gone);
      const some = await this.#line.sweep({ ...retention, limit });
      this.#recent.forget(some);
      gone += some.length;
      if (some.length < SWEEP_BATCH || gone >= retention.limit) return gone;
    }
  }

  async remove({ id, createdAtMs }: Pick<Summary, "id" | "createdAtMs">): Promise<boolean> {
    await this.#client.call("remove", id, createdAtMs);
    this.#recent.forget([id]);
    return true;
  }

  async raiseLevel(level: number): Promise<boolean> {
    await this.#client.call("raiseLevel", level);
    return true;
  }

  markMoving(): Promise<readonly string[]> {
    return this.#client.call("markMoving");
  }

  largeTextsOf(executionId: string): Promise<readonly LargeText[]> {
    return this.#client.call("largeTextsOf", executionId);
  }

  async moved(executionId: string): Promise<void> {
    await this.#client.call("moved", executionId);
    this.#recent.forget([executionId]);
  }

  async close(): Promise<void> {
    this.#recent = new RecentExecutions(0);
    try {
      await this.#lists.close();
      await this.#client.close();
    } finally {
      this.#lock.release();
    }
  }
}

const APPLIED: EntryAnswer = { type: "applied" };

function unpack(packed: number | PackedAnswer): CommitAnswer {
  if (typeof packed === "number") return { type: "done", entries: new Array<EntryAnswer>(packed).fill(APPLIED) };
  if (packed.type === "fenced") return packed;
  const entries: EntryAnswer[] = new Array<EntryAnswer>(packed.count).fill(APPLIED);
  for (const [at, reason] of packed.others) entries[at] = reason === null ? { type: "conflict" } : { type: "refused", reason };
  return { type: "done", entries };
}
