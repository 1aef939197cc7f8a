/** The main thread's end of the SQLite thread: it numbers its calls, and ends all of them when the thread dies. */
import { DataFolderFault } from "./lock.ts";
import type {
  CallName,
  OpenOptions,
  PackedCallName,
  Reply,
  SqliteCalls,
  SqlitePackedCalls,
  SqlitePairCalls,
  Trouble,
} from "./thread/protocol.ts";
import { HEAD_CELLS } from "./thread/pack.ts";
import type { Cell } from "./thread/rows.ts";
import { StoreUnavailable } from "../store.ts";

/** The part of a Worker that is used. A test runs the inside of the thread without a thread. */
export type SqliteThread = Pick<Worker, "postMessage" | "terminate" | "onmessage"> & {
  addEventListener(type: "error" | "close", listener: (event: Event) => void): void;
};

type Pending = { readonly resolve: (answer: unknown) => void; readonly reject: (error: Error) => void };

/** A thread that has opened the file, and its unanswered calls. */
type Thread = { readonly worker: SqliteThread; readonly pending: Map<number, Pending>; ended: boolean };

type Found = { damage: string | null };

export class SqliteClient {
  readonly #spawn: () => SqliteThread;
  readonly #options: OpenOptions;
  #thread: Promise<Thread> | null = null;
  /** The thread once it is there: calls then go out in the same turn. */
  #ready: Thread | null = null;
  #call = 0;
  #closed = false;
  readonly #found: Found;

  /** `found`: what was found in the file, shared by all threads that use it. */
  constructor(spawn: () => SqliteThread, options: OpenOptions, found: Found = { damage: null }) {
    this.#spawn = spawn;
    this.#options = options;
    this.#found = found;
  }

  /** A client with a thread of its own for lists of the same file. The thread starts with the first list. */
  forLists(): SqliteClient {
    return new SqliteClient(this.#spawn, { ...this.#options, work: "lists" }, this.#found);
  }

  /** The damage that was found in the file, as a sentence, until the next start. Null if there is none. */
  get damage(): string | null {
    return this.#found.damage;
  }

  /** Opens the file. Resolves when the thread has opened it. Rejects with DataFolderFault or StoreUnavailable. */
  async open(): Promise<void> {
    await this.#current();
  }

  /**
   * Calls the thread. Rejects with StoreUnavailable, with RangeError for what can never be stored, and with Error for a bug or a broken
   * file.
   */
  async call<Name extends CallName>(name: Name, ...args: Parameters<SqliteCalls[Name]>): Promise<ReturnType<SqliteCalls[Name]>> {
    return (await this.#ask([0, name, ...args])) as ReturnType<SqliteCalls[Name]>;
  }

  /** Sends a packed request. `request` has room for its head and is sent as it is. Rejects likewise. */
  async callPacked<Name extends PackedCallName>(name: Name, request: Cell[]): Promise<ReturnType<SqlitePackedCalls[Name]>> {
    request[1] = name;
    return (await this.#ask(request)) as ReturnType<SqlitePackedCalls[Name]>;
  }

  /** Sends a commit and a create as one transaction, each with its own answer. Rejects likewise, for both. */
  async write(commit: Cell[], create: Cell[]): Promise<ReturnType<SqlitePairCalls["write"]>> {
    // A flat list: texts in nested lists are copied.
    return (await this.#ask([0, "write", commit.length, ...commit.slice(HEAD_CELLS), ...create.slice(HEAD_CELLS)])) as ReturnType<
      SqlitePairCalls["write"]
    >;
  }

  /** Closes the thread, after the calls before are answered. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const thread = await this.#thread?.catch(() => null);
    if (!thread || thread.ended) return;
    await this.#send(thread, [0, "close"]).finally(() => this.#end(thread, "The store is closed."));
  }

  /** The current thread. A dead one is replaced by the next call. */
  #current(): Promise<Thread> {
    this.#thread ??= this.#start();
    return this.#thread;
  }

  async #start(): Promise<Thread> {
    const worker = this.#spawn();
    const thread: Thread = { worker, pending: new Map(), ended: false };
    worker.onmessage = (event: MessageEvent<Reply>) => {
      const [, ok, kind, message] = event.data;
      if (!ok && kind === "damaged") this.#found.damage ??= message;
      settle(thread, event.data);
    };
    const died = (event: Event) => this.#end(thread, `The SQLite thread ended (${reasonOf(event)}).`);
    worker.addEventListener("error", died);
    worker.addEventListener("close", died);
    try {
      await this.#send(thread, [0, "open", this.#options]);
    } catch (error) {
      this.#end(thread, "The SQLite file could not be opened.");
      throw error;
    }
    this.#ready = thread;
    return thread;
  }

  async #ask(request: unknown[]): Promise<unknown> {
    if (this.#closed) throw new StoreUnavailable("The store is closed.");
    // A write to a damaged file may be lost with it, or damage more.
    if (this.#found.damage !== null && WRITES.has(request[1])) throw new StoreUnavailable(this.#found.damage);
    return this.#send(this.#ready ?? (await this.#current().catch(rejectAsUnavailable)), request);
  }

  /** Sends a request whose number is not set. */
  #send(thread: Thread, request: unknown[]): Promise<unknown> {
    const call = ++this.#call;
    request[0] = call;
    return new Promise((resolve, reject) => {
      thread.pending.set(call, { resolve, reject });
      thread.worker.postMessage(request);
    });
  }

  /** Ends a thread, or notes that it has ended: its unanswered calls may or may not have been done. */
  #end(thread: Thread, reason: string): void {
    if (thread.ended) return;
    thread.ended = true;
    // Only one thread lives at a time, so the next call must replace this one.
    this.#thread = null;
    this.#ready = null;
    thread.worker.terminate();
    for (const { reject } of thread.pending.values()) reject(new StoreUnavailable(reason));
    thread.pending.clear();
  }
}

const WRITES: ReadonlySet<unknown> = new Set<CallName | PackedCallName | keyof SqlitePairCalls>([
  "commit",
  "create",
  "write",
  "sweep",
  "remove",
  "raiseLevel",
]);

/**
 * Turns a later fault into StoreUnavailable. At the start a file that cannot be opened is told to the user; later the store counts as away.
 */
function rejectAsUnavailable(error: unknown): never {
  if (error instanceof StoreUnavailable) throw error;
  throw new StoreUnavailable(error instanceof Error ? error.message : String(error), { cause: error });
}

function settle(thread: Thread, reply: Reply): void {
  const pending = thread.pending.get(reply[0]);
  thread.pending.delete(reply[0]);
  if (reply[1]) pending?.resolve(reply[2]);
  else pending?.reject(errorOf(reply[2], reply[3]));
}

/** The thread's error, as the store's callers know it. */
export function errorOf(kind: Trouble["kind"], message: string): Error {
  switch (kind) {
    case "away":
      return new StoreUnavailable(message);
    case "damaged":
      return new StoreUnavailable(message);
    case "refused":
      return new RangeError(message);
    case "folder":
      return new DataFolderFault(message);
    case "failed":
      return new Error(message);
  }
}

function reasonOf(event: Event): string {
  if (event instanceof ErrorEvent) return event.message;
  return event instanceof CloseEvent ? `code ${event.code}` : event.type;
}
