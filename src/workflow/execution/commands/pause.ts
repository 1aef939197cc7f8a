/** The rule of a pause: nothing of the execution begins until it is resumed. What runs goes on, and its outcomes are recorded. */
import { isTerminal } from "../status.ts";
import type { ClientRule } from "../rule.ts";

export const pause: ClientRule<"Pause"> = {
  rejection({ status, triggeredAtMs }) {
    return triggeredAtMs === null || isTerminal(status) ? { type: "rejected", code: "not_running", status } : null;
  },
  decide(state, _, { nowMs }) {
    if (state.status === "PAUSED") return { type: "ignored" };
    return { type: "events", events: [{ type: "ExecutionPaused", atMs: nowMs }] };
  },
};
