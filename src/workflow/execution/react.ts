/** The effect that must follow an event that is now durable. */
import type { Effect, WorkflowEvent } from "./messages.ts";

/**
 * The effect of an event. An effect that has become pointless meanwhile (the execution has ended, the join still waits) is
 * dropped where it is performed.
 */
export function react(event: WorkflowEvent): Effect | null {
  switch (event.type) {
    case "ExecutionTriggered":
      return { type: "Admit" };
    case "ExecutionStarted":
      return { type: "StartRoots" };
    case "ExecutionPaused":
      return { type: "Hold" };
    case "ExecutionPrioritised":
      return { type: "Reorder" };
    case "ExecutionResumed":
      return { type: "Resume" };
    case "AttemptStarted":
      return { type: "WatchAttempt", node: event.node, attempt: event.attempt, executor: event.executor };
    case "AttemptCompleted":
      return { type: "StartDependents", node: event.node };
    case "AttemptLost":
      return { type: "StartAttempt", node: event.node, attempt: event.attempt + 1 };
    case "RetryScheduled":
      return { type: "StartTimer", node: event.node, attempt: event.attempt, dueAtMs: event.dueAtMs };
    case "AttemptQueued":
      return event.noHandler ? null : { type: "StartAttempt", node: event.node, attempt: event.attempt };
    case "ExecutionFinished":
      return { type: event.status === "CANCELLED" ? "Abort" : "TakeBack" };
    case "ExecutionClosed":
      return { type: "Forget" };
    // A death is recorded by a new owner, which then does all that `recover` says.
    case "OwnerDied":
    // Its end, and its close, have effects of their own.
    case "ExecutionDiscarded":
    case "ExecutionCreated":
    case "AttemptFailed":
      return null;
    default:
      return absurd(event);
  }
}

function absurd(event: never): never {
  throw new Error(`Unknown event ${JSON.stringify(event)}.`);
}
