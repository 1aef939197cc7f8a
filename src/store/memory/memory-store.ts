/** The store in this process's memory: the reference for the promises of other stores, for tests, benchmarks and `APP_STORE=memory`. */
import { type LaneRecord, judge, leaseOf, take } from "../fence.ts";
import { activeIds, applyEntry, createAll, emptyRows, type MemoryRows, removeOne, sweepRows } from "./rows.ts";
import { MemoryReads } from "./reads.ts";
import { TEXT_BYTES_MAX } from "../refusal.ts";
import type { Commit, CommitAnswer, CreateAnswer, EntryAnswer, Lease, NewExecution, Retention, Store, Summary } from "../store.ts";

/** The data that outlives a closed or abandoned store. A test opens it again, as after a crash. */
export type MemoryFiles = MemoryRows & { lane: LaneRecord | null; lastAnswer: CommitAnswer | null };

export function emptyMemory(): MemoryFiles {
  return { ...emptyRows(), lane: null, lastAnswer: null };
}

/** Opens a store with one lane. Answers come in a later microtask. `textBytesMax`: the longest text. */
export function openMemoryStore(files: MemoryFiles = emptyMemory(), textBytesMax: number = TEXT_BYTES_MAX): Store {
  return new MemoryStore(files, textBytesMax);
}

class MemoryStore extends MemoryReads<MemoryFiles> implements Store {
  readonly lanes = 1;
  readonly #textBytesMax: number;

  constructor(files: MemoryFiles, textBytesMax: number) {
    super(files);
    this.#textBytesMax = textBytesMax;
  }

  laneOf(): number {
    return 0;
  }

  async acquire(lane: number, bootId: string): Promise<Lease> {
    const files = this.open();
    files.lane = take(files.lane, bootId);
    files.lastAnswer = null;
    return leaseOf(lane, files.lane);
  }

  async commit(_lane: number, commit: Commit): Promise<CommitAnswer> {
    const files = this.open();
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
    return createAll(this.open(), batch, this.#textBytesMax);
  }

  async active(_lane: number): Promise<readonly string[]> {
    return activeIds(this.open(), () => true);
  }

  async remove(execution: Pick<Summary, "id" | "createdAtMs">): Promise<boolean> {
    removeOne(this.open(), execution);
    return true;
  }

  async sweep(retention: Retention): Promise<number> {
    return sweepRows(this.open(), retention, () => false);
  }

  async raiseLevel(_level: number): Promise<boolean> {
    this.open();
    return true;
  }
}
