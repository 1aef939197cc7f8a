/** The parts of answers' schemas, in valibot, for the OpenAPI document. A route's own answers are described beside it. */
import * as v from "valibot";
import { EXECUTION_STATES } from "../../engine/engine.ts";

export const executionId = v.pipe(v.string(), v.metadata({ description: "A UUID", example: "0193a1f4-6c2b-7d5e-8f00-1a2b3c4d5e6f" }));
export const executionStatus = v.picklist(EXECUTION_STATES);
export const time = v.pipe(v.string(), v.isoTimestamp());
export const maybeTime = v.nullable(time);
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));
export const finding = v.object({ path: v.string(), message: v.string() });
export const warnings = v.optional(v.pipe(v.array(finding), v.description("Accepted, but probably not what was meant")));
export const output = v.pipe(v.unknown(), v.description("What the node's handler has put out, any JSON"));
export const progress = v.object({
  total: count,
  completed: count,
  failed: count,
  percentage: v.pipe(v.number(), v.minValue(0), v.maxValue(100)),
});
export const times = { created_at: time, triggered_at: maybeTime, started_at: maybeTime, finished_at: maybeTime, updated_at: time };

/** A schema that the document shows once, under this name, among its components. */
export function named<S extends v.GenericSchema>(ref: string, schema: S) {
  return v.pipe(schema, v.metadata({ ref }));
}
