/** The summary of an execution, which goes with each commit. */
import type { Summary } from "../../store/store.ts";
import type { ExecutionState } from "../../workflow/execution/state.ts";
import { countsOf } from "../../workflow/view/view.ts";

const ERROR_LENGTH_MAX = 1024;

/** The summary. `definition`: the hash of its text. */
export function summaryOf(id: string, state: ExecutionState, definition: string): Summary {
  const { total, completed, failed } = countsOf(state);
  return {
    id,
    name: state.plan.name,
    definition,
    tags: state.plan.tags,
    status: state.status,
    sequence: state.sequence,
    total,
    completed,
    failed,
    error: state.error === null ? null : state.error.slice(0, ERROR_LENGTH_MAX),
    createdAtMs: state.createdAtMs,
    triggeredAtMs: state.triggeredAtMs,
    startedAtMs: state.startedAtMs,
    finishedAtMs: state.finishedAtMs,
    updatedAtMs: state.updatedAtMs,
    // The store calls it open until it is deleted, so that an owner that ends before that leaves it to the next.
    closed: state.closed && !(state.discarded && state.triggeredAtMs !== null),
  };
}
