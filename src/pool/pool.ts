/**
 * The threads, as a seam: what a supervisor asks of them. One contract suite (test/contracts/pool.ts).
 *
 * The pool knows what is in hand: for each execution a table by node and attempt (waiting, begun, or its outcome).
 * An entry stays until the commit that records its outcome is applied (`settle`). So a supervisor's crash runs
 * nothing twice: the reloaded one attaches again and is told of outcomes it has not settled.
 */
import type { Failure } from "../workflow/failure.ts";
import type { HandlerInfo } from "../workflow/catalog.ts";
import type { NodeIndex } from "../workflow/messages.ts";

/** One ancestor as an attempt sees it. `output`: JSON text, null unless it is COMPLETED. */
export type ScopeEntry = {
  readonly id: string;
  readonly status: string;
  readonly attempt: number;
  readonly error: string | null;
  readonly output: string | null;
};

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
};

export type Outcome =
  | { readonly type: "completed"; readonly output: string }
  | { readonly type: "failed"; readonly failure: Failure }
  /** Gone with its thread or child. `death`: it may be the culprit; not where the pool ended the thread for another's timeout. */
  | { readonly type: "lost"; readonly death: boolean }
  /** Given back at a clean end: no failure, no death. */
  | { readonly type: "released" };

/** What a pool tells the one that attached. An outcome is told once to each attachment, and again to the next until settled. */
export interface HandsListener {
  /**
   * Its start is worth recording: it has run for a while (50 ms), or another instance has claimed it. `executor`: the boot
   * id of the instance that runs it, null for this one.
   */
  began(node: NodeIndex, attempt: number, beganAtMs: number, executor: string | null): void;
  /** `beganAtMs` is 0 where it never began. */
  ended(node: NodeIndex, attempt: number, beganAtMs: number, outcome: Outcome): void;
  /** An entry went without an outcome, some time after `takeBack`: it stood at another instance, which had not begun it. */
  returned(): void;
}

/** One execution's attempts in hand. */
export interface Hands {
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
  /** Takes back what has not begun (it is forgotten, no outcome comes). Answers how many entries remain. */
  takeBack(): number;
  /** What has begun here and is not settled, also what has ended since. Asked after `takeBack`. */
  begun(): readonly { readonly node: NodeIndex; readonly attempt: number; readonly beganAtMs: number }[];
  /** Signals abort to what has begun; after the grace period its thread is ended. Outcomes still come. */
  abort(reason: string): void;
  /** Entries: waiting, begun, or ended and not settled. */
  readonly size: number;
  /** Stops telling the listener; entries stay for the next attach. With size 0 the table is dropped. */
  detach(): void;
}

/** What a thread is given to run one attempt in: never throws, never rejects. Answers at once where the handler does. */
export type RunAttempt = (attempt: Attempt, context: AttemptContext) => NodeOutcome | Promise<NodeOutcome>;
export type NodeOutcome = Extract<Outcome, { type: "completed" | "failed" }>;
export type AttemptContext = {
  readonly executionId: string;
  readonly executionName: string;
  /** Made when first asked for. */
  readonly signal: AbortSignal;
};

export interface Pool {
  /** Resolves when a thread is ready, with the handlers that threads report; rejects with every fault of the handlers. */
  ready(): Promise<readonly HandlerInfo[]>;
  /** At most one attachment an execution at a time. Unsettled outcomes are told in a later turn. */
  attach(execution: { readonly id: string; readonly name: string }, listener: HandsListener): Hands;
  /** An instance is dead or gone: what was watched there, and has no outcome yet, is told as lost. */
  executorDied(bootId: string): void;
  /** Rough load, for health and admission. */
  load(): { readonly threads: number; readonly begun: number; readonly waiting: number };
  /**
   * Clean end. Nothing new begins (what waits is forgotten); what runs may finish within `graceMs` and is told as usual;
   * then it is aborted and told as `released`. Resolves when nothing runs; threads are ended by `close`.
   */
  drain(graceMs: number): Promise<void>;
  close(): Promise<void>;
}
