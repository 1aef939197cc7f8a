/**
 * The truth, as a seam. One contract suite (test/contracts/store.ts) says what each implementation promises.
 *
 * What is kept: `log` (chunks), `summary` (one small record an execution), definitions by hash, and large texts
 * apart. There is no record per node: node states are the fold of the log.
 */
import type { ExecutionStatus } from "../workflow/execution/status.ts";

/** What one commit appends to one execution's log: events `from`..`to` (sequences, both included) as one packed text. */
export type Chunk = { readonly from: number; readonly to: number; readonly text: string };

/**
 * Of fixed size: what lists and progress are made from. Times are milliseconds since 1970. What an execution is created
 * with (id, name, definition, tags, total, createdAtMs) never changes: a store need not write it again.
 */
export type Summary = {
  readonly id: string;
  readonly name: string;
  /** Hash of the definition's text. */
  readonly definition: string;
  readonly tags: readonly string[];
  readonly status: ExecutionStatus;
  /** Sequence of the last event. */
  readonly sequence: number;
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  /** Cut at 1 KiB. */
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

/** From this many bytes on, params and outputs are kept apart from the log. */
export const LARGE_TEXT_BYTES = 64 * 1024;

/** The keys of large texts: one place that builds them. */
export const largeKey = {
  params: "params",
  output: (nodeId: string, attempt: number): string => `output/${nodeId}/${attempt}`,
} as const;

export type NewExecution = {
  readonly summary: Summary;
  readonly chunk: Chunk;
  readonly definitionText: string;
  readonly large: readonly LargeText[];
  /** Hash of the request, to tell a resend from another request under the same (derived) id. */
  readonly bodyHash: string;
  /** The chunks before `chunk`, in order, where it comes whole from another store. */
  readonly earlier?: readonly EarlierChunk[];
};

/** `status`: the execution's after it. */
export type EarlierChunk = Chunk & { readonly status: ExecutionStatus };

/** `exists`: the same id and body hash was there, nothing was written. `differs`: the id was there with another hash. */
export type CreateAnswer = "created" | "exists" | "differs";

/** A command's recorded answer. `receipt`: a short JSON text. */
export type CommandReceipt = { readonly commandId: string; readonly receipt: string };

/** One execution's part of a commit. */
export type CommitEntry = {
  readonly chunk: Chunk;
  readonly summary: Summary;
  readonly large: readonly LargeText[];
  /** The stored commands that these events answer: deleted in the same act, each leaves its receipt. Only where instances share a store. */
  readonly receipts?: readonly CommandReceipt[];
};

/** A commit's own identity: the same again gets the same answer; any other number than the next is refused whole. */
export type CommitId = { readonly bootId: string; readonly epoch: number; readonly number: number };

export type Commit = {
  readonly id: CommitId;
  readonly entries: readonly CommitEntry[];
  /** Of stored commands that changed nothing: ignored, rejected, or for an execution that is gone. */
  readonly receipts?: readonly CommandReceipt[];
  /** True in an owner's last commit: everything that it ran is accounted for. */
  readonly cleanEnd: boolean;
};

/**
 * `conflict`: the log is not at `chunk.from - 1` (somebody else wrote); nothing of this entry was written.
 * `refused`: the store can never take this entry (too large, say); nothing of it was written.
 */
export type EntryAnswer =
  | { readonly type: "applied" }
  | { readonly type: "conflict" }
  | { readonly type: "refused"; readonly reason: string };

/** `fenced`: the lease is another's, or the number is not the next; nothing was written. */
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
  /** Only what was created before this position, in the list's order. */
  readonly before?: ListPosition;
  readonly limit: number;
};
export type ListPosition = { readonly createdAtMs: number; readonly id: string };

export type Retention = {
  readonly nowMs: number;
  /** After the end; nothing that is not closed is deleted. */
  readonly finishedMs: number;
  /** After creation, for what was never triggered. */
  readonly untriggeredMs: number;
  /** At most this many executions in one call. */
  readonly limit: number;
};

/** The store did not answer or cannot now (busy, disk full, gone). What was sent may have been applied: send the same again. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
  /** Expected, and logged in a row while the store is away: where in the code it was made says nothing. */
  override readonly stack = `${this.name}: ${this.message}`;
}

/** The store answers, and has no room for what was sent. What frees room, and what keeps leases, it still does. */
export class StoreFull extends StoreUnavailable {}

export interface Store {
  /** How many lanes there are: what one committer writes to, in order, is a lane. */
  readonly lanes: number;
  laneOf(executionId: string): number;
  /** Where a write has a price that executions share: so long may it wait for others that are under way. Without it, not at all. */
  readonly gatherMs?: number;

  /**
   * Takes a lane for this boot, whoever had it: a new epoch. Every older lease of the lane is refused from then on. For an
   * instance that has the store alone; those that share one take leases that lapse (shared-store.ts).
   */
  acquire(lane: number, bootId: string): Promise<Lease>;
  /** The only write of executions' progress: atomic per entry, the fence for the whole batch. Rejects with StoreUnavailable. */
  commit(lane: number, commit: Commit): Promise<CommitAnswer>;
  /**
   * New executions, one transaction for all of them; idempotent by id and body hash. Needs no lease. Rejects with
   * StoreUnavailable, and with RangeError where one of them can never be stored: then none of the batch is. `untilMs`, by the
   * monotonic clock: whoever asked gives up then. A store that others stand before may get it later still, and stores nothing then.
   */
  create(batch: readonly NewExecution[], untilMs?: number): Promise<readonly CreateAnswer[]>;

  /** The whole execution, or null. Chunks in order. */
  load(executionId: string): Promise<StoredExecution | null>;
  /** Its chunks that hold events after `sequence`, in order; [] where there is nothing new or no such execution. */
  chunksAfter(executionId: string, sequence: number): Promise<readonly Chunk[]>;
  summary(executionId: string): Promise<Summary | null>;
  /** Large texts by key, null for what is absent. */
  large(executionId: string, keys: readonly string[]): Promise<readonly (string | null)[]>;
  /** Newest first: by createdAtMs, then id, both falling. */
  list(query: ListQuery): Promise<readonly Summary[]>;
  /** Ids of a lane's executions that are triggered and not closed, oldest trigger first. */
  active(lane: number): Promise<readonly string[]>;
  /**
   * Deletes what retention allows; answers how many executions went. In short steps, each of which comes after the commits and
   * creates that wait for the store when it is its turn.
   */
  sweep(retention: Retention): Promise<number>;

  /**
   * Makes `level` the one in use where it is above that: what needs it may be written from then on, and builds below it are refused.
   * False where an instance below it lives: then nothing is changed. Doing it again does nothing.
   */
  raiseLevel(level: number): Promise<boolean>;

  /** What is wrong with what it holds, as a sentence for people; null where nothing is known to be. Without it, nothing ever is. */
  trouble?(): string | null;

  /** Ends the store; later calls reject with StoreUnavailable. */
  close(): Promise<void>;
}
