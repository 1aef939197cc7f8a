/** The descriptions of the routes of the older system whose workflows are steps: what they take and answer. */
import * as v from "valibot";
import { stepsSchema } from "../../workflow/definition/definition.ts";
import { stepsExample } from "../openapi/examples.ts";
import { SAMPLE } from "../openapi/sample.ts";
import { executionId, named, output, time, warnings } from "../openapi/shapes.ts";
import type { BodyDescription, RouteDescription } from "../routing/description.ts";

export const STEPS_BODY: BodyDescription = {
  required: true,
  description: "Steps, one after the other, each with sequential or parallel tasks.",
  schema: named("Steps", stepsSchema),
  examples: { steps: { summary: "Two steps", value: stepsExample } },
};

const word = v.picklist(["pending", "running", "succeeded", "failed"]);
const task = v.object({ name: v.string(), status: word, result: output });
const step = v.object({ execution_type: v.picklist(["sequential", "parallel"]), status: word, tasks: v.record(v.string(), task) });
const members = {
  id: executionId,
  name: v.string(),
  status: word,
  steps: v.pipe(v.record(v.string(), step), v.description('By position, from "0"')),
  created_at: time,
  updated_at: time,
};
const stepsAnswer = named("StepsWorkflow", v.object(members));
const acceptedAnswer = named(
  "StepsAccepted",
  v.object({ ...v.partial(v.object(members)).entries, status: word, workflow_id: executionId, message: v.string(), warnings }),
);

const example = {
  id: SAMPLE.id,
  name: SAMPLE.name,
  status: "succeeded",
  steps: {
    "0": { execution_type: "parallel", status: "succeeded", tasks: { task_a: { name: "task_a", status: "succeeded", result: true } } },
  },
  created_at: SAMPLE.times.created_at,
  updated_at: SAMPLE.times.updated_at,
};
const accepted = { workflow_id: SAMPLE.id, message: "The workflow was accepted and started." };

export const SUBMITTING_STEPS: RouteDescription = {
  tag: "steps",
  summary: "Submit a workflow of steps",
  description: "The workflow starts at once. With `wait` the answer also holds everything that GET /api/workflow/{id} answers.",
  answers: {
    202: {
      schema: acceptedAnswer,
      examples: { accepted: { status: "pending", ...accepted }, with_wait: { ...example, ...accepted } },
      description: "The workflow is stored and has been started.",
      headers: ["Location"],
    },
  },
  problems: ["brokenJson", "badSteps", "tooLarge", "otherType", "badStepsShape", "keyReused", "badWait", "stopping", "failed"],
};

export const VIEWING_STEPS: RouteDescription = {
  tag: "steps",
  summary: "Status of a workflow, by steps",
  description: "A workflow that was submitted in another form shows as one parallel step per level of its graph.",
  answers: { 200: { schema: stepsAnswer, examples: { ended: example }, description: "The workflow as the store has it." } },
  problems: ["noExecution", "storeAway", "failed"],
};

export const LISTING_STEPS: RouteDescription = {
  tag: "steps",
  summary: "List workflows, by steps",
  description: "The list begins with the newest. `Link` leads to the next page if there are more, or if the page would be very large.",
  answers: { 200: { schema: v.array(stepsAnswer), examples: { page: [example] }, description: "A page of workflows.", headers: ["Link"] } },
  problems: ["badLimit", "storeAway", "failed"],
};
