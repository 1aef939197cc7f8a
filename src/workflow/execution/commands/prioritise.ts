/** A priority: it holds for what is not given to the threads yet, and for the place among the executions that wait for room. */
import { isTerminal } from "../status.ts";
import { executionPriority } from "../priority.ts";
import type { ClientRule } from "../rule.ts";

export const prioritise: ClientRule<"Prioritise"> = {
  rejection({ status }) {
    return isTerminal(status) ? { type: "rejected", code: "already_finished", status } : null;
  },
  decide(state, { priority }, { nowMs }) {
    if (priority === executionPriority(state)) return { type: "ignored" };
    return { type: "events", events: [{ type: "ExecutionPrioritised", atMs: nowMs, priority }] };
  },
};
