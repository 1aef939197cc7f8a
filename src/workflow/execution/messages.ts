/** The messages of an execution: commands (what somebody wants), events (what happened), effects (what must be done). */
import type { ClientCommand, Rejected } from "./client-commands.ts";
import type { Failure } from "./failure.ts";
import type { ExecutionStatus } from "./status.ts";
import type { NodeIndex } from "../plan/plan.ts";

/** A text that is kept apart from the log because it is large. Only its length in bytes is known here. */
export type Large = { readonly bytes: number };

/** A JSON text as it came, or the sign that it is kept apart. The main thread never parses it. */
export type Text = string | Large;

export type Command =
  | ClientCommand
  /** There is room to run the execution now. */
  | { readonly type: "Start" }
  | {
      readonly type: "CompleteAttempt";
      readonly node: NodeIndex;
      readonly attempt: number;
      readonly beganAtMs: number;
      readonly output: Text;
    }
  | {
      readonly type: "FailAttempt";
      readonly node: NodeIndex;
      readonly attempt: number;
      readonly beganAtMs: number;
      readonly failure: Failure;
    }
  /**
   * The attempt vanished without an outcome. `death`: it may have killed the thread or process that it ran in, so it is
   * counted; otherwise that end was planned.
   */
  | { readonly type: "LoseAttempt"; readonly node: NodeIndex; readonly attempt: number; readonly death: boolean }
  /** `executor`: the boot id of the instance that runs it. */
  | {
      readonly type: "RecordStart";
      readonly node: NodeIndex;
      readonly attempt: number;
      readonly beganAtMs: number;
      readonly executor: string;
    }
  | { readonly type: "FireRetry"; readonly node: NodeIndex; readonly attempt: number }
  /** Says that the node waits because this instance does not have its handler (`missing`), or that it may go to a thread now. */
  | { readonly type: "RecordHandler"; readonly node: NodeIndex; readonly attempt: number; readonly missing: boolean }
  | { readonly type: "RecordOwnerDeath"; readonly bootId: string }
  /** Nothing of this finished execution is in hand any more. */
  | { readonly type: "Close" };

export type WorkflowEvent =
  | { readonly type: "ExecutionCreated"; readonly atMs: number; readonly name: string; readonly definition: string }
  | { readonly type: "ExecutionTriggered"; readonly atMs: number; readonly params: Text | null }
  | { readonly type: "ExecutionStarted"; readonly atMs: number }
  /** Nothing of the execution begins until it is resumed. */
  | { readonly type: "ExecutionPaused"; readonly atMs: number }
  | { readonly type: "ExecutionResumed"; readonly atMs: number }
  /** The execution is to be deleted once it is closed. */
  | { readonly type: "ExecutionDiscarded"; readonly atMs: number }
  | { readonly type: "ExecutionPrioritised"; readonly atMs: number; readonly priority: number }
  | {
      readonly type: "AttemptStarted";
      readonly node: NodeIndex;
      readonly attempt: number;
      readonly atMs: number;
      /** The boot id of the instance that runs the attempt. */
      readonly executor: string;
    }
  | {
      readonly type: "AttemptCompleted";
      readonly node: NodeIndex;
      readonly attempt: number;
      readonly beganAtMs: number;
      readonly atMs: number;
      readonly output: Text;
    }
  | {
      readonly type: "AttemptFailed";
      readonly node: NodeIndex;
      readonly attempt: number;
      readonly beganAtMs: number;
      readonly atMs: number;
      readonly failure: Failure;
    }
  | { readonly type: "AttemptLost"; readonly node: NodeIndex; readonly attempt: number; readonly atMs: number; readonly death: boolean }
  /** `attempt`: the attempt that will run at `dueAtMs`. */
  | { readonly type: "RetryScheduled"; readonly node: NodeIndex; readonly attempt: number; readonly dueAtMs: number }
  | {
      readonly type: "AttemptQueued";
      readonly node: NodeIndex;
      readonly attempt: number;
      readonly atMs: number;
      /**
       * The owner of the execution does not have the node's handler. No thread has the attempt until a later event of this
       * type, or a start, is recorded.
       */
      readonly noHandler: boolean;
    }
  /** Attempts without a recorded start, and attempts that this boot ran, are lost. What others run goes on. */
  | { readonly type: "OwnerDied"; readonly bootId: string; readonly atMs: number }
  | {
      readonly type: "ExecutionFinished";
      readonly atMs: number;
      readonly status: Extract<ExecutionStatus, "COMPLETED" | "FAILED" | "CANCELLED">;
      readonly error: string | null;
      readonly cause: Cause | null;
    }
  | { readonly type: "ExecutionClosed"; readonly atMs: number };

/** The reason why an execution failed: the node, its attempt, and the failure. */
export type Cause = { readonly node: NodeIndex; readonly attempt: number; readonly failure: Failure };

export type Effect =
  /** Ask for room to run (MAX_CONCURRENT_WORKFLOWS); a Start command follows. */
  | { readonly type: "Admit" }
  | { readonly type: "StartRoots" }
  /** Start those dependents of the node that are ready by now. */
  | { readonly type: "StartDependents"; readonly node: NodeIndex }
  | { readonly type: "StartAttempt"; readonly node: NodeIndex; readonly attempt: number }
  /** The attempt runs somewhere (its start is recorded): wait for its outcome. */
  | { readonly type: "WatchAttempt"; readonly node: NodeIndex; readonly attempt: number; readonly executor: string }
  | { readonly type: "StartTimer"; readonly node: NodeIndex; readonly attempt: number; readonly dueAtMs: number }
  /** The execution is paused: take back what has not begun, and give the room back. Timers go on. */
  | { readonly type: "Hold" }
  /** What waits for room, or for the pool, takes its place anew. */
  | { readonly type: "Reorder" }
  /** The execution is resumed: do everything that the state says. It takes room without asking. */
  | { readonly type: "Resume" }
  /** Take back what has not begun and cancel timers; then close the execution once nothing is in hand. */
  | { readonly type: "TakeBack" }
  /** As TakeBack, and what has begun is told to stop, wherever it runs. */
  | { readonly type: "Abort" }
  /** The execution is closed: its supervisor has nothing left to do. */
  | { readonly type: "Forget" };

/** The decision. `ignored`: stale, doubled, or true already; `rejected`: the client's mistake, which the client is told. */
export type Decision = { readonly type: "events"; readonly events: readonly WorkflowEvent[] } | { readonly type: "ignored" } | Rejected;
