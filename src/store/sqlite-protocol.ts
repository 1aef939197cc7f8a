/** What the main thread asks of the SQLite thread. Every request is one message, and so is its reply; replies come in order. */
import type { DatabaseOptions } from "./sqlite-schema.ts";
import type { Cell } from "./sqlite-rows.ts";
import type { PackedAnswer } from "./sqlite-writes.ts";
import type {
  Chunk,
  CommitId,
  CreateAnswer,
  Lease,
  LargeText,
  ListQuery,
  NewExecution,
  Retention,
  StoredExecution,
  Summary,
} from "./store.ts";

export type OpenOptions = DatabaseOptions & { readonly file: string; readonly textBytesMax: number };

/** What the thread does, as the thread sees it: at once, and throwing. */
export type SqliteCalls = {
  open(options: OpenOptions): null;
  acquire(lane: number, bootId: string): Lease;
  /** `cells`: the entries, packed. */
  commit(lane: number, id: CommitId, cells: readonly Cell[], cleanEnd: boolean): PackedAnswer;
  create(batch: readonly NewExecution[]): readonly CreateAnswer[];
  load(executionId: string): StoredExecution | null;
  chunksAfter(executionId: string, sequence: number): readonly Chunk[];
  summary(executionId: string): Summary | null;
  large(executionId: string, keys: readonly string[]): readonly (string | null)[];
  list(query: ListQuery): readonly Summary[];
  active(): readonly string[];
  /** The ids of what is gone. */
  sweep(retention: Retention): readonly string[];
  markMoving(): readonly string[];
  largeTextsOf(executionId: string): readonly LargeText[];
  moved(executionId: string): null;
  close(): null;
};

export type CallName = keyof SqliteCalls;

export type Request = { readonly call: number; readonly name: CallName; readonly args: readonly unknown[] };

export type Reply = { readonly call: number } & ({ readonly ok: true; readonly answer: unknown } | ({ readonly ok: false } & Trouble));

/**
 * `away`: it may go better later (busy, disk full); `refused`: this value can never be stored; `folder`: the file cannot
 * be used, told to the user; `failed`: anything else, a bug or a broken file.
 */
export type Trouble = { readonly kind: "away" | "refused" | "folder" | "failed"; readonly message: string };
