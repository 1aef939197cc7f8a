/** The descriptions of the routes that create: what they take and answer. */
import * as v from "valibot";
import { workflowSchema } from "../../workflow/definition/definition.ts";
import { chainExample, parallelFetchExample, paramsExample } from "../openapi/examples.ts";
import { resultsAnswer, waitedExample } from "../openapi/results.ts";
import { SAMPLE } from "../openapi/sample.ts";
import { executionId, executionStatus, named, warnings } from "../openapi/shapes.ts";
import type { BodyDescription, RouteDescription } from "../routing/description.ts";

const definitions = {
  parallel: { summary: "Three parallel calls", value: parallelFetchExample },
  chain: { summary: "A chain whose nodes use earlier outputs", value: chainExample },
};

export const WORKFLOW_BODY: BodyDescription = {
  required: true,
  description: "A workflow's definition, as JSON or YAML.",
  schema: named("Workflow", workflowSchema),
  examples: definitions,
};

/** Any object, which is not copied. */
const anyMap = v.custom<object>(() => true);

export const SUBMISSION_BODY: BodyDescription = {
  required: true,
  description: "A workflow's definition, as JSON or YAML; with `trigger=true` also one with its params.",
  schema: named("Submission", v.union([workflowSchema, v.object({ definition: workflowSchema, params: v.nullish(anyMap) })])),
  examples: {
    ...definitions,
    started: { summary: "With trigger=true: a definition and its params", value: { definition: parallelFetchExample, ...paramsExample } },
  },
};

const createdAnswer = named(
  "Created",
  v.object({ execution_id: executionId, name: v.string(), status: v.literal("PENDING"), message: v.string(), warnings }),
);
const startedAnswer = named(
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

const { id, name } = SAMPLE;
const accepted = "The workflow was accepted and triggered.";
const created = {
  execution_id: id,
  name,
  status: "PENDING",
  message: `The workflow was accepted. Start it with POST /workflows/${id}/trigger.`,
};
const started = { execution_id: id, name, status: "RUNNING", message: accepted };

const creating = {
  tag: "workflows",
  problems: ["brokenJson", "badDefinition", "tooLarge", "otherType", "badShape", "keyReused", "stopping", "failed"],
} as const;

export const SUBMITTING: RouteDescription = {
  ...creating,
  summary: "Submit a workflow",
  problems: [...creating.problems, "badWait", "badTrigger", "badParamsBeside"],
  description:
    "Checks the definition and stores an execution of it, which starts when it is triggered; with `trigger=true` at once, with the params that may then stand beside the definition. `wait`, only with that: the answer is that of the results.",
  answers: {
    201: {
      schema: v.union([createdAnswer, startedAnswer, resultsAnswer]),
      examples: { created, started, with_wait: waitedExample(accepted) },
      description: "The execution is stored; `Location` has its address.",
      headers: ["Location"],
    },
  },
};

export const SUBMITTING_OLDER: RouteDescription = {
  ...creating,
  summary: "Submit a workflow (older form)",
  description:
    "The same as POST /workflows, answered with 200; and a trigger's params may change the config of every node, unless `overrides` says of which.",
  answers: { 200: { schema: createdAnswer, examples: { created }, description: "The execution is stored.", headers: ["Location"] } },
};
