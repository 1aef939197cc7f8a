/**
 * The pool of threads, as a seam: what a supervisor asks of it. Its contract suite is test/contracts/pool.ts.
 *
 * The pool knows what is in hand: for each execution a table by node and attempt (waiting, begun, or its outcome). An entry stays until the
 * commit that records its outcome is applied (`settle`). So a supervisor's crash runs nothing twice: the reloaded one attaches again and is
 * told of outcomes that it has not settled.
 */
import type { Failure } from "../workflow/execution/failure.ts";
import type { Catalog, HandlerInfo } from "../workflow/definition/catalog.ts";
import type { NodeIndex } from "../workflow/plan/plan.ts";
import type { LogFields } from "../env/log/log.ts";

/** An execution, for whoever runs its attempts. */
export type ExecutionRef = { readonly id: string; readonly name: string };

/** One ancestor as an attempt sees it. `output`: JSON text, null unless it is COMPLETED. */
export type ScopeEntry = {
  readonly id: string;
  readonly status: string;
  readonly attempt: number;
  readonly error: string | null;
  readonly output: string | null;
};

export type OutputLimits = { readonly outputBytes: number; readonly nesting: number };

/** Everything that a thread needs to run one attempt of a node. Texts are JSON texts. */
export type Attempt = {
  readonly node: NodeIndex;
  readonly nodeId: string;
  readonly attempt: number;
  readonly handler: string;
  /** The config with its templates not filled in yet; null for none. */
  readonly config: string | null;
  /** Top-level keys of `config` whose value came with the trigger: templates there do not see `secrets`. */
  readonly fromTrigger: readonly string[];
  /** The ancestors that the templates name, by id. */
  readonly scope: readonly ScopeEntry[];
  /** The direct dependencies in order if the handler needs them ("parents"), else []. */
  readonly parents: readonly ScopeEntry[];
  /** The trigger's params if templates name them or the handler needs them ("params"); else null. */
  readonly params: string | null;
  /** What the trigger gave this node, if a template names `runtime`; else null. */
  readonly runtime: string | null;
  readonly timeoutMs: number;
  /** The priority from 0 to 10; higher begins first. */
  readonly priority: number;
  /** Whether it may have killed what it ran in (two deaths): it runs in a child process. */
  readonly suspect: boolean;
  /** The limits of its output if another instance owns its execution: that instance's. Null: the thread's own. */
  readonly limits: OutputLimits | null;
};

export type Outcome =
  | { readonly type: "completed"; readonly output: string }
  | { readonly type: "failed"; readonly failure: Failure }
  /**
   * It is gone with its thread or child process. `death`: it may be the culprit; false if the pool ended the thread for another's timeout.
   */
  | { readonly type: "lost"; readonly death: boolean }
  /** It was given back at a clean end: no failure, no death. */
  | { readonly type: "released" };

/** The listener of an attachment. Each attachment is told an outcome once, until it is settled. */
export interface AttemptListener {
  /**
   * The start is worth recording: the attempt has run for a while (50 ms), or another instance has claimed it. `executor`: the boot id of
   * the instance that runs it, null for this one.
   */
  began(node: NodeIndex, attempt: number, beganAtMs: number, executor: string | null): void;
  /** The attempt has ended. `beganAtMs` is 0 if it never began. */
  ended(node: NodeIndex, attempt: number, beganAtMs: number, outcome: Outcome): void;
  /** An entry went without an outcome, some time after `takeBack` or `abort`: it was at another instance, or offered to others. */
  returned(): void;
}

/** One execution's attempts in hand. */
export interface ExecutionAttempts {
  /** Starts an attempt, unless it is already in the table. Never refuses: what has no slot waits. */
  start(attempt: Attempt): void;
  /**
   * Adds an entry for an attempt that runs at another instance, without a thread here. Its outcome comes to the supervisor as a command,
   * and is settled as usual; `lost` (a death) is reported if its executor dies.
   */
  watch(node: NodeIndex, attempt: number, executor: string, nodeId?: string): void;
  /** Whether this attempt is in the table. */
  holds(node: NodeIndex, attempt: number): boolean;
  /** The id of the node whose attempt this is; null if it is not in the table, or is watched under no id. */
  nodeId(node: NodeIndex, attempt: number): string | null;
  /** Forgets an attempt: the commit that records its outcome is applied. */
  settle(node: NodeIndex, attempt: number): void;
  /**
   * Takes back what has not begun (it is forgotten, no outcome comes). Returns the number of remaining entries. What is offered to other
   * instances is among them until the offer is withdrawn, which `returned` reports.
   */
  takeBack(): number;
  /** Reports everything that has not begun here as released. */
  giveBack(): void;
  /** The attempts that have begun here and are not settled, also those that have ended since. Asked after `takeBack`. */
  begun(): readonly { readonly node: NodeIndex; readonly attempt: number; readonly beganAtMs: number }[];
  /** Aborts what has begun. After the grace period its thread is ended. Outcomes still come. */
  abort(reason: string): void;
  /**
   * Ends one attempt that is not wanted any more. If it has not begun it is reported as released; else it is told to stop, and its outcome
   * comes.
   */
  abortOne(node: NodeIndex, attempt: number, reason: string): void;
  /** Forgets what other instances run, or are offered, because another instance owns the execution. No outcome comes. */
  leaveOthers(): void;
  /** The number of entries: waiting, begun, or ended and not settled. */
  readonly size: number;
  /** The number of entries that wait or run here. */
  readonly open: number;
  /** Stops telling the listener. Entries stay for the next attach. With size 0 the table is dropped. */
  detach(): void;
}

