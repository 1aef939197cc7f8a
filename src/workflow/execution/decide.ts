/** What follows from a command: a pure function of state and command. Time and chance come in with the command. */
import { type Failure, mayRetry, sentenceOf, STACKS_KEPT, withoutStack } from "./failure.ts";
import type { Command, Decision, WorkflowEvent } from "./messages.ts";
import { backoffMs } from "./retry.ts";
import { at, type ExecutionState } from "./state.ts";
import { isTerminal, NodeCode } from "./status.ts";
import type { NodeIndex } from "../plan/plan.ts";

/** `random`: from 0 to 1. */
export type Circumstances = { readonly nowMs: number; readonly random: number };

const IGNORED: Decision = { type: "ignored" };

export function decide(state: ExecutionState, command: Command, { nowMs, random }: Circumstances): Decision {
  switch (command.type) {
    case "Trigger": {
      if (isTerminal(state.status)) return { type: "rejected", rejection: { code: "already_finished", status: state.status } };
      if (state.triggeredAtMs !== null) return { type: "rejected", rejection: { code: "already_triggered", status: state.status } };
      const triggered: WorkflowEvent = { type: "ExecutionTriggered", atMs: nowMs, params: command.params };
      return happened(command.admitted ? [triggered, { type: "ExecutionStarted", atMs: nowMs }] : [triggered]);
    }
    case "Start":
      if (state.status !== "PENDING" || state.triggeredAtMs === null) return IGNORED;
      return happened([{ type: "ExecutionStarted", atMs: nowMs }]);
    case "RecordStart": {
      const { node, attempt, beganAtMs, executor } = command;
      if (state.nodeStatus[node] !== NodeCode.QUEUED || attempt !== state.attempt[node]) return IGNORED;
      return happened([{ type: "AttemptStarted", node, attempt, atMs: beganAtMs, executor }]);
    }
    case "CompleteAttempt": {
      const { node, attempt, beganAtMs, output } = command;
      if (!awaits(state, node, attempt)) return IGNORED;
      const done: WorkflowEvent = { type: "AttemptCompleted", node, attempt, beganAtMs, atMs: nowMs, output };
      if (state.status !== "RUNNING" || state.completed + 1 < state.plan.ids.length) return happened([done]);
      return happened([
        done,
        { type: "ExecutionFinished", atMs: nowMs, status: "COMPLETED", error: null, cause: null },
        { type: "ExecutionClosed", atMs: nowMs },
      ]);
    }
    case "FailAttempt":
      if (!awaits(state, command.node, command.attempt)) return IGNORED;
      return happened(failed(state, command, nowMs, random));
    case "LoseAttempt": {
      const { node, attempt, death } = command;
      if (!awaits(state, node, attempt)) return IGNORED;
      return happened([{ type: "AttemptLost", node, attempt, atMs: nowMs, death }]);
    }
    case "FireRetry": {
      const { node, attempt } = command;
      if (state.nodeStatus[node] !== NodeCode.RETRYING || attempt !== state.attempt[node]) return IGNORED;
      return happened([{ type: "AttemptQueued", node, attempt, atMs: nowMs, noHandler: false }]);
    }
    case "RecordHandler":
      return recordHandler(state, command, nowMs);
    case "RecordOwnerDeath":
      // An execution that only waits for room, or for its trigger, had nothing running that could be to blame.
      if (state.closed || state.startedAtMs === null) return IGNORED;
      return happened([{ type: "OwnerDied", bootId: command.bootId, atMs: nowMs }]);
    case "Close":
      if (state.closed || !isTerminal(state.status)) return IGNORED;
      return happened([{ type: "ExecutionClosed", atMs: nowMs }]);
    default:
      return absurd(command);
  }
}

/** Once for each change: a node that waits for days says so once. */
function recordHandler(
  state: ExecutionState,
  { node, attempt, missing }: Extract<Command, { type: "RecordHandler" }>,
  nowMs: number,
): Decision {
  const isOpen = state.nodeStatus[node] === NodeCode.QUEUED && attempt === state.attempt[node];
  if (!isOpen || state.noHandler.has(node) === missing) return IGNORED;
  return happened([{ type: "AttemptQueued", node, attempt, atMs: nowMs, noHandler: missing }]);
}

/**
 * Whether an outcome of this attempt is still wanted. Also where the execution has ended meanwhile: what had begun is
 * recorded on its node, over CANCELLED, until the execution is closed.
 */
function awaits(state: ExecutionState, node: NodeIndex, attempt: number): boolean {
  if (attempt !== state.attempt[node] || state.closed) return false;
  const status = state.nodeStatus[node];
  if (status === NodeCode.QUEUED || status === NodeCode.RUNNING) return true;
  return status === NodeCode.CANCELLED && isTerminal(state.status);
}

function failed(
  state: ExecutionState,
  { node, attempt, beganAtMs, failure }: Extract<Command, { type: "FailAttempt" }>,
  nowMs: number,
  random: number,
): WorkflowEvent[] {
  const recorded: WorkflowEvent = { type: "AttemptFailed", node, attempt, beganAtMs, atMs: nowMs, failure };
  if (isTerminal(state.status)) return [recorded];
  const waitMs = retryAfter(state, node, failure, random);
  if (waitMs !== null) {
    const kept = at(state.failures, node) < STACKS_KEPT ? recorded : { ...recorded, failure: withoutStack(failure) };
    return [kept, { type: "RetryScheduled", node, attempt: attempt + 1, dueAtMs: nowMs + waitMs }];
  }
  const id = state.plan.ids[node] ?? "";
  const events: WorkflowEvent[] = [
    recorded,
    {
      type: "ExecutionFinished",
      atMs: nowMs,
      status: "FAILED",
      error: sentenceOf(id, attempt, failure),
      // Its stack is in the event before this one.
      cause: { node, attempt, failure: withoutStack(failure) },
    },
  ];
  // This node was the only one open: nothing else can still be in hand.
  if (state.open === 1) events.push({ type: "ExecutionClosed", atMs: nowMs });
  return events;
}

/** How long to wait before another attempt, in milliseconds; null where none may follow. */
function retryAfter(state: ExecutionState, node: NodeIndex, failure: Failure, random: number): number | null {
  const policy = state.plan.retries[at(state.plan.retryOf, node)];
  if (policy === undefined) throw new RangeError(`Node ${node} has no retry policy; the plan is not whole.`);
  const failures = at(state.failures, node) + 1;
  if (!mayRetry(failure) || failures >= policy.maxAttempts || policy.nonRetryable.includes(failure.code)) return null;
  return Math.max(backoffMs(policy, failures, random), failure.retryAfterMs ?? 0);
}

function happened(events: readonly WorkflowEvent[]): Decision {
  return { type: "events", events };
}

function absurd(command: never): never {
  throw new Error(`Unknown command ${JSON.stringify(command)}.`);
}
