/**
 * What the main thread asks of the SQLite thread. Every request is one message, and so is its reply; replies come in order.
 * Both are flat lists where they can be: those pass to a thread at a third of the cost of objects in objects.
 */
import type { DatabaseOptions } from "./schema.ts";
import type { Cell } from "./rows.ts";
import type { PackedAnswer } from "./writes.ts";
import type { Chunk, CreateAnswer, Lease, LargeText, ListQuery, Retention, StoredExecution, Summary } from "../../store.ts";

export type OpenOptions = DatabaseOptions & {
  readonly file: string;
  readonly textBytesMax: number;
  /** `lists`: beside the thread that writes, with a connection for each list and none between. */
  readonly work: "all" | "lists";
};

/** What the thread does, as the thread sees it: at once, and throwing. */
export type SqliteCalls = {
  open(options: OpenOptions): null;
  acquire(lane: number, bootId: string): Lease;
  load(executionId: string): StoredExecution | null;
  chunksAfter(executionId: string, sequence: number): readonly Chunk[];
  summary(executionId: string): Summary | null;
  large(executionId: string, keys: readonly string[]): readonly (string | null)[];
  list(query: ListQuery): readonly Summary[];
  active(): readonly string[];
  /** The ids of what is gone. */
  sweep(retention: Retention): readonly string[];
  raiseLevel(level: number): null;
  markMoving(): readonly string[];
  largeTextsOf(executionId: string): readonly LargeText[];
  moved(executionId: string): null;
  /** The journal's file is gone, and its content is still at hand: it goes into the main file, and a new journal is begun. */
  saveJournal(): null;
  /** What the journal holds goes into the main file, as far as nobody reads what is older. */
  checkpoint(): null;
  close(): null;
};

/** The calls whose arguments are packed, as lists that begin with the request's own head (pack.ts). */
export type SqlitePackedCalls = {
  /** The number of entries where all were applied. */
  commit(request: readonly Cell[]): number | PackedAnswer;
  /** The number of executions where all were created. */
  create(request: readonly Cell[]): number | readonly CreateAnswer[];
};

/** A commit and a create in one act. */
export type SqlitePairCalls = {
  write(
    commit: readonly Cell[],
    create: readonly Cell[],
  ): readonly [commit: PartReply<ReturnType<SqlitePackedCalls["commit"]>>, create: PartReply<ReturnType<SqlitePackedCalls["create"]>>];
};

/** One part's own answer. */
export type PartReply<Answer> = readonly [ok: true, answer: Answer] | readonly [ok: false, kind: Trouble["kind"], message: string];

export type CallName = keyof SqliteCalls;
export type PackedCallName = keyof SqlitePackedCalls;

/** Its head is the number and the name of the call; then come the arguments. */
export type Request = readonly [call: number, name: CallName | PackedCallName | keyof SqlitePairCalls, ...args: unknown[]];

export type Reply =
  | readonly [call: number, ok: true, answer: unknown]
  | readonly [call: number, ok: false, kind: Trouble["kind"], message: string];

/**
 * `away`: it may go better later (busy, disk full); `refused`: this value can never be stored; `folder`: the file cannot
 * be used, told to the user; `damaged`: what it holds contradicts itself; `failed`: anything else, a bug.
 */
export type Trouble = { readonly kind: "away" | "refused" | "folder" | "damaged" | "failed"; readonly message: string };
