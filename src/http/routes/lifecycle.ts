/** POST /workflows/{execution_id}/cancel, /pause and /resume: an execution ends before its time, or rests for a while. */
import * as v from "valibot";
import type { ClientCommand, ExecutionStatus } from "../../engine/engine.ts";
import { queuedDescription } from "../openapi/queued.ts";
import { SAMPLE } from "../openapi/sample.ts";
import { executionId, executionStatus, named } from "../openapi/shapes.ts";
import { routeBody } from "../request/route-body.ts";
import type { ProblemName } from "../routing/refusals.ts";
import { commandRoute, conflictOf, type Decided } from "./command-route.ts";

const REASON_LENGTH_MAX = 1_000;

const changedAnswer = named(
  "Changed",
  v.object({
    execution_id: executionId,
    status: v.pipe(executionStatus, v.description("The status after the command")),
    changed: v.pipe(v.boolean(), v.description("False: the status was so before")),
    message: v.string(),
  }),
);

const cancelBody = routeBody({
  required: false,
  description: "The body may be left out.",
  schema: v.object({
    reason: v.optional(
      v.pipe(v.nullable(v.pipe(v.string(), v.maxLength(REASON_LENGTH_MAX))), v.description("Shown as the execution's `error`")),
      null,
    ),
    force: v.optional(v.pipe(v.boolean(), v.description("Reserved for executions that end in steps, which do not exist yet")), false),
  }),
  examples: {
    reason: { summary: "With a reason", value: { reason: "The order was withdrawn." } },
    none: { summary: "Without one", value: {} },
  },
});

type Told = { readonly changed: string; readonly unchanged: string };

/** The common part of all three routes. `shown`: what the example shows. */
function parts({ changed, unchanged, shown, queued }: Told & { readonly shown: ExecutionStatus; readonly queued: string }) {
  return {
    answersQueued: true,
    queued,
    answers: {
      200: {
        schema: changedAnswer,
        examples: { changed: { execution_id: SAMPLE.id, status: shown, changed: true, message: changed } },
        description: "The execution has the wanted status.",
      },
      202: queuedDescription(queued),
    },
    words(receipt: Decided) {
      if (receipt.type === "rejected") return { problem: conflictOf(receipt) };
      const { status = shown, changed: hasChanged = true } = receipt;
      return { words: { status, changed: hasChanged, message: hasChanged ? changed : unchanged } };
    },
  } as const;
}

const REFUSALS = ["noExecution", "stopping", "failed"] as const satisfies readonly ProblemName[];

const { answers: cancelAnswers, ...cancel } = parts({
  changed: "The workflow was cancelled.",
  unchanged: "The workflow was cancelled before; nothing was changed.",
  shown: "CANCELLED",
  queued: "The cancel is stored for the instance that owns this execution, which has not answered yet",
});

export const CANCEL = commandRoute({
  ...cancel,
  method: "POST",
  path: "/workflows/:execution_id/cancel",
  description: {
    tag: "workflows",
    summary: "Cancel an execution",
    description:
      "Nothing of it begins any more, and what runs is told to stop by its signal; a handler that does not stop is ended with its thread after a while. The execution is CANCELLED at once, and `GET` shows when its last node has stopped. It may be cancelled before its trigger, while it runs and while it is paused; cancelling it again changes nothing.",
    answers: cancelAnswers,
    problems: [...REFUSALS, "brokenJson", "tooLarge", "otherType", "badCancel", "alreadyFinished"],
  },
  body: cancelBody,
  // Half of a character would be another text in the log than in a store's own columns.
  command: ({ body }): ClientCommand => ({ type: "Cancel", reason: body?.reason?.toWellFormed() ?? null }),
});

const { answers: pauseAnswers, ...pause } = parts({
  changed: "The workflow is paused: what runs goes on, and nothing begins until it is resumed.",
  unchanged: "The workflow was paused before; nothing was changed.",
  shown: "PAUSED",
  queued: "The pause is stored for the instance that owns this execution, which has not answered yet",
});

export const PAUSE = commandRoute({
  ...pause,
  method: "POST",
  path: "/workflows/:execution_id/pause",
  description: {
    tag: "workflows",
    summary: "Pause an execution",
    description:
      "Nothing of it begins until it is resumed. Nodes that run go on, and their outcomes are recorded; if the last node ends meanwhile, the execution ends. Waits between attempts run on. It gives its room (MAX_CONCURRENT_WORKFLOWS) to others. Without a body.",
    answers: pauseAnswers,
    problems: [...REFUSALS, "notRunning"],
  },
  command: (): ClientCommand => ({ type: "Pause" }),
});

const { answers: resumeAnswers, ...resume } = parts({
  changed: "The workflow goes on.",
  unchanged: "The workflow was not paused; nothing was changed.",
  shown: "RUNNING",
  queued: "The resume is stored for the instance that owns this execution, which has not answered yet",
});

export const RESUME = commandRoute({
  ...resume,
  method: "POST",
  path: "/workflows/:execution_id/resume",
  description: {
    tag: "workflows",
    summary: "Resume an execution",
    description: "Nodes that became ready during the pause begin, whether there is room or not. The request has no body.",
    answers: resumeAnswers,
    problems: [...REFUSALS, "notRunning"],
  },
  command: (): ClientCommand => ({ type: "Resume" }),
});
