/**
 * The protocol between the main thread and the SQLite thread. Every request is one message, and so is its reply; replies come in order.
 * Both are flat lists if possible: those pass to a thread at a third of the cost of nested objects.
 */
import type { DatabaseOptions } from "./schema.ts";
import type { Cell } from "./rows.ts";
import type { PackedAnswer } from "./writes.ts";
import type { Chunk, CreateAnswer, Lease, LargeText, ListQuery, Retention, StoredExecution, Summary } from "../../store.ts";

export type OpenOptions = DatabaseOptions & {
  readonly file: string;
  readonly textBytesMax: number;
  /** The work of a thread. `lists`: beside the thread that writes, with a connection for each list and none in between. */
  readonly work: "all" | "lists";
};

/** The calls as the thread sees them: synchronous, and throwing. */
export type SqliteCalls = {
  open(options: OpenOptions): null;
  acquire(lane: number, bootId: string): Lease;
  load(executionId: string): StoredExecution | null;
  chunksAfter(executionId: string, sequence: number): readonly Chunk[];
  summary(executionId: string): Summary | null;
  large(executionId: string, keys: readonly string[]): readonly (string | null)[];
  list(query: ListQuery): readonly Summary[];
  active(): readonly string[];
  /** Returns the ids of what was deleted. */
  sweep(retention: Retention): readonly string[];
  remove(executionId: string, createdAtMs: number): null;
  raiseLevel(level: number): null;
  markMoving(): readonly string[];
  largeTextsOf(executionId: string): readonly LargeText[];
  moved(executionId: string): null;
  /** Copies the content of a removed journal, which is still at hand, into the main file, and begins a new journal. */
  saveJournal(): null;
  /** Copies the journal into the main file, as far as nobody reads older data. */
  checkpoint(): null;
  close(): null;
};

/** The calls with packed arguments: lists that begin with the request's own head (pack.ts). */
export type SqlitePackedCalls = {
  /** Returns the number of entries if all were applied. */
  commit(request: readonly Cell[]): number | PackedAnswer;
  /** Returns the number of executions if all were created. */
  create(request: readonly Cell[]): number | readonly CreateAnswer[];
};

/** A commit and a create in one transaction. */
export type SqlitePairCalls = {
  write(
    commit: readonly Cell[],
    create: readonly Cell[],
  ): readonly [commit: PartReply<ReturnType<SqlitePackedCalls["commit"]>>, create: PartReply<ReturnType<SqlitePackedCalls["create"]>>];
};

/** The answer to one part. */
export type PartReply<Answer> = readonly [ok: true, answer: Answer] | readonly [ok: false, kind: Trouble["kind"], message: string];

export type CallName = keyof SqliteCalls;
export type PackedCallName = keyof SqlitePackedCalls;

/** A request: its head is the number and the name of the call, then come the arguments. */
export type Request = readonly [call: number, name: CallName | PackedCallName | keyof SqlitePairCalls, ...args: unknown[]];

export type Reply =
  | readonly [call: number, ok: true, answer: unknown]
  | readonly [call: number, ok: false, kind: Trouble["kind"], message: string];

/**
 * A fault. `away`: it may succeed later (busy, disk full); `refused`: this value can never be stored; `folder`: the file cannot be used,
 * which the user is told; `damaged`: its content contradicts itself; `failed`: anything else, a bug.
 */
export type Trouble = { readonly kind: "away" | "refused" | "folder" | "damaged" | "failed"; readonly message: string };