/** Runs one attempt in a thread. It never throws and never rejects. It returns at once if the handler does. */
export type RunAttempt = (attempt: Attempt, context: AttemptContext) => NodeOutcome | UnknownHandler | Promise<NodeOutcome>;
export type NodeOutcome = Extract<Outcome, { type: "completed" | "failed" }>;
/** This thread does not have the attempt's handler. */
export type UnknownHandler = { readonly type: "unknown_handler" };
export type AttemptContext = {
  readonly executionId: string;
  readonly executionName: string;
  /** The signal, made when it is first asked for. */
  readonly signal: AbortSignal;
};

/** The result of loading hosts: their handlers, or the reasons why they cannot be loaded, as sentences. */
export type LoadedHandlers =
  | { readonly ok: true; readonly handlers: readonly HandlerInfo[] }
  | { readonly ok: false; readonly faults: readonly string[] };

export interface Pool {
  /** Resolves when a thread is ready, with the handlers that threads report. Rejects with every fault of the handlers. */
  ready(): Promise<readonly HandlerInfo[]>;
  /**
   * Loads other code, in hosts of its own beside the working ones. If all of them can load it they replace these at once: what begins from
   * then on runs there, what has begun ends where it is. If one cannot, everything stays as it is. `settings`: what hosts are given from
   * now on. One call at a time, after `ready`.
   */
  renew(settings: unknown): Promise<LoadedHandlers>;
  /** The handlers of its threads by every name: nothing before `ready`, and another map after each change. */
  handlers(): Catalog;
  /** Calls the listener when the handlers have changed, as when other code takes their place. The returned function ends it. */
  onHandlers(listener: () => void): () => void;
  /** Attaches a listener, at most one per execution at a time. Unsettled outcomes are reported in a later turn. */
  attach(execution: ExecutionRef, listener: AttemptListener): ExecutionAttempts;
  /** An instance is dead or gone: what was watched there, and has no outcome yet, is reported as lost. */
  executorDied(bootId: string): void;
  /** The number of attempts of one execution that are worth having here at a time. Further ones are made as these end. */
  readonly ahead: number;
  /** The attempts that could run at other instances. It costs nothing until somebody listens. */
  readonly overflow: Overflow;
  /** The approximate load, for health and admission. */
  load(): { readonly threads: number; readonly begun: number; readonly waiting: number };
  /**
   * Ends cleanly. Nothing new begins (what waits is forgotten). What runs may finish within `graceMs` and is reported as usual; then it is
   * aborted and reported as `released`. Resolves when nothing runs; `close` ends the threads.
   */
  drain(graceMs: number): Promise<void>;
  close(): Promise<void>;
}

/** One attempt, wherever it is. `execution`: its id. */
export type AttemptKey = { readonly execution: string; readonly node: NodeIndex; readonly attempt: number };

/** An attempt outside: its table keeps the entry, and no thread here has it. */
export type Spilled = { readonly execution: ExecutionRef; readonly attempt: Attempt };

/** The listener that offers attempts to other instances. It is called within the pool's own work: it must not throw, and acts later. */
export interface OverflowListener {
  /** There is a surplus. Called every 25 ms or so while there is. */
  surplus(): void;
  /** Nothing waits here any more while something is outside. */
  hungry(): void;
  /** One more attempt waits for a handler that is not here: only others can run it. */
  away(): void;
  /** The commit that holds its outcome is applied: whoever claimed it has nothing to do any more. */
  settled(key: AttemptKey): void;
  /**
   * Nobody wants an attempt outside any more. Its entry stays until `forget`. `aborted`: not even where it is claimed; else its claimer may
   * finish it.
   */
  unwanted(key: AttemptKey, aborted: boolean): void;
}

/**
 * The attempts that wait beyond what the threads begin soon, and those that have left for other instances. At every moment an attempt is in
 * the line here, outside (`spill` until `takeIn`, `claimed` or `forget`), or claimed. Suspects stay here if their handler is here. A key
 * whose entry is not outside is ignored.
 */
export interface Overflow {
  /** Sets the one listener, and the meaning of "soon": `afterMs`. The returned function ends it. */
  listen(afterMs: number, listener: OverflowListener): () => void;
  /**
   * The number of attempts that wait beyond that. 0 until it has been so for `afterMs`, and if attempts are so short that moving them costs
   * more.
   */
  surplus(): number;
  /** The number of further attempts that would begin soon: what to claim, or to take in again. 0 at a clean end. */
  capacity(): number;
  /** Begins per second, lately. */
  pace(): number;
  /** The number of attempts outside, without those whose handler is not here. */
  readonly outside: number;
  /** The number of attempts that wait here for a handler which is not here. */
  readonly away: number;
  /** Takes out up to `max` attempts that would begin last. Those that `mayGo` refuses stay. */
  spill(max: number, mayGo: (spilled: Spilled) => boolean): readonly Spilled[];
  /** Takes out attempts whose handler is not here, the first ones first, suspects included. */
  spillAway(max: number, mayGo: (spilled: Spilled) => boolean): readonly Spilled[];
  /** Lets attempts wait here again; at a clean end they are forgotten. */
  takeIn(keys: readonly AttemptKey[]): void;
  /**
   * Notes that the instance with this boot id runs the attempt: `began` is reported. Returns false if its entry is not outside (any more).
   */
  claimed(key: AttemptKey, bootId: string, atMs: number): boolean;
  /** Drops an entry without an outcome, outside or claimed: `returned` is reported. */
  forget(key: AttemptKey): void;
  /** Whether there is an entry of this attempt. */
  holds(key: AttemptKey): boolean;
}

/** A log line: a sentence, and what varies. */
export type Report = (sentence: string, fields?: LogFields) => void;
