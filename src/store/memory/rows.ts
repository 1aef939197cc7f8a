/** Executions in this process's memory: the common part of the plain and the shared memory store. */
import { refusalOf } from "../refusal.ts";
import type { Extension } from "../shared-store.ts";
import type { Chunk, CommitEntry, CreateAnswer, EntryAnswer, LargeText, ListQuery, NewExecution, Retention, Summary } from "../store.ts";

export type MemoryRows = {
  readonly executions: Map<string, Kept>;
  readonly definitions: Map<string, { readonly text: string; references: number }>;
};

type Kept = {
  summary: Summary;
  readonly bodyHash: string;
  readonly chunks: Chunk[];
  /** Null before the first large text. */
  large: Map<string, string> | null;
};

/** No executions. */
export function emptyRows(): MemoryRows {
  return { executions: new Map(), definitions: new Map() };
}

/** Writes all of one execution's part of a commit, or nothing. */
export function applyEntry(rows: MemoryRows, entry: CommitEntry, textBytesMax: number): EntryAnswer {
  const kept = rows.executions.get(entry.summary.id);
  if (kept === undefined || kept.summary.sequence !== entry.chunk.from - 1) return { type: "conflict" };
  const reason = refusalOf(entry, textBytesMax);
  if (reason !== null) return { type: "refused", reason };
  kept.chunks.push(entry.chunk);
  kept.summary = entry.summary;
  if (entry.large.length > 0) keepLarge(kept, entry.large);
  return APPLIED;
}

/** Writes all of a batch. Throws a RangeError, and writes nothing, if one of them can never be stored. */
export function createAll(rows: MemoryRows, batch: readonly NewExecution[], textBytesMax: number): readonly CreateAnswer[] {
  for (const execution of batch) {
    const reason = refusalOf(execution, textBytesMax);
    if (reason !== null) throw new RangeError(reason);
  }
  return batch.map((execution) => createOne(rows, execution));
}

/** Extends an execution whose log holds only its creation. */
export function extendOne({ executions }: MemoryRows, { summary, chunks, large }: Extension): boolean {
  const kept = executions.get(summary.id);
  if (kept === undefined || kept.summary.sequence !== 1 || kept.summary.triggeredAtMs !== null) return false;
  for (const { from, to, text } of chunks) kept.chunks.push({ from, to, text });
  kept.summary = summary;
  if (large.length > 0) keepLarge(kept, large);
  return true;
}

export function listed(rows: MemoryRows, query: ListQuery): readonly Summary[] {
  return summaries(rows, (summary) => isListed(summary, query))
    .sort(newestFirst)
    .slice(0, query.limit);
}

/** Ids of executions that are triggered and not closed, oldest trigger first. `isWanted`: a filter of ids. */
export function activeIds(rows: MemoryRows, isWanted: (executionId: string) => boolean): readonly string[] {
  return summaries(rows, (summary) => summary.triggeredAtMs !== null && !summary.closed && isWanted(summary.id))
    .sort((a, b) => (a.triggeredAtMs ?? 0) - (b.triggeredAtMs ?? 0) || (a.id < b.id ? -1 : 1))
    .map((summary) => summary.id);
}

/** Deletes what retention allows, and returns the number of deleted executions. `isKept`: ids that must stay whatever retention allows. */
export function sweepRows(rows: MemoryRows, retention: Retention, isKept: (executionId: string) => boolean): number {
  const gone = summaries(rows, (summary) => isOver(summary, retention) && !isKept(summary.id)).slice(0, retention.limit);
  for (const summary of gone) deleteOne(rows, summary);
  return gone.length;
}

/** Deletes this execution, if it is the one that was created at that time. */
export function removeOne(rows: MemoryRows, { id, createdAtMs }: Pick<Summary, "id" | "createdAtMs">): void {
  const summary = rows.executions.get(id)?.summary;
  if (summary?.createdAtMs === createdAtMs) deleteOne(rows, summary);
}

function deleteOne({ executions, definitions }: MemoryRows, { id, definition }: Summary): void {
  executions.delete(id);
  const named = definitions.get(definition);
  if (named !== undefined && --named.references === 0) definitions.delete(definition);
}

const APPLIED: EntryAnswer = { type: "applied" };

function createOne({ executions, definitions }: MemoryRows, execution: NewExecution): CreateAnswer {
  const { summary, earlier = [], chunk, definitionText, large, bodyHash } = execution;
  const there = executions.get(summary.id);
  if (there !== undefined) return there.bodyHash === bodyHash ? "exists" : "differs";
  const definition = definitions.get(summary.definition);
  if (definition === undefined) definitions.set(summary.definition, { text: definitionText, references: 1 });
  else definition.references++;
  const before = earlier.map(({ from, to, text }): Chunk => ({ from, to, text }));
  const kept: Kept = { summary, bodyHash, chunks: [...before, chunk], large: null };
  if (large.length > 0) keepLarge(kept, large);
  executions.set(summary.id, kept);
  return "created";
}

function keepLarge(kept: Kept, large: readonly LargeText[]): void {
  kept.large ??= new Map();
  for (const { key, text } of large) kept.large.set(key, text);
}

function summaries({ executions }: MemoryRows, isWanted: (summary: Summary) => boolean): Summary[] {
  const wanted: Summary[] = [];
  for (const { summary } of executions.values()) if (isWanted(summary)) wanted.push(summary);
  return wanted;
}

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
