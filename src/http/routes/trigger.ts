/** POST /workflows/{execution_id}/trigger, and the older form of it: an execution starts, with its params. */
import * as v from "valibot";
import type { ExecutionStatus } from "../../engine/engine.ts";
import { paramsByNodeExample, paramsExample } from "../openapi/examples.ts";
import { queuedDescription } from "../openapi/queued.ts";
import { resultsAnswer, waitedExample } from "../openapi/results.ts";
import { SAMPLE } from "../openapi/sample.ts";
import { executionId, executionStatus, named } from "../openapi/shapes.ts";
import { paramsOf } from "../request/params.ts";
import { routeBody } from "../request/route-body.ts";
import { waitQuery } from "../routing/query.ts";
import { commandRoute, type Decided } from "./command-route.ts";

const anyObject = { type: "object", additionalProperties: true };

/** The body: JSON text of an object, or null if there is none. */
const body = routeBody(
  {
    required: false,
    description:
      "The params: an object under `params`, or, without that, the body itself. A member whose name is a node's id and whose value is an object is also put over that node's config, key by key, where the definition allows it: for the nodes in its `overrides`, and for all nodes of what POST /workflow has created.",
    schema: {
      anyOf: [
        { type: "object", properties: { params: anyObject }, required: ["params"] },
        { ...anyObject, description: "The params themselves", properties: { params: { type: "null" } } },
        { type: "null", description: "No params" },
      ],
    },
    examples: {
      params: { summary: "Params under their name", value: paramsExample },
      bare: { summary: "Params as the body, here for one node's config, if the definition allows that", value: paramsByNodeExample },
      none: { summary: "No params", value: {} },
    },
  },
  (text, { engine, limits }) => paramsOf(text, engine, limits.nesting),
);

const execution_id = SAMPLE.id;
const accepted = { status: "triggered", message: "The workflow was triggered." };
const queued = "The trigger is stored for the instance that owns this execution, which has not answered yet";

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
const description = {
  tag: "workflows",
  description:
    "Its body, which may be left out, gives the params. An execution runs once: triggering what runs or has ended changes nothing, and `message` says so. With `wait` the answer is that of the results, with this message in `trigger`.",
  answers: {
    200: {
      schema: v.union([triggered, resultsAnswer]),
      examples: { triggered: { execution_id, ...accepted }, with_wait: waitedExample(accepted.message) },
      description: "The execution runs, or was triggered before.",
    },
  },
  problems: ["brokenJson", "noExecution", "tooLarge", "otherType", "badParams", "badWait", "stopping", "failed"],
} as const;

const trigger = {
  method: "POST",
  query: waitQuery,
  body,
  work: "trigger",
  queued,
} as const;

export const TRIGGER = commandRoute({
  ...trigger,
  path: "/workflows/:execution_id/trigger",
  description: { ...description, summary: "Start an execution", answers: { ...description.answers, 202: queuedDescription(queued) } },
  command: ({ body: params }) => ({ type: "Trigger", params }),
  words,
  answersQueued: true,
});

export const OLDER_TRIGGER = commandRoute({
  ...trigger,
  path: "/workflow/trigger/:execution_id",
  description: { ...description, summary: "Start an execution (older form)" },
  otherParameters: "ignored",
  command: ({ body: params }) => ({ type: "Trigger", params }),
  words,
  answersQueued: false,
});

/** The words of the answer. An execution runs once, so a second trigger is fulfilled already. */
function words(receipt: Decided) {
  if (receipt.type === "accepted") return { words: accepted };
  const { status } = receipt;
  return { words: { status, message: `${alreadyOf(status)}; nothing was changed.` } };
}

function alreadyOf(status: ExecutionStatus): string {
  switch (status) {
    case "PENDING":
      return "The workflow was already triggered and waits for room to run";
    case "RUNNING":
      return "The workflow was already triggered and is running";
    case "PAUSED":
      return "The workflow was already triggered and is paused";
    case "COMPLETED":
    case "FAILED":
    case "CANCELLED":
      return `The workflow has already ended (${status})`;
  }
}
