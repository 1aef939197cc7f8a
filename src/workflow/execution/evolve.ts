/** Applies one event to the state: total, deterministic, in place. It has no rules and no clock; `decide` says what may happen. */
import { withoutStack } from "./failure.ts";
import type { Cause, WorkflowEvent } from "./messages.ts";
import { at, type ExecutionState } from "./state.ts";
import { isTerminal, NodeCode } from "./status.ts";
import type { NodeIndex } from "../plan/plan.ts";

export function evolve(state: ExecutionState, event: WorkflowEvent): void {
  state.sequence += 1;
  switch (event.type) {
    case "ExecutionCreated":
      state.createdAtMs = event.atMs;
      state.updatedAtMs = event.atMs;
      return;
    case "ExecutionTriggered":
      state.triggeredAtMs = event.atMs;
      state.updatedAtMs = event.atMs;
      state.params = event.params;
      return;
    case "ExecutionStarted":
      state.status = "RUNNING";
      state.startedAtMs = event.atMs;
      state.updatedAtMs = event.atMs;
      for (let node = 0; node < state.waitingFor.length; node++) if (state.waitingFor[node] === 0) queue(state, node);
      return;
    case "ExecutionPaused":
    case "ExecutionResumed":
    case "ExecutionPrioritised":
    case "ExecutionDiscarded":
      return steered(state, event);
    case "AttemptStarted":
      state.updatedAtMs = event.atMs;
      state.nodeStatus[event.node] = NodeCode.RUNNING;
      if (state.noHandler.size > 0) state.noHandler.delete(event.node);
      state.executorOf.set(event.node, event.executor);
      began(state, event.node, event.attempt, event.atMs);
      return;
    case "AttemptCompleted":
      return completed(state, event);
    case "AttemptFailed":
      return failed(state, event);
    case "AttemptLost":
      state.updatedAtMs = event.atMs;
      lost(state, event.node, event.death, event.atMs);
      return;
    case "RetryScheduled":
      return willRetry(state, event);
    case "AttemptQueued":
      state.updatedAtMs = event.atMs;
      state.nodeStatus[event.node] = NodeCode.QUEUED;
      state.dueAtMs.delete(event.node);
      if (event.noHandler) state.noHandler.add(event.node);
      else if (state.noHandler.size > 0) state.noHandler.delete(event.node);
      return;
    case "OwnerDied":
      return ownerDied(state, event);
    case "ExecutionFinished":
      return finished(state, event);
    case "ExecutionClosed":
      state.closed = true;
      state.updatedAtMs = event.atMs;
      if (state.open > 0) cancelOpen(state, event.atMs, () => true);
      return;
    default:
      return absurd(event);
  }
}

type EventOf<Type extends WorkflowEvent["type"]> = Extract<WorkflowEvent, { type: Type }>;

/** Applies what a client wants of an execution on its way. */
function steered(
  state: ExecutionState,
  event: EventOf<"ExecutionPaused" | "ExecutionResumed" | "ExecutionPrioritised" | "ExecutionDiscarded">,
): void {
  state.updatedAtMs = event.atMs;
  if (event.type === "ExecutionPrioritised") state.priority = event.priority;
  else if (event.type === "ExecutionDiscarded") state.discarded = true;
  else if (event.type === "ExecutionPaused") state.status = "PAUSED";
  else state.status = state.startedAtMs === null ? "PENDING" : "RUNNING";
}

function finished(state: ExecutionState, event: EventOf<"ExecutionFinished">): void {
  state.status = event.status;
  state.finishedAtMs = event.atMs;
  state.updatedAtMs = event.atMs;
  state.error = event.error;
  // The failure that ends an execution is in the event before.
  state.cause = event.cause && state.lastStack !== null ? withStack(event.cause, state.lastStack) : event.cause;
  // A node with a recorded start goes on to its outcome. Every other open node is cancelled.
  if (state.open > 0) cancelOpen(state, event.atMs, (status) => status !== NodeCode.RUNNING);
}

function withStack(cause: Cause, stack: string): Cause {
  return { ...cause, failure: { ...cause.failure, stack } };
}

function failed(state: ExecutionState, { node, attempt, beganAtMs, atMs, failure }: EventOf<"AttemptFailed">): void {
  state.updatedAtMs = atMs;
  began(state, node, attempt, beganAtMs);
  leave(state, node);
  state.nodeStatus[node] = NodeCode.FAILED;
  state.nodeFinishedAtMs[node] = atMs;
  state.failures[node] = at(state.failures, node) + 1;
  state.deaths[node] = 0;
  state.failureOf.set(node, withoutStack(failure));
  state.lastStack = failure.stack ?? null;
  state.failed += 1;
}

