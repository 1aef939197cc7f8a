/** The main thread's end of the SQLite thread: numbers its calls, and lets none of them hang when the thread dies. */
import { DataFolderFault } from "./sqlite-lock.ts";
import type { CallName, OpenOptions, Reply, Request, SqliteCalls, Trouble } from "./sqlite-protocol.ts";
import { StoreUnavailable } from "./store.ts";

type Pending = { readonly resolve: (answer: unknown) => void; readonly reject: (error: Error) => void };

/** A thread that has opened the file, and the calls that it has not answered. */
type Thread = { readonly worker: Worker; readonly pending: Map<number, Pending> };

export class SqliteClient {
  readonly #spawn: () => Worker;
  readonly #options: OpenOptions;
  #thread: Promise<Thread> | null = null;
  /** The same, once it is there: calls then go out in the same turn. */
  #ready: Thread | null = null;
  #call = 0;
  #closed = false;

  constructor(spawn: () => Worker, options: OpenOptions) {
    this.#spawn = spawn;
    this.#options = options;
  }

  /** Resolves when the thread has opened the file. Rejects with DataFolderFault or StoreUnavailable. */
  async open(): Promise<void> {
    await this.#open();
  }

  /** Rejects with StoreUnavailable, with RangeError for what can never be stored, and with Error for a bug or a broken file. */
  async call<Name extends CallName>(name: Name, ...args: Parameters<SqliteCalls[Name]>): Promise<ReturnType<SqliteCalls[Name]>> {
    if (this.#closed) throw new StoreUnavailable("The store is closed.");
    const thread = this.#ready ?? (await this.#open());
    return (await this.#send(thread, name, args)) as ReturnType<SqliteCalls[Name]>;
  }

  /** What was called before is answered first. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const thread = this.#ready;
    if (thread === null) return;
    await this.#send(thread, "close", []).finally(() => this.#end(thread, "The store is closed."));
  }

  /** A dead thread is replaced by the next call. */
  #open(): Promise<Thread> {
    this.#thread ??= this.#start();
    return this.#thread;
  }

  async #start(): Promise<Thread> {
    const worker = this.#spawn();
    const thread: Thread = { worker, pending: new Map() };
    worker.onmessage = (event: MessageEvent<Reply>) => settle(thread, event.data);
    const died = (event: Event) => this.#end(thread, `The SQLite thread ended (${reasonOf(event)}).`);
    worker.addEventListener("error", died);
    worker.addEventListener("close", died);
    try {
      await this.#send(thread, "open", [this.#options]);
    } catch (error) {
      this.#end(thread, "The SQLite file could not be opened.");
      throw error;
    }
    this.#ready = thread;
    return thread;
  }

  #send(thread: Thread, name: CallName, args: readonly unknown[]): Promise<unknown> {
    const request: Request = { call: ++this.#call, name, args };
    return new Promise((resolve, reject) => {
      thread.pending.set(request.call, { resolve, reject });
      thread.worker.postMessage(request);
    });
  }

  /** Ends a thread, or learns that it has ended: what it has not answered may or may not have been done. */
  #end(thread: Thread, reason: string): void {
    if (this.#ready === thread || this.#ready === null) {
      this.#thread = null;
      this.#ready = null;
    }
    thread.worker.terminate();
    for (const { reject } of thread.pending.values()) reject(new StoreUnavailable(reason));
    thread.pending.clear();
  }
}

function settle(thread: Thread, reply: Reply): void {
  const pending = thread.pending.get(reply.call);
  thread.pending.delete(reply.call);
  if (reply.ok) pending?.resolve(reply.answer);
  else pending?.reject(errorOf(reply));
}

function errorOf({ kind, message }: Trouble): Error {
  switch (kind) {
    case "away":
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
