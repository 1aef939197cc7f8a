/** Things that a store takes, made for tests: each has what a real one has, and says what is asked of it. */
import type { CommitEntry, CommitId, LargeText, Lease, NewExecution, Summary } from "../../src/store/store.ts";

/** A new execution whose log holds one event. `over` replaces fields of its summary. */
export function newExecution(id: string, over: Partial<Summary> = {}, rest: Partial<Omit<NewExecution, "summary">> = {}): NewExecution {
  const summary: Summary = {
    id,
    name: "a workflow",
    definition: "hash-1",
    tags: [],
    status: "PENDING",
    sequence: 1,
    total: 3,
    completed: 0,
    failed: 0,
    error: null,
    createdAtMs: 1_000,
    triggeredAtMs: null,
    startedAtMs: null,
    finishedAtMs: null,
    updatedAtMs: 1_000,
    closed: false,
    ...over,
  };
  return {
    summary,
    chunk: { from: 1, to: summary.sequence, text: `[["created",1000,"a workflow","hash-1"]]` },
    definitionText: `{"name":"a workflow"}`,
    large: [],
    bodyHash: "body-1",
    ...rest,
  };
}

/** What one commit appends after `sequence`: `events` events as one text. */
export function entryAfter(
  sequence: number,
  id: string,
  over: Partial<Summary> = {},
  rest: { text?: string; events?: number; large?: readonly LargeText[] } = {},
): CommitEntry {
  const to = sequence + (rest.events ?? 1);
  const { summary } = newExecution(id, {
    status: "RUNNING",
    triggeredAtMs: 2_000,
    startedAtMs: 2_000,
    updatedAtMs: 2_000,
    ...over,
    sequence: to,
  });
  return { summary, chunk: { from: sequence + 1, to, text: rest.text ?? `[["started",${sequence}]]` }, large: rest.large ?? [] };
}

export function commitId(lease: Lease, number: number): CommitId {
  return { bootId: lease.bootId, epoch: lease.epoch, number };
}
