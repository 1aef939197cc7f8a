/**
 * The rule of a trigger: an execution runs once. Whether there is room to run it now is not decided here; its start is
 * another command.
 */
import { isTerminal } from "../status.ts";
import type { ClientRule } from "../rule.ts";

export const trigger: ClientRule<"Trigger"> = {
  rejection({ status, triggeredAtMs }) {
    if (isTerminal(status)) return { type: "rejected", code: "already_finished", status };
    return triggeredAtMs === null ? null : { type: "rejected", code: "already_triggered", status };
  },
  decide(_, { params }, { nowMs }) {
    return { type: "events", events: [{ type: "ExecutionTriggered", atMs: nowMs, params }] };
  },
};
