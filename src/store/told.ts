/** What the stream is told of new executions: every chunk that they come with, since no reader has heard of them before. */
import type { CommitEntry, NewExecution } from "./store.ts";

/** A chunk, with the summary after it. */
export type Told = Pick<CommitEntry, "chunk" | "summary">;

export function toldOf(batch: readonly NewExecution[]): readonly Told[] {
  return batch.some(({ earlier = [] }) => earlier.length > 0) ? batch.flatMap(chunksOf) : batch;
}

function chunksOf({ summary, earlier = [], chunk }: NewExecution): readonly Told[] {
  const before = earlier.map(({ status, ...each }) => ({ chunk: each, summary: { ...summary, status, closed: false } }));
  return [...before, { chunk, summary }];
}
