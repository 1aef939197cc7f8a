/** The description of an execution's results, which several routes answer with. */
import * as v from "valibot";
import { SAMPLE } from "./sample.ts";
import { executionId, executionStatus, named, output, warnings } from "./shapes.ts";

export const resultsAnswer = named(
  "Results",
  v.object({
    execution_id: executionId,
    name: v.string(),
    trigger: v.optional(v.pipe(v.string(), v.description("Only in the answer to a trigger with `wait`"))),
    status: executionStatus,
    completed: v.pipe(v.boolean(), v.description("True when the status is COMPLETED")),
    results: v.pipe(v.record(v.string(), output), v.description("By node id, in the definition's order")),
    error: v.nullable(v.string()),
    message: v.string(),
    warnings,
  }),
);

const { id, name } = SAMPLE;
const end = {
  status: "COMPLETED",
  completed: true,
  results: { greet: null },
  error: null,
  message: "The workflow has completed.",
} as const;

export const resultsExample = { execution_id: id, name, ...end };

/** The example of an answer after a wait. `trigger`: the status that the answer without `wait` would have. */
export function waitedExample(trigger: string) {
  return { execution_id: id, name, trigger, ...end };
}
