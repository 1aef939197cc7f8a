/** A wish to delete an execution that is not closed: it is cancelled if it has not ended, and deleted once nothing of it is in hand. */
import { isTerminal } from "../status.ts";
import type { WorkflowEvent } from "../messages.ts";
import type { ClientRule } from "../rule.ts";
import { cancellation } from "./cancel.ts";

export const discard: ClientRule<"Discard"> = {
  rejection: () => null,
  decide(state, _, { nowMs }) {
    // What is closed has no supervisor that could delete it: whoever asks for that does it.
    if (state.closed || state.discarded) return { type: "ignored" };
    const discarded: WorkflowEvent = { type: "ExecutionDiscarded", atMs: nowMs };
    return { type: "events", events: isTerminal(state.status) ? [discarded] : [discarded, ...cancellation(state, null, nowMs)] };
  },
};
