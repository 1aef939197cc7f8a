/** The rules: the events that follow from each command. */
import type { ClientCommand, Rejected } from "./client-commands.ts";
import { cancel } from "./commands/cancel.ts";
import { discard } from "./commands/discard.ts";
import { pause } from "./commands/pause.ts";
import { prioritise } from "./commands/prioritise.ts";
import { resume } from "./commands/resume.ts";
import { trigger } from "./commands/trigger.ts";
import { type Failure, mayRetry, sentenceOf, STACKS_KEPT, withoutStack } from "./failure.ts";
import type { Command, Decision, WorkflowEvent } from "./messages.ts";
import type { Circumstances, ClientRule, Outline, Rule } from "./rule.ts";
import { backoffMs } from "./retry.ts";
import { at, type ExecutionState } from "./state.ts";
import { isTerminal, NodeCode } from "./status.ts";
import type { NodeIndex } from "../plan/plan.ts";

const IGNORED: Decision = { type: "ignored" };

/** One rule for each command. A command without a rule does not compile. */
const RULES: { readonly [Type in Command["type"]]: Type extends ClientCommand["type"] ? ClientRule<Type> : Rule<Type> } = {
  Trigger: refusing(trigger),
  Cancel: refusing(cancel),
  Pause: refusing(pause),
  Resume: refusing(resume),
  Prioritise: refusing(prioritise),
  Discard: discard,
  Start: {
    decide(state, _, { nowMs }) {
      if (state.status !== "PENDING" || state.triggeredAtMs === null) return IGNORED;
      return happened([{ type: "ExecutionStarted", atMs: nowMs }]);
    },
  },
  RecordStart: {
    decide(state, { node, attempt, beganAtMs, executor }) {
      if (state.nodeStatus[node] !== NodeCode.QUEUED || attempt !== state.attempt[node]) return IGNORED;
      return happened([{ type: "AttemptStarted", node, attempt, atMs: beganAtMs, executor }]);
    },
  },
  CompleteAttempt: {
    decide(state, { node, attempt, beganAtMs, output }, { nowMs }) {
      if (!awaits(state, node, attempt)) return IGNORED;
      const done: WorkflowEvent = { type: "AttemptCompleted", node, attempt, beganAtMs, atMs: nowMs, output };
      if (isTerminal(state.status) || state.completed + 1 < state.plan.ids.length) return happened([done]);
      return happened([
        done,
        { type: "ExecutionFinished", atMs: nowMs, status: "COMPLETED", error: null, cause: null },
        { type: "ExecutionClosed", atMs: nowMs },
      ]);
    },
  },
  FailAttempt: {
    decide(state, command, { nowMs, random }) {
      if (!awaits(state, command.node, command.attempt)) return IGNORED;
      return happened(failed(state, command, nowMs, random));
    },
  },
  LoseAttempt: {
    decide(state, { node, attempt, death }, { nowMs }) {
      if (!awaits(state, node, attempt)) return IGNORED;
      return happened([{ type: "AttemptLost", node, attempt, atMs: nowMs, death }]);
    },
  },
  FireRetry: {
    decide(state, { node, attempt }, { nowMs }) {
      if (state.nodeStatus[node] !== NodeCode.RETRYING || attempt !== state.attempt[node]) return IGNORED;
      return happened([{ type: "AttemptQueued", node, attempt, atMs: nowMs, noHandler: false }]);
    },
  },
  /** Recorded once for each change: a node that waits for days says so once. */
  RecordHandler: {
    decide(state, { node, attempt, missing }, { nowMs }) {
      const isOpen = state.nodeStatus[node] === NodeCode.QUEUED && attempt === state.attempt[node];
      if (!isOpen || state.noHandler.has(node) === missing) return IGNORED;
      return happened([{ type: "AttemptQueued", node, attempt, atMs: nowMs, noHandler: missing }]);
    },
  },
  RecordOwnerDeath: {
    decide(state, { bootId }, { nowMs }) {
      // An execution that only waits for room, or for its trigger, had nothing running that could have caused the death.
      if (state.closed || state.startedAtMs === null) return IGNORED;
      return happened([{ type: "OwnerDied", bootId, atMs: nowMs }]);
    },
  },
  Close: {
    decide(state, _, { nowMs }) {
      if (state.closed || !isTerminal(state.status)) return IGNORED;
      return happened([{ type: "ExecutionClosed", atMs: nowMs }]);
    },
  },
};

/** A client's rule that decides what its `rejection` lets through. */
function refusing<Type extends ClientCommand["type"]>({ rejection, decide }: ClientRule<Type>): ClientRule<Type> {
  return {
    rejection,
    decide: (state, command, circumstances) => rejection(state) ?? decide(state, command, circumstances),
  };
}

export function decide(state: ExecutionState, command: Command, circumstances: Circumstances): Decision {
  // The rule fits the command's type. The table guarantees that, but the compiler cannot follow it through the look-up.
  const rule: { decide(state: ExecutionState, command: never, circumstances: Circumstances): Decision } = RULES[command.type];
  return rule.decide(state, command as never, circumstances);
}

/** The reason why a client's command cannot be accepted, as far as the store's summary tells; null if the execution must be asked. */
export function rejectionOf(outline: Outline, command: ClientCommand): Rejected | null {
  return RULES[command.type].rejection(outline);
}

/**
 * Whether an outcome of this attempt is still wanted. It is also wanted after the end of the execution: what had begun is
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
  // It was told to stop, so breaking off is no failure.
  if (state.status === "CANCELLED") return [{ type: "AttemptLost", node, attempt, atMs: nowMs, death: false }];
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
      // The stack is in the event before this one.
      cause: { node, attempt, failure: withoutStack(failure) },
    },
  ];
  // This node was the only open one, so nothing else can be in hand.
  if (state.open === 1) events.push({ type: "ExecutionClosed", atMs: nowMs });
  return events;
}

/** How long a retry waits, in milliseconds: its backoff, or longer if the failure asks for that. Null if none may follow. */
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
