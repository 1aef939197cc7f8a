/**
 * The store of the truth, as a seam. One contract suite (test/contracts/store.ts) says what each implementation promises.
 *
 * A store keeps: `log` (chunks), `summary` (one small record per execution), definitions by hash, and large texts apart. There is no record
 * per node: node states are the fold of the log.
 */
import type { ExecutionStatus } from "../workflow/execution/status.ts";

/** The events that one commit appends to one execution's log: `from`..`to` (sequences, both included) as one packed text. */
export type Chunk = { readonly from: number; readonly to: number; readonly text: string };

/**
 * The summary: of fixed size; lists and progress are made from it. Times are milliseconds since 1970. What an execution is created with
 * (id, name, definition, tags, total, createdAtMs) never changes: a store need not write it again.
 */
export type Summary = {
  readonly id: string;
  readonly name: string;
  /** The hash of the definition's text. */
  readonly definition: string;
  readonly tags: readonly string[];
  readonly status: ExecutionStatus;
  /** The sequence of the last event. */
  readonly sequence: number;
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  /** The error, cut at 1 KiB. */
  readonly error: string | null;
  readonly createdAtMs: number;
  readonly triggeredAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly updatedAtMs: number;
  readonly closed: boolean;
};

/** A text kept apart from the log: params, or one attempt's output, above LARGE_TEXT_BYTES. */
export type LargeText = { readonly key: string; readonly text: string };

/** The size in bytes from which params and outputs are kept apart from the log. */
export const LARGE_TEXT_BYTES = 64 * 1024;

/** The keys of large texts. Only this builds them. */
export const largeKey = {
  params: "params",
  output: (nodeId: string, attempt: number): string => `output/${nodeId}/${attempt}`,
} as const;

export type NewExecution = {
  readonly summary: Summary;
  readonly chunk: Chunk;
  readonly definitionText: string;
  readonly large: readonly LargeText[];
  /** The hash of the request, which tells a resend from another request under the same (derived) id. */
  readonly bodyHash: string;
  /** The chunks before `chunk`, in order, if the execution comes whole from another store. */
  readonly earlier?: readonly EarlierChunk[];
};

/** An earlier chunk. `status`: the execution's after it. */
export type EarlierChunk = Chunk & { readonly status: ExecutionStatus };

/**
 * The answer to a create. `exists`: the same id and body hash was there, nothing was written. `differs`: the id was there with another
 * hash.
 */
export type CreateAnswer = "created" | "exists" | "differs";

/** A command's recorded answer. `receipt`: a short JSON text. */
export type CommandReceipt = { readonly commandId: string; readonly receipt: string };

/** One execution's part of a commit. */
export type CommitEntry = {
  readonly chunk: Chunk;
  readonly summary: Summary;
  readonly large: readonly LargeText[];
  /**
   * The stored commands that these events answer. They are deleted in the same act, and each leaves its receipt. Only if instances share a
   * store.
   */
  readonly receipts?: readonly CommandReceipt[];
};

/** A commit's own identity. The same one again gets the same answer; any other number than the next is refused. */
export type CommitId = { readonly bootId: string; readonly epoch: number; readonly number: number };

export type Commit = {
  readonly id: CommitId;
  readonly entries: readonly CommitEntry[];
  /** Receipts of stored commands that changed nothing: ignored, rejected, or for an execution that is gone. */
  readonly receipts?: readonly CommandReceipt[];
  /** True in an owner's last commit: everything that it ran is accounted for. */
  readonly cleanEnd: boolean;
};

/**
 * The answer for an entry. `conflict`: the log is not at `chunk.from - 1` (somebody else wrote); nothing of this entry was written.
 * `refused`: the store can never take this entry (too large, for example); nothing of it was written.
 */
export type EntryAnswer =
  | { readonly type: "applied" }
  | { readonly type: "conflict" }
  | { readonly type: "refused"; readonly reason: string };

/** The answer to a commit. `fenced`: the lease is another's, or the number is not the next; nothing was written. */
export type CommitAnswer = { readonly type: "done"; readonly entries: readonly EntryAnswer[] } | { readonly type: "fenced" };

