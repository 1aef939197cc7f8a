/** The rule of a resume: nodes that became ready while the execution was paused, or were taken back then, begin. */
import type { ClientRule } from "../rule.ts";
import { pause } from "./pause.ts";

export const resume: ClientRule<"Resume"> = {
  rejection: pause.rejection,
  decide(state, _, { nowMs }) {
    if (state.status !== "PAUSED") return { type: "ignored" };
    return { type: "events", events: [{ type: "ExecutionResumed", atMs: nowMs }] };
  },
};
