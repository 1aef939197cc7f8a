/** An execution as it is shown: made from state alone, in the definition's order. */
import type { FailureKind } from "./failure.ts";
import type { Step } from "./graph.ts";
import type { ExecutionStatus, NodeStatus } from "./status.ts";

/** Times are milliseconds since 1970. */
export type NodeView = {
  readonly id: string;
  readonly handler: string;
  readonly state: NodeStatus;
  /** JSON text; null where there is none or it is kept apart (then `outputBytes` tells its size). */
  readonly output: string | null;
  readonly outputBytes: number | null;
  readonly error: string | null;
  /** Attempts that have begun. */
  readonly attempts: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** Longest way from a root. */
  readonly level: number;
};

export type FailureView = { readonly node: string; readonly attempt: number; readonly kind: FailureKind; readonly code: string; readonly message: string };

export type ExecutionView = {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly status: ExecutionStatus;
  readonly sequence: number;
  readonly progress: { readonly total: number; readonly completed: number; readonly failed: number; readonly percentage: number };
  /** Visible nodes only, in the definition's order. */
  readonly nodes: readonly NodeView[];
  /** Of an execution that came as steps; a task's `node` is a position in `nodes`. */
  readonly steps: readonly Step[] | null;
  readonly error: string | null;
  readonly failure: FailureView | null;
  readonly createdAtMs: number;
  readonly triggeredAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly updatedAtMs: number;
  readonly closed: boolean;
  /** Its supervisor crashed too often and is left alone until the next sweep. */
  readonly stalled: boolean;
};
