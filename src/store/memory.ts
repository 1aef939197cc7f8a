/** A store in this process's memory: the reference for the others' promises, for tests, benchmarks and `APP_STORE=memory`. */
import { type LaneRecord, judge, leaseOf, take } from "./fence.ts";
import { refusalOf, TEXT_BYTES_MAX } from "./refusal.ts";
import type { Chunk, Commit, CommitAnswer, CommitEntry, CreateAnswer, EntryAnswer, Lease, NewExecution } from "./store.ts";
import { type ListQuery, type Retention, type Store, type StoredExecution, StoreUnavailable, type Summary } from "./store.ts";

/** What outlives a store that was closed or left behind: a test opens it again, as after a crash. */
export type MemoryFiles = {
  readonly executions: Map<string, Kept>;
  readonly definitions: Map<string, { readonly text: string; references: number }>;
  lane: LaneRecord | null;
  lastAnswer: CommitAnswer | null;
};

type Kept = {
  summary: Summary;
  readonly bodyHash: string;
  readonly chunks: Chunk[];
  readonly large: Map<string, string>;
};

export function emptyMemory(): MemoryFiles {
  return { executions: new Map(), definitions: new Map(), lane: null, lastAnswer: null };
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
    for (const entry of commit.entries) entries.push(this.#apply(entry));
    files.lane = { ...files.lane, number: commit.id.number, clean: commit.cleanEnd };
    files.lastAnswer = { type: "done", entries };
    return files.lastAnswer;
  }

  #apply(entry: CommitEntry): EntryAnswer {
    const kept = this.#files.executions.get(entry.summary.id);
    if (kept === undefined || kept.summary.sequence !== entry.chunk.from - 1) return { type: "conflict" };
    const reason = refusalOf(entry, this.#textBytesMax);
    if (reason !== null) return { type: "refused", reason };
    kept.chunks.push(entry.chunk);
    kept.summary = entry.summary;
    for (const { key, text } of entry.large) kept.large.set(key, text);
    return APPLIED;
  }

  async create(batch: readonly NewExecution[]): Promise<readonly CreateAnswer[]> {
    this.#open();
    for (const execution of batch) {
      const reason = refusalOf(execution, this.#textBytesMax);
      if (reason !== null) throw new RangeError(reason);
    }
    return batch.map((execution) => this.#create(execution));
  }

  #create(execution: NewExecution): CreateAnswer {
    const { executions, definitions } = this.#files;
    const { summary, chunk, definitionText, large, bodyHash } = execution;
    const there = executions.get(summary.id);
    if (there !== undefined) return there.bodyHash === bodyHash ? "exists" : "differs";
    const definition = definitions.get(summary.definition);
    if (definition === undefined) definitions.set(summary.definition, { text: definitionText, references: 1 });
    else definition.references++;
    executions.set(summary.id, { summary, bodyHash, chunks: [chunk], large: new Map(large.map(({ key, text }) => [key, text])) });
    return "created";
  }

  async load(executionId: string): Promise<StoredExecution | null> {
    const kept = this.#open().executions.get(executionId);
    if (kept === undefined) return null;
    const definitionText = this.#files.definitions.get(kept.summary.definition)?.text ?? "";
    return { summary: kept.summary, definitionText, bodyHash: kept.bodyHash, chunks: kept.chunks.slice() };
  }

  async chunksAfter(executionId: string, sequence: number): Promise<readonly Chunk[]> {
    const chunks = this.#open().executions.get(executionId)?.chunks ?? [];
    let first = chunks.length;
    while (first > 0 && (chunks[first - 1] as Chunk).to > sequence) first--;
    return chunks.slice(first);
  }

  async summary(executionId: string): Promise<Summary | null> {
    return this.#open().executions.get(executionId)?.summary ?? null;
  }

  async large(executionId: string, keys: readonly string[]): Promise<readonly (string | null)[]> {
    const large = this.#open().executions.get(executionId)?.large;
    return keys.map((key) => large?.get(key) ?? null);
  }

  async list(query: ListQuery): Promise<readonly Summary[]> {
    return this.#summaries((summary) => isListed(summary, query))
      .sort(newestFirst)
      .slice(0, query.limit);
  }

  async active(_lane: number): Promise<readonly string[]> {
    return this.#summaries((summary) => summary.triggeredAtMs !== null && !summary.closed)
      .sort((a, b) => (a.triggeredAtMs ?? 0) - (b.triggeredAtMs ?? 0) || (a.id < b.id ? -1 : 1))
      .map((summary) => summary.id);
  }

  async sweep(retention: Retention): Promise<number> {
    const { executions, definitions } = this.#open();
    const gone = this.#summaries((summary) => isOver(summary, retention)).slice(0, retention.limit);
    for (const { id, definition } of gone) {
      executions.delete(id);
      const shared = definitions.get(definition);
      if (shared !== undefined && --shared.references === 0) definitions.delete(definition);
    }
    return gone.length;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #summaries(isWanted: (summary: Summary) => boolean): Summary[] {
    const wanted: Summary[] = [];
    for (const { summary } of this.#open().executions.values()) if (isWanted(summary)) wanted.push(summary);
    return wanted;
  }

  #open(): MemoryFiles {
    if (this.#closed) throw new StoreUnavailable("The store is closed.");
    return this.#files;
  }
}

const APPLIED: EntryAnswer = { type: "applied" };

function isListed(summary: Summary, { status, name, tag, before }: ListQuery): boolean {
  if (status !== undefined && summary.status !== status) return false;
  if (name !== undefined && summary.name !== name) return false;
  if (tag !== undefined && !summary.tags.includes(tag)) return false;
  return before === undefined || newestFirst(summary, before) > 0;
}

function newestFirst(a: { createdAtMs: number; id: string }, b: { createdAtMs: number; id: string }): number {
  return b.createdAtMs - a.createdAtMs || (a.id === b.id ? 0 : a.id < b.id ? 1 : -1);
}

function isOver(summary: Summary, { nowMs, finishedMs, untriggeredMs }: Retention): boolean {
  if (summary.closed) return summary.finishedAtMs !== null && summary.finishedAtMs <= nowMs - finishedMs;
  return summary.triggeredAtMs === null && summary.createdAtMs <= nowMs - untriggeredMs;
}