/** The right to write to a lane. `epoch` is the fencing token: it only rises. */
export type Lease = {
  readonly lane: number;
  readonly bootId: string;
  readonly epoch: number;
  /** The boot that held the lane before and did not mark a clean end, or null. */
  readonly diedBootId: string | null;
};

export type StoredExecution = {
  readonly summary: Summary;
  readonly definitionText: string;
  readonly bodyHash: string;
  readonly chunks: readonly Chunk[];
};

export type ListQuery = {
  readonly status?: ExecutionStatus;
  readonly name?: string;
  readonly tag?: string;
  /** Only executions before this position, in the list's order. */
  readonly before?: ListPosition;
  readonly limit: number;
};
export type ListPosition = { readonly createdAtMs: number; readonly id: string };

export type Retention = {
  readonly nowMs: number;
  /** The time after the end. Nothing that is not closed is deleted. */
  readonly finishedMs: number;
  /** The time after creation, for executions that were never triggered. */
  readonly untriggeredMs: number;
  /** The most executions in one call. */
  readonly limit: number;
};

/** The store did not answer or cannot now (busy, disk full, gone). What was sent may have been applied: send the same again. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
  /** No stack: the error is expected, and logged in a row while the store is away. The place where it was made says nothing. */
  override readonly stack = `${this.name}: ${this.message}`;
}

/** The store answers but has no room for what was sent. It still does what frees room and what keeps leases. */
export class StoreFull extends StoreUnavailable {}

export interface Store {
  /** The number of lanes. A lane is what one committer writes to, in order. */
  readonly lanes: number;
  laneOf(executionId: string): number;
  /**
   * The time that a write may wait for others that are under way, if a write has a price that executions share. Without it, writes do not
   * wait.
   */
  readonly gatherMs?: number;

  /**
   * Takes a lane for this boot, whoever had it: a new epoch. From then on every older lease of the lane is refused. For an instance that
   * has the store alone; instances that share one take leases that lapse (shared-store.ts).
   */
  acquire(lane: number, bootId: string): Promise<Lease>;
  /** The only write of executions' progress: atomic per entry, with the fence for the whole batch. Rejects with StoreUnavailable. */
  commit(lane: number, commit: Commit): Promise<CommitAnswer>;
  /**
   * Creates executions, in one transaction for all; idempotent by id and body hash. Needs no lease. Rejects with StoreUnavailable, and with
   * RangeError if one of them can never be stored: then none is. `untilMs`, by the monotonic clock: the caller gives up then. A store
   * behind a queue may get the call later still, and then stores nothing.
   */
  create(batch: readonly NewExecution[], untilMs?: number): Promise<readonly CreateAnswer[]>;

  /** The whole execution, or null, with its chunks in order. */
  load(executionId: string): Promise<StoredExecution | null>;
  /** The chunks that hold events after `sequence`, in order; [] if nothing is new or there is no such execution. */
  chunksAfter(executionId: string, sequence: number): Promise<readonly Chunk[]>;
  summary(executionId: string): Promise<Summary | null>;
  /** Large texts by key, null for missing ones. */
  large(executionId: string, keys: readonly string[]): Promise<readonly (string | null)[]>;
  /** The summaries, newest first: by createdAtMs, then id, both falling. */
  list(query: ListQuery): Promise<readonly Summary[]>;
  /**
   * Deletes an execution that nobody works on any more, if it was created at that time. True if the store does not have it (any more);
   * false where it cannot go yet, because the bus has not got all of its events.
   */
  remove(execution: Pick<Summary, "id" | "createdAtMs">): Promise<boolean>;
  /** Ids of a lane's executions that are triggered and not closed, oldest trigger first. */
  active(lane: number): Promise<readonly string[]>;
  /**
   * Deletes what retention allows; resolves with the number of executions. It works in short steps, each after the commits and creates that
   * wait for the store.
   */
  sweep(retention: Retention): Promise<number>;

  /**
   * Makes `level` the one in use if it is above that: what needs it may be written from then on, and builds below it are refused. Returns
   * false, and changes nothing, if an instance below it lives. Doing it again does nothing.
   */
  raiseLevel(level: number): Promise<boolean>;

  /** The damage in its data, as a sentence for people; null if none is known. A store without this never has any. */
  trouble?(): string | null;

  /** Ends the store. Later calls reject with StoreUnavailable. */
  close(): Promise<void>;
}
