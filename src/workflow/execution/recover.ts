/** The open effects of an execution, from its state alone: what a new owner, or a restarted supervisor, must do. */
import type { Effect } from "./messages.ts";
import { at, type ExecutionState } from "./state.ts";
import { isTerminal, NodeCode } from "./status.ts";

export function recover(state: ExecutionState): Effect[] {
  if (state.closed) return [{ type: "Forget" }];
  if (isTerminal(state.status)) return [{ type: state.status === "CANCELLED" ? "Abort" : "TakeBack" }];
  if (state.status === "PENDING") return state.triggeredAtMs === null ? [] : [{ type: "Admit" }];
  const isPaused = state.status === "PAUSED";
  const effects: Effect[] = isPaused ? [{ type: "Hold" }] : [];
  for (let node = 0; node < state.nodeStatus.length; node++) {
    const attempt = at(state.attempt, node);
    switch (state.nodeStatus[node]) {
      case NodeCode.QUEUED:
        if (!isPaused) effects.push({ type: "StartAttempt", node, attempt });
        break;
      case NodeCode.RUNNING:
        effects.push({ type: "WatchAttempt", node, attempt, executor: state.executorOf.get(node) ?? "" });
        break;
      case NodeCode.RETRYING:
        effects.push({ type: "StartTimer", node, attempt, dueAtMs: state.dueAtMs.get(node) ?? 0 });
        break;
      default:
        break;
    }
  }
  return effects;
}
