/** The shapes of all answers, as valibot schemas: for the OpenAPI document, and for the tests that hold the answers to them. */
import * as v from "valibot";
import { EXECUTION_STATES, FAILURE_KINDS, NODE_STATES } from "../../engine/engine.ts";

const executionId = v.pipe(v.string(), v.metadata({ description: "A UUID", example: "0193a1f4-6c2b-7d5e-8f00-1a2b3c4d5e6f" }));
const executionStatus = v.picklist(EXECUTION_STATES);
const nodeStatus = v.picklist(NODE_STATES);
const time = v.pipe(v.string(), v.isoTimestamp());
const maybeTime = v.nullable(time);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const finding = v.object({ path: v.string(), message: v.string() });
const warnings = v.optional(v.pipe(v.array(finding), v.description("Accepted, but probably not what was meant")));
const output = v.pipe(v.unknown(), v.description("What the node's handler has put out, any JSON"));

export const problemDocument = named(
  "Problem",
  v.object({
    type: v.string(),
    title: v.string(),
    status: v.pipe(v.number(), v.integer()),
    detail: v.pipe(v.string(), v.description("A sentence that says what is wrong")),
    errors: v.optional(v.pipe(v.array(finding), v.description("Where it is wrong: `path` as in dag.nodes.3.id"))),
  }),
);

export const createdAnswer = named(
  "Created",
  v.object({ execution_id: executionId, name: v.string(), status: v.literal("PENDING"), message: v.string(), warnings }),
);

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

const started = named(
  "Started",
  v.object({
    execution_id: executionId,
    name: v.string(),
    status: v.pipe(
      executionStatus,
      v.description("What it is by then: RUNNING, or PENDING where it has not begun yet, as with an Idempotency-Key or without room"),
    ),
    message: v.string(),
    warnings,
  }),
);

/** Triggered at once as well, and with `wait` the results. */
export const submittedAnswer = v.union([createdAnswer, started, resultsAnswer]);

const triggered = named(
  "Triggered",
  v.object({
    execution_id: executionId,
    status: v.pipe(
      v.union([v.literal("triggered"), executionStatus]),
      v.description("triggered, or the state of an execution that had been triggered before"),
    ),
    message: v.string(),
  }),
);

/** With `wait` the results. */
export const triggeredAnswer = v.union([triggered, resultsAnswer]);
export const queuedAnswer = v.object({
  execution_id: executionId,
  status: v.literal("accepted"),
  command_id: v.string(),
  message: v.string(),
});

const progress = v.object({
  total: count,
  completed: count,
  failed: count,
  percentage: v.pipe(v.number(), v.minValue(0), v.maxValue(100)),
});
const times = { created_at: time, triggered_at: maybeTime, started_at: maybeTime, finished_at: maybeTime, updated_at: time };
const node = named(
  "Node",
  v.object({
    state: nodeStatus,
    output,
    output_bytes: v.optional(v.pipe(count, v.description("The size of an output that is too large to be shown here"))),
    error: v.nullable(v.string()),
    reason: v.optional(
      v.pipe(v.string(), v.description("Why it waits, where it is QUEUED and no thread may take it: its handler is missing")),
    ),
    attempts: v.pipe(count, v.description("Attempts that have begun")),
    started_at: maybeTime,
    finished_at: maybeTime,
  }),
);
const failure = v.object({
  node: v.string(),
  attempt: count,
  kind: v.picklist(FAILURE_KINDS),
  code: v.string(),
  message: v.string(),
  stack: v.pipe(v.nullable(v.string()), v.description("Where in the handler's own files it was thrown, 2 KiB at the most")),
});
const statesByNode = v.optional(v.record(v.string(), nodeStatus));

export const executionAnswer = named(
  "Execution",
  v.object({
    execution_id: executionId,
    name: v.string(),
    status: executionStatus,
    progress,
    tags: v.array(v.string()),
    error: v.nullable(v.string()),
    failure: v.optional(v.nullable(failure)),
    ...times,
    stalled: v.boolean(),
    node_states: statesByNode,
    node_statuses: v.pipe(statesByNode, v.description("The same as node_states")),
    nodes: v.optional(v.record(v.string(), node)),
  }),
);

const summary = named(
  "Summary",
  v.object({
    execution_id: executionId,
    name: v.string(),
    status: executionStatus,
    progress,
    tags: v.array(v.string()),
    error: v.nullable(v.string()),
    ...times,
  }),
);
export const workflowsAnswer = v.object({ workflows: v.array(summary), next_cursor: v.nullable(v.string()) });

const word = v.picklist(["pending", "running", "succeeded", "failed"]);
const task = v.object({ name: v.string(), status: word, result: output });
const step = v.object({ execution_type: v.picklist(["sequential", "parallel"]), status: word, tasks: v.record(v.string(), task) });
const stepsMembers = {
  id: executionId,
  name: v.string(),
  status: word,
  steps: v.pipe(v.record(v.string(), step), v.description('By position, from "0"')),
  created_at: time,
  updated_at: time,
};
export const stepsAnswer = named("StepsWorkflow", v.object(stepsMembers));
export const stepsListAnswer = v.array(stepsAnswer);
export const acceptedStepsAnswer = named(
  "StepsAccepted",
  v.object({ ...v.partial(v.object(stepsMembers)).entries, status: word, workflow_id: executionId, message: v.string(), warnings }),
);

export const healthAnswer = named(
  "Health",
  v.object({
    service: v.literal("troupe"),
    status: v.picklist(["running", "stopping"]),
    healthy: v.boolean(),
    version: v.string(),
    instance: v.string(),
    degraded: v.boolean(),
    store: v.object({ kind: v.string(), available: v.boolean() }),
    executions: v.object({ active: count, running: count, waiting: count }),
    pool: v.object({ threads: count, begun: count, waiting: count }),
    cluster: v.nullable(
      v.object({
        boot_id: v.pipe(v.string(), v.description("New at each start")),
        lanes: v.pipe(count, v.description("Lanes of executions that this instance owns")),
        events: v.nullable(v.object({ available: v.boolean(), reason: v.optional(v.string()) })),
        outbox_bytes: v.pipe(count, v.description("Events that are not published yet, over all instances")),
      }),
    ),
  }),
);
export const readyAnswer = v.object({ ready: v.literal(true) });

/** Shown under this name, once, in the document's components. */
function named<S extends v.GenericSchema>(ref: string, schema: S) {
  return v.pipe(schema, v.metadata({ ref }));
}
