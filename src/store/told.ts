/** The chunks that the stream is told of: each chunk that was written, with the state of its execution after it. */
import type { Extension } from "./shared-store.ts";
import type { Commit, CommitAnswer, CommitEntry, NewExecution } from "./store.ts";

/** A chunk, with the summary after it. */
export type Told = Pick<CommitEntry, "chunk" | "summary">;

export function appliedOf({ entries }: Commit, answer: CommitAnswer): readonly Told[] {
  return answer.type === "fenced" ? [] : entries.filter((_, at) => answer.entries[at]?.type === "applied");
}

/** The chunks of new executions: every one that they come with, because no reader has heard of them before. */
export function toldOf(batch: readonly NewExecution[]): readonly Told[] {
  return batch.some(({ earlier = [] }) => earlier.length > 0) ? batch.flatMap(chunksOf) : batch;
}

export function toldOfExtension({ summary, chunks }: Pick<Extension, "summary" | "chunks">): readonly Told[] {
  return chunks.map(({ status, ...chunk }) => ({ chunk, summary: { ...summary, status, closed: false } }));
}

function chunksOf({ summary, earlier = [], chunk }: NewExecution): readonly Told[] {
  return [...toldOfExtension({ summary, chunks: earlier }), { chunk, summary }];
}
