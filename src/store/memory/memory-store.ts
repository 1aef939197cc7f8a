/** A store in this process's memory: the reference for the others' promises, for tests, benchmarks and `APP_STORE=memory`. */
import { type LaneRecord, judge, leaseOf, take } from "../fence.ts";
import {
  activeIds,
  applyEntry,
  chunksAfter,
  createAll,
  emptyRows,
  largeTexts,
  listed,
  loadOne,
  type MemoryRows,
  sweepRows,
} from "./rows.ts";
import { TEXT_BYTES_MAX } from "../refusal.ts";
import type { Chunk, Commit, CommitAnswer, CreateAnswer, EntryAnswer, Lease, NewExecution } from "../store.ts";
import { type ListQuery, type Retention, type Store, type StoredExecution, StoreUnavailable, type Summary } from "../store.ts";

/** What outlives a store that was closed or left behind: a test opens it again, as after a crash. */
export type MemoryFiles = MemoryRows & { lane: LaneRecord | null; lastAnswer: CommitAnswer | null };

export function emptyMemory(): MemoryFiles {
  return { ...emptyRows(), lane: null, lastAnswer: null };
}

/** One lane. Answers come in a later microtask. `textBytesMax`: what a single text may measure. */
export function openMemoryStore(files: MemoryFiles = emptyMemory(), textBytesMax: number = TEXT_BYTES_MAX): Store {
  return new MemoryStore(files, textBytesMax);
}

class MemoryStore implements Store {
  readonly lanes = 1;
  readonly #files: MemoryFiles;
  readonly #textBytesMax: number;
  #closed = false;

  constructor(files: MemoryFiles, textBytesMax: number) {
    this.#files = files;
    this.#textBytesMax = textBytesMax;
  }

  laneOf(): number {
    return 0;
  }

  async acquire(lane: number, bootId: string): Promise<Lease> {
    const files = this.#open();
    files.lane = take(files.lane, bootId);
    files.lastAnswer = null;
    return leaseOf(lane, files.lane);
  }

  async commit(_lane: number, commit: Commit): Promise<CommitAnswer> {
    const files = this.#open();
    const verdict = judge(files.lane, commit.id);
    if (files.lane === null || verdict === "fenced") return { type: "fenced" };
    if (verdict === "again" && files.lastAnswer !== null) return files.lastAnswer;
    const entries: EntryAnswer[] = [];
    for (const entry of commit.entries) entries.push(applyEntry(files, entry, this.#textBytesMax));
    files.lane = { ...files.lane, number: commit.id.number, clean: commit.cleanEnd };
    files.lastAnswer = { type: "done", entries };
    return files.lastAnswer;
  }

  async create(batch: readonly NewExecution[]): Promise<readonly CreateAnswer[]> {
    return createAll(this.#open(), batch, this.#textBytesMax);
  }

  async load(executionId: string): Promise<StoredExecution | null> {
    return loadOne(this.#open(), executionId);
  }

  async chunksAfter(executionId: string, sequence: number): Promise<readonly Chunk[]> {
    return chunksAfter(this.#open(), executionId, sequence);
  }

  async summary(executionId: string): Promise<Summary | null> {
    return this.#open().executions.get(executionId)?.summary ?? null;
  }

  async large(executionId: string, keys: readonly string[]): Promise<readonly (string | null)[]> {
    return largeTexts(this.#open(), executionId, keys);
  }

  async list(query: ListQuery): Promise<readonly Summary[]> {
    return listed(this.#open(), query);
  }

  async active(_lane: number): Promise<readonly string[]> {
    return activeIds(this.#open(), () => true);
  }

  async sweep(retention: Retention): Promise<number> {
    return sweepRows(this.#open(), retention, () => false);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #open(): MemoryFiles {
    if (this.#closed) throw new StoreUnavailable("The store is closed.");
    return this.#files;
  }
}
