/** The view of an execution: made from its state, in the definition's order. */
import type { FailureKind } from "../execution/failure.ts";
import type { Step } from "../plan/plan.ts";
import { at, type ExecutionState } from "../execution/state.ts";
import { executionPriority } from "../execution/priority.ts";
import { type ExecutionStatus, NODE_STATES, NodeCode, type NodeStatus } from "../execution/status.ts";

/** One node. Times are milliseconds since 1970. */
export type NodeView = {
  readonly id: string;
  readonly handler: string;
  readonly state: NodeStatus;
  /** JSON text. Null if there is none, or if it is kept apart; then `outputBytes` has its size. */
  readonly output: string | null;
  readonly outputBytes: number | null;
  readonly error: string | null;
  /** The reason why it is QUEUED, as a sentence, if it waits for its handler. */
  readonly reason: string | null;
  /** The number of attempts that have begun. */
  readonly attempts: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** The longest way from a root. */
  readonly level: number;
};

export type FailureView = {
  readonly node: string;
  readonly attempt: number;
  readonly kind: FailureKind;
  readonly code: string;
  readonly message: string;
  /** The place in the user's code; null if none of it was involved. */
  readonly stack: string | null;
};

export type ExecutionView = {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly status: ExecutionStatus;
  readonly sequence: number;
  readonly progress: Counts & { readonly percentage: number };
  /** Visible nodes only, in the definition's order. */
  readonly nodes: readonly NodeView[];
  /** The steps of an execution that came as steps. A task's `node` is a position in `nodes`. */
  readonly steps: readonly Step[] | null;
  /** 0 to 10; higher begins first. */
  readonly priority: number;
  readonly error: string | null;
  readonly failure: FailureView | null;
  readonly createdAtMs: number;
  readonly triggeredAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly updatedAtMs: number;
  readonly closed: boolean;
  /** Whether its supervisor crashed too often and is left alone until the next sweep. */
  readonly stalled: boolean;
};

/**
 * The reason why a QUEUED node waits for its handler, as a sentence; null if it does not. `missing`: its owner does not have
 * the handler.
 */
export type ReasonOf = (handler: string, missing: boolean) => string | null;

/** The view of a state, in O(nodes). `stalled`: only the owner knows. */
export function viewOf(id: string, state: ExecutionState, stalled: boolean, reasonOf: ReasonOf = () => null): ExecutionView {
  const { plan } = state;
  const nodes: NodeView[] = [];
  for (let node = 0; node < plan.ids.length; node++) {
    if (plan.hidden === null || plan.hidden[node] === 0) nodes.push(nodeView(state, node, reasonOf));
  }
  return {
    id,
    name: plan.name,
    tags: plan.tags,
    status: state.status,
    sequence: state.sequence,
    progress: progressOf(countsOf(state)),
    nodes,
    steps: plan.steps === null ? null : visibleSteps(state, plan.steps),
    priority: executionPriority(state),
    error: state.error,
    failure: failureView(state),
    createdAtMs: state.createdAtMs,
    triggeredAtMs: state.triggeredAtMs,
    startedAtMs: state.startedAtMs,
    finishedAtMs: state.finishedAtMs,
    updatedAtMs: state.updatedAtMs,
    closed: state.closed,
    stalled,
  };
}

/** Counts of the nodes that views show. */
export type Counts = { readonly total: number; readonly completed: number; readonly failed: number };

export function countsOf(state: ExecutionState): Counts {
  return { total: state.plan.visible, completed: state.completed - state.hiddenCompleted, failed: state.failed };
}

/** The progress. `percentage`: of completed nodes, rounded down to one decimal, so 100 means all. */
export function progressOf({ total, completed, failed }: Counts): ExecutionView["progress"] {
  return { total, completed, failed, percentage: total === 0 ? 0 : Math.floor((completed / total) * 1000) / 10 };
}

/** The error of a node that was open when its execution ended, and of which nothing more was heard. */
const CUT_OFF = "The attempt was cut off: the execution ended first.";
/** The error of such a node if the execution was cancelled. */
const CANCELLED = "The attempt was cancelled with its execution.";
/** The reason why a node of a paused execution waits. */
const PAUSED = "The execution is paused.";

function nodeView(state: ExecutionState, node: number, reasonOf: ReasonOf): NodeView {
  const { plan } = state;
  const code = at(state.nodeStatus, node);
  const output = state.outputs[node];
  const failure = code === NodeCode.FAILED || code === NodeCode.RETRYING ? state.failureOf.get(node) : undefined;
  return {
    id: plan.ids[node] ?? "",
    handler: plan.handlers[node] ?? "",
    state: NODE_STATES[code] ?? "UNKNOWN",
    output: typeof output === "string" ? output : null,
    outputBytes: typeof output === "object" ? output.bytes : null,
    error: failure?.message ?? (code === NodeCode.CANCELLED ? cutOff(state) : null),
    reason: code === NodeCode.QUEUED ? waitsFor(state, node, reasonOf) : null,
    attempts: at(state.begun, node),
    startedAtMs: at(state.nodeStartedAtMs, node) || null,
    finishedAtMs: at(state.nodeFinishedAtMs, node) || null,
    level: at(plan.level, node),
  };
}

function waitsFor({ plan, status, noHandler }: ExecutionState, node: number, reasonOf: ReasonOf): string | null {
  return status === "PAUSED" ? PAUSED : reasonOf(plan.handlers[node] ?? "", noHandler.has(node));
}

function cutOff({ status }: ExecutionState): string {
  return status === "CANCELLED" ? CANCELLED : CUT_OFF;
}

/** Steps with positions among the visible nodes. */
function visibleSteps(state: ExecutionState, steps: readonly Step[]): readonly Step[] {
  const { hidden, ids } = state.plan;
  if (hidden === null) return steps;
  const position = new Int32Array(ids.length);
  let next = 0;
  for (let node = 0; node < ids.length; node++) position[node] = hidden[node] === 1 ? -1 : next++;
  return steps.map((step) => ({ ...step, tasks: step.tasks.map((task) => ({ ...task, node: at(position, task.node) })) }));
}

function failureView(state: ExecutionState): FailureView | null {
  if (state.cause === null) return null;
  const { node, attempt, failure } = state.cause;
  const { kind, code, message, stack = null } = failure;
  return { node: state.plan.ids[node] ?? "", attempt, kind, code, message, stack };
}
