/** PATCH /workflows/{execution_id}: another priority for an execution that has not ended. */
import * as v from "valibot";
import { queuedDescription } from "../openapi/queued.ts";
import { SAMPLE } from "../openapi/sample.ts";
import { executionId, named } from "../openapi/shapes.ts";
import { routeBody } from "../request/route-body.ts";
import { conflictOf, commandRoute } from "./command-route.ts";

const priority = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10), v.description("0 to 10; higher begins first"));
const changed = "The priority was changed; it holds for what has not begun to wait for a thread.";
const queued = "The priority is stored for the instance that owns this execution, which has not answered yet";

export const PRIORITISE = commandRoute({
  method: "PATCH",
  path: "/workflows/:execution_id",
  description: {
    tag: "workflows",
    summary: "Change the priority of an execution",
    description:
      "It orders executions that wait for room (MAX_CONCURRENT_WORKFLOWS) and nodes that wait for a thread, and holds for what is not given to the threads yet. A node that has a priority of its own keeps that.",
    answers: {
      200: {
        schema: named("Prioritised", v.object({ execution_id: executionId, priority, changed: v.boolean(), message: v.string() })),
        examples: { changed: { execution_id: SAMPLE.id, priority: 8, changed: true, message: changed } },
        description: "It has this priority.",
      },
      202: queuedDescription(queued),
    },
    problems: ["noExecution", "stopping", "failed", "brokenJson", "tooLarge", "otherType", "badPriority", "alreadyFinished"],
  },
  body: routeBody({
    required: true,
    description: "The priority.",
    schema: v.object({ priority }),
    examples: { higher: { summary: "Before most others", value: { priority: 8 } } },
  }),
  command: ({ body }) => ({ type: "Prioritise", priority: body.priority }),
  words(receipt, { body }) {
    if (receipt.type === "rejected") return { problem: conflictOf(receipt) };
    const { changed: hasChanged = true } = receipt;
    const message = hasChanged ? changed : "It has this priority already; nothing was changed.";
    return { words: { priority: body.priority, changed: hasChanged, message } };
  },
  queued,
  answersQueued: true,
});
