/**
 * The form of what users send, as valibot schemas. They are checked here, and turned into the OpenAPI document elsewhere. So
 * they hold no transforms: the meaning of a duration or a default is worked out after the check.
 */
import * as v from "valibot";
import { isObject, type JsonObject } from "../json/json.ts";

/**
 * A user's own map, checked and not copied: valibot's own objects and records drop `__proto__` and `constructor`. The JSON
 * Schema converter does not know `custom`, so this stands for `{ "type": "object" }`.
 */
const userObject = v.custom<JsonObject>(isObject, "Expected an object");

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(256));
const priority = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10), v.description("0 to 10; higher begins first"));
const duration = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.maxLength(60))]),
  v.description('Seconds, or a string with units such as "30s" or "1h30m"'),
);

export const retrySchema = v.object({
  max_attempts: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000))),
  initial_interval: v.nullish(duration),
  backoff_coefficient: v.nullish(v.pipe(v.number(), v.minValue(1), v.maxValue(1_000))),
  max_interval: v.nullish(duration),
  jitter: v.nullish(v.picklist(["none", "full", "equal"])),
  non_retryable: v.nullish(
    v.pipe(v.array(v.pipe(v.string(), v.maxLength(128))), v.maxLength(100), v.description("Failure codes that are not retried")),
  ),
});

export const nodeSchema = v.object({
  id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,128}$/, "Expected an id of 1 to 128 letters, digits, _ or -")),
  handler: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
  dependencies: v.nullish(v.array(v.string())),
  config: v.nullish(userObject),
  retry: v.nullish(retrySchema),
  timeout: v.nullish(duration),
  priority: v.nullish(priority),
});

/** A workflow: `{ name, dag: { nodes } }`. */
export const workflowSchema = v.object({
  name,
  version: v.nullish(v.union([v.number(), v.pipe(v.string(), v.maxLength(128))])),
  description: v.nullish(v.string()),
  params: v.nullish(userObject),
  tags: v.nullish(v.pipe(v.array(v.pipe(v.string(), v.maxLength(128))), v.maxLength(100))),
  priority: v.nullish(priority),
  overrides: v.nullish(
    v.pipe(
      v.array(v.string()),
      v.description("Ids of the nodes whose configs a trigger's params may change: an object under a node's id is put over its config"),
    ),
  ),
  strict: v.nullish(
    v.pipe(
      v.boolean(),
      v.description("Refuse what nobody knows and what cannot be right (fields, templates, configs), instead of warning"),
    ),
  ),
  dag: v.object({ nodes: v.array(nodeSchema) }),
});

export const taskSchema = v.object({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
  params: v.nullish(userObject),
});

export const stepSchema = v.object({ execution_type: v.picklist(["sequential", "parallel"]), tasks: v.array(taskSchema) });

/** The older form: steps, one after the other, each with sequential or parallel tasks. */
export const stepsSchema = v.object({ name, steps: v.array(stepSchema) });

export type WorkflowInput = v.InferOutput<typeof workflowSchema>;
export type NodeInput = v.InferOutput<typeof nodeSchema>;
export type RetryInput = v.InferOutput<typeof retrySchema>;
export type StepsInput = v.InferOutput<typeof stepsSchema>;
