/**
 * The threads, as a seam: what a supervisor asks of them. One contract suite (test/contracts/pool.ts).
 *
 * The pool knows what is in hand: for each execution a table by node and attempt (waiting, begun, or its outcome).
 * An entry stays until the commit that records its outcome is applied (`settle`). So a supervisor's crash runs
 * nothing twice: the reloaded one attaches again and is told of outcomes it has not settled.
 */
import type { Failure } from "../workflow/execution/failure.ts";
import type { Catalog, HandlerInfo } from "../workflow/definition/catalog.ts";
import type { NodeIndex } from "../workflow/plan/plan.ts";
import type { LogFields } from "../env/log/log.ts";

/** An execution, as whoever runs its attempts knows it. */
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

/** All that a thread needs to run one attempt of a node. Texts are JSON texts. */
export type Attempt = {
  readonly node: NodeIndex;
  readonly nodeId: string;
  readonly attempt: number;
  readonly handler: string;
  /** Config with its templates not yet resolved; null for none. */
  readonly config: string | null;
  /** Top-level keys of `config` whose value came with the trigger: templates there do not see `secrets`. */
  readonly fromTrigger: readonly string[];
  /** The ancestors that the templates name, by id. */
  readonly scope: readonly ScopeEntry[];
  /** The direct dependencies in order, where the handler needs them ("parents"), else []. */
  readonly parents: readonly ScopeEntry[];
  /** The trigger's params, where templates name them or the handler needs them ("params"); else null. */
  readonly params: string | null;
  /** What the trigger gave this node, where a template names `runtime`; else null. */
  readonly runtime: string | null;
  readonly timeoutMs: number;
  /** 0 to 10; higher begins first. */
  readonly priority: number;
  /** It may have killed what it ran in (two deaths): runs in a child process. */
  readonly suspect: boolean;
  /** What its output may be, where another instance owns its execution: that one's limits. Null: the thread's own. */
  readonly limits: OutputLimits | null;
};

export type Outcome =
  | { readonly type: "completed"; readonly output: string }
  | { readonly type: "failed"; readonly failure: Failure }
  /** Gone with its thread or child. `death`: it may be the culprit; not where the pool ended the thread for another's timeout. */
  | { readonly type: "lost"; readonly death: boolean }
  /** Given back at a clean end: no failure, no death. */
  | { readonly type: "released" };

/** What a pool tells the one that attached. An outcome is told once to each attachment, and again to the next until settled. */
export interface AttemptListener {
  /**
   * Its start is worth recording: it has run for a while (50 ms), or another instance has claimed it. `executor`: the boot
   * id of the instance that runs it, null for this one.
   */
  began(node: NodeIndex, attempt: number, beganAtMs: number, executor: string | null): void;
  /** `beganAtMs` is 0 where it never began. */
  ended(node: NodeIndex, attempt: number, beganAtMs: number, outcome: Outcome): void;
  /** An entry went without an outcome, some time after `takeBack` or `abort`: it stood at another instance, or was offered to them. */
  returned(): void;
}

/** One execution's attempts in hand. */
export interface ExecutionAttempts {
  /** Starts an attempt. Starts nothing where this node's attempt is already in the table. Never refuses: what has no slot waits. */
  start(attempt: Attempt): void;
  /**
   * This attempt runs at another instance: an entry without a thread here. Its outcome comes to the supervisor by a
   * command, and is settled as usual; `lost` (a death) is told where its executor dies.
   */
  watch(node: NodeIndex, attempt: number, executor: string): void;
  /** Whether this attempt is in the table. */
  holds(node: NodeIndex, attempt: number): boolean;
  /** The commit that records this attempt's outcome is applied: forget it. */
  settle(node: NodeIndex, attempt: number): void;
  /**
   * Takes back what has not begun (it is forgotten, no outcome comes). Answers how many entries remain: what is offered to
   * other instances is among them until the offer is withdrawn, which `returned` tells.
   */
  takeBack(): number;
  /** Told as released: all that has not begun here. */
  giveBack(): void;
  /** What has begun here and is not settled, also what has ended since. Asked after `takeBack`. */
  begun(): readonly { readonly node: NodeIndex; readonly attempt: number; readonly beganAtMs: number }[];
  /** Signals abort to what has begun; after the grace period its thread is ended. Outcomes still come. */
  abort(reason: string): void;
  /** One attempt is not wanted any more: told as released where it has not begun, else it is told to stop and its outcome comes. */
  abortOne(node: NodeIndex, attempt: number, reason: string): void;
  /** Another instance owns the execution: what other instances run, or are offered, is forgotten here. No outcome comes. */
  leaveOthers(): void;
  /** Entries: waiting, begun, or ended and not settled. */
  readonly size: number;
  /** Of them, those that wait or run here. */
  readonly open: number;
  /** Stops telling the listener; entries stay for the next attach. With size 0 the table is dropped. */
  detach(): void;
}

/** What a thread is given to run one attempt in: never throws, never rejects. Answers at once where the handler does. */
export type RunAttempt = (attempt: Attempt, context: AttemptContext) => NodeOutcome | UnknownHandler | Promise<NodeOutcome>;
export type NodeOutcome = Extract<Outcome, { type: "completed" | "failed" }>;
/** This thread does not have the attempt's handler. */
export type UnknownHandler = { readonly type: "unknown_handler" };
export type AttemptContext = {
  readonly executionId: string;
  readonly executionName: string;
  /** Made when first asked for. */
  readonly signal: AbortSignal;
};