function willRetry(state: ExecutionState, { node, attempt, dueAtMs }: EventOf<"RetryScheduled">): void {
  state.failed -= 1;
  state.open += 1;
  state.nodeStatus[node] = NodeCode.RETRYING;
  state.nodeFinishedAtMs[node] = 0;
  state.attempt[node] = attempt;
  state.dueAtMs.set(node, dueAtMs);
}

function ownerDied(state: ExecutionState, { bootId, atMs }: EventOf<"OwnerDied">): void {
  state.updatedAtMs = atMs;
  for (let node = 0; node < state.nodeStatus.length; node++) {
    const status = state.nodeStatus[node];
    const its = status === NodeCode.RUNNING && state.executorOf.get(node) === bootId;
    // No thread had a node that waited for its handler or for a resume, so its owner cannot have died of it.
    const waited = state.status === "PAUSED" || state.noHandler.has(node);
    if (status === NodeCode.QUEUED || its) lost(state, node, its || !waited, atMs);
  }
}

function completed(state: ExecutionState, event: EventOf<"AttemptCompleted">): void {
  const { node } = event;
  const { plan } = state;
  state.updatedAtMs = event.atMs;
  began(state, node, event.attempt, event.beganAtMs);
  leave(state, node);
  state.nodeStatus[node] = NodeCode.COMPLETED;
  state.nodeFinishedAtMs[node] = event.atMs;
  state.deaths[node] = 0;
  state.outputs[node] = event.output;
  state.completed += 1;
  if (plan.hidden !== null && plan.hidden[node] === 1) state.hiddenCompleted += 1;
  const end = at(plan.dependentStart, node + 1);
  for (let edge = at(plan.dependentStart, node); edge < end; edge++) {
    const dependent = at(plan.dependents, edge);
    const left = at(state.waitingFor, dependent) - 1;
    state.waitingFor[dependent] = left;
    if (left === 0 && !isTerminal(state.status)) queue(state, dependent);
  }
}

function queue(state: ExecutionState, node: NodeIndex): void {
  state.nodeStatus[node] = NodeCode.QUEUED;
  state.open += 1;
}

function lost(state: ExecutionState, node: NodeIndex, death: boolean, atMs: number): void {
  if (isTerminal(state.status)) {
    leave(state, node);
    state.nodeStatus[node] = NodeCode.CANCELLED;
    state.nodeFinishedAtMs[node] = atMs;
    return;
  }
  ranNoMore(state, node);
  state.nodeStatus[node] = NodeCode.QUEUED;
  state.attempt[node] = at(state.attempt, node) + 1;
  if (death) state.deaths[node] = Math.min(255, at(state.deaths, node) + 1);
}

function began(state: ExecutionState, node: NodeIndex, attempt: number, atMs: number): void {
  state.begun[node] = attempt;
  if (atMs > 0) state.nodeStartedAtMs[node] = atMs;
}

/** Removes what is noted of a running node. Most nodes end before their start is recorded: then there is nothing to look up. */
function ranNoMore(state: ExecutionState, node: NodeIndex): void {
  if (state.executorOf.size > 0) state.executorOf.delete(node);
}

/** Counts a node as no longer open. A node that was CANCELLED while it ran was counted before. */
function leave(state: ExecutionState, node: NodeIndex): void {
  ranNoMore(state, node);
  const status = state.nodeStatus[node];
  if (status === NodeCode.QUEUED || status === NodeCode.RUNNING || status === NodeCode.RETRYING) state.open -= 1;
}

function cancelOpen(state: ExecutionState, atMs: number, which: (status: number) => boolean): void {
  for (let node = 0; node < state.nodeStatus.length; node++) {
    const status = at(state.nodeStatus, node);
    const open = status === NodeCode.QUEUED || status === NodeCode.RUNNING || status === NodeCode.RETRYING;
    if (!open || !which(status)) continue;
    state.nodeStatus[node] = NodeCode.CANCELLED;
    state.nodeFinishedAtMs[node] = atMs;
    state.dueAtMs.delete(node);
    ranNoMore(state, node);
    state.open -= 1;
  }
}

function absurd(event: never): never {
  throw new Error(`Unknown event ${JSON.stringify(event)}: the log is of a newer version of Troupe.`);
}
