/** The rule of a cancel: nothing of the execution begins any more, and what runs is told to stop. It is closed once nothing is in hand. */
import { isTerminal } from "../status.ts";
import type { WorkflowEvent } from "../messages.ts";
import type { ClientRule } from "../rule.ts";
import type { ExecutionState } from "../state.ts";

export const cancel: ClientRule<"Cancel"> = {
  rejection({ status }) {
    return isTerminal(status) && status !== "CANCELLED" ? { type: "rejected", code: "already_finished", status } : null;
  },
  decide(state, { reason }, { nowMs }) {
    if (state.status === "CANCELLED") return { type: "ignored" };
    return { type: "events", events: cancellation(state, reason, nowMs) };
  },
};

/** The events that cancel an execution that has not ended. */
export function cancellation({ open }: Pick<ExecutionState, "open">, reason: string | null, nowMs: number): readonly WorkflowEvent[] {
  const finished: WorkflowEvent = { type: "ExecutionFinished", atMs: nowMs, status: "CANCELLED", error: reason, cause: null };
  // Before its start nothing can be in hand.
  return open === 0 ? [finished, { type: "ExecutionClosed", atMs: nowMs }] : [finished];
}
