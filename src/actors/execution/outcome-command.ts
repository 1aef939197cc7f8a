/** The outcome of an attempt, as a command. */
import type { Outcome } from "../../pool/pool.ts";
import type { Command } from "../../workflow/execution/messages.ts";
import type { NodeIndex } from "../../workflow/plan/plan.ts";

/** The command to the supervisor for an outcome. */
export function outcomeCommand(node: NodeIndex, attempt: number, beganAtMs: number, outcome: Outcome): Command {
  switch (outcome.type) {
    case "completed":
      return { type: "CompleteAttempt", node, attempt, beganAtMs, output: outcome.output };
    case "failed":
      return { type: "FailAttempt", node, attempt, beganAtMs, failure: outcome.failure };
    case "lost":
      return { type: "LoseAttempt", node, attempt, death: outcome.death };
    case "released":
      return { type: "LoseAttempt", node, attempt, death: false };
  }
}