/** How hosts have loaded: with these handlers, or not, for these reasons, as sentences. */
export type LoadedHandlers =
  | { readonly ok: true; readonly handlers: readonly HandlerInfo[] }
  | { readonly ok: false; readonly faults: readonly string[] };

export interface Pool {
  /** Resolves when a thread is ready, with the handlers that threads report; rejects with every fault of the handlers. */
  ready(): Promise<readonly HandlerInfo[]>;
  /**
   * Loads other code, in hosts of its own beside those that work. Where all of them can load it they take the others' place
   * at once: what begins from then on runs there, what has begun ends where it is. Where one cannot, everything stays as it
   * is. `settings`: what hosts are given from now on. One call at a time, after `ready`.
   */
  renew(settings: unknown): Promise<LoadedHandlers>;
  /** What its threads have, by every name: nothing before `ready`, and another map after each change. */
  handlers(): Catalog;
  /** Told in the moment when they have changed, as when other code takes its place. The answer ends it. */
  onHandlers(listener: () => void): () => void;
  /** At most one attachment an execution at a time. Unsettled outcomes are told in a later turn. */
  attach(execution: ExecutionRef, listener: AttemptListener): ExecutionAttempts;
  /** An instance is dead or gone: what was watched there, and has no outcome yet, is told as lost. */
  executorDied(bootId: string): void;
  /** So many attempts of one execution are worth having here at a time: further ones are made as these end. */
  readonly ahead: number;
  /** What could run at other instances. Asleep until somebody listens: then nothing of it costs anything. */
  readonly overflow: Overflow;
  /** Rough load, for health and admission. */
  load(): { readonly threads: number; readonly begun: number; readonly waiting: number };
  /**
   * Clean end. Nothing new begins (what waits is forgotten); what runs may finish within `graceMs` and is told as usual;
   * then it is aborted and told as `released`. Resolves when nothing runs; threads are ended by `close`.
   */
  drain(graceMs: number): Promise<void>;
  close(): Promise<void>;
}

/** One attempt, wherever it is. `execution`: its id. */
export type AttemptKey = { readonly execution: string; readonly node: NodeIndex; readonly attempt: number };

/** An attempt that stands outside: its table keeps the entry, no thread here has it. */
export type Spilled = { readonly execution: ExecutionRef; readonly attempt: Attempt };

/** Whoever offers attempts to other instances hears this of them. Called within the pool's own work: must not throw, and acts later. */
export interface OverflowListener {
  /** There is a surplus. Told every 25 ms or so while there is. */
  surplus(): void;
  /** Nothing waits here any more while something stands outside. */
  hungry(): void;
  /** One more waits whose handler is not here: only others can run it. */
  away(): void;
  /** The commit that holds its outcome is applied: whoever claimed it has nothing to do any more. */
  settled(key: AttemptKey): void;
  /**
   * Nobody wants it any more, and it is outside: its entry stays until `forget`. `aborted`: nor where it is claimed; else
   * whoever has claimed it may finish it.
   */
  unwanted(key: AttemptKey, aborted: boolean): void;
}

/**
 * The attempts that wait beyond what the threads begin soon, and those that have left for other instances. At every moment
 * an attempt is in the line here, outside (`spill` until `takeIn`, `claimed` or `forget`), or claimed. Those that may have
 * killed what they ran in stay here, where their handler is. A key whose entry is not outside is passed over.
 */
export interface Overflow {
  /** "Soon" is `afterMs`. One listener; the answer ends it. */
  listen(afterMs: number, listener: OverflowListener): () => void;
  /** How many wait beyond that. 0 until it has been so for `afterMs`, and where attempts are so short that moving them costs more. */
  surplus(): number;
  /** How many more would begin soon than wait: what to claim, or to take in again. 0 at a clean end. */
  capacity(): number;
  /** How many begin in a second, lately. */
  pace(): number;
  /** How many are outside, without those whose handler is not here. */
  readonly outside: number;
  /** How many wait here whose handler is not here. */
  readonly away: number;
  /** Takes out up to `max` of those that would begin last. Those that `mayGo` refuses stay. */
  spill(max: number, mayGo: (spilled: Spilled) => boolean): readonly Spilled[];
  /** The same of those whose handler is not here, the first first; suspects among them. */
  spillAway(max: number, mayGo: (spilled: Spilled) => boolean): readonly Spilled[];
  /** They wait here again; at a clean end they are forgotten. */
  takeIn(keys: readonly AttemptKey[]): void;
  /** The instance with this boot id runs it: `began` is told. False where its entry is not outside (any more). */
  claimed(key: AttemptKey, bootId: string, atMs: number): boolean;
  /** Its entry goes without an outcome, outside or claimed: `returned` is told. */
  forget(key: AttemptKey): void;
  /** Whether there is an entry of this attempt. */
  holds(key: AttemptKey): boolean;
}

/** A sentence, and what varies. */
export type Report = (sentence: string, fields?: LogFields) => void;
