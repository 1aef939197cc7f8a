/** POST /workflows/{execution_id}/trigger, and the same under an older system's path: starts an execution, once. */
import { EXAMPLES } from "../openapi/answer-examples.ts";
import type { Context } from "hono";
import { type ExecutionStatus, isTerminal, type TriggerResult } from "../../engine/engine.ts";
import { queuedAnswer as queuedAnswerSchema, triggeredAnswer } from "../openapi/answers.ts";
import { readDocument } from "../request/document.ts";
import { jsonAnswer, quote } from "../answer/json-text.ts";
import { bodyOf } from "../answer/long-text.ts";
import { paramsOf } from "../request/params.ts";
import type { HttpEnv, HttpParts } from "../routing/parts.ts";
import { NOT_FOUND, problemAnswer, unavailable } from "../routing/problem.ts";
import { waitQuery } from "../routing/query.ts";
import type { Routes } from "../routing/routes.ts";
import { resultsLength, resultsTexts } from "../answer/results-json.ts";
import { waitForEnd } from "../routing/waiting.ts";

export function triggerRoutes(routes: Routes, parts: HttpParts): void {
  const { engine, limits } = parts;

  /** `form`: the older one has no word for a trigger that is stored and not answered yet. */
  async function trigger(c: Context<HttpEnv>, id: string, waitMs: number | undefined, form: "canonical" | "older"): Promise<Response> {
    const isAdmitted = c.env?.isAdmitted === true;
    const refusal = isAdmitted ? null : engine.admit("trigger");
    if (refusal !== null) return problemAnswer(unavailable(refusal));
    const document = await readDocument(c.req.raw, parts);
    if (!document.ok) return problemAnswer(document.problem);
    const body = await paramsOf(document.text, engine, limits.nesting);
    if (!body.ok) return problemAnswer(body.problem);

    const result = await engine.trigger(id, body.params);
    if (result.type === "not_found") return problemAnswer(NOT_FOUND);
    if (result.type === "unavailable") return problemAnswer(unavailable(result));
    if (result.type === "queued") return queuedAnswer(id, result.commandId, form);
    if (waitMs !== undefined) return answerWithResults(c, id, waitMs, result);
    const status = result.type === "triggered" ? "triggered" : result.status;
    return jsonAnswer(200, `{"execution_id":${quote(id)},"status":"${status}","message":${quote(messageOf(result))}}`);
  }

  async function answerWithResults(c: Context<HttpEnv>, id: string, waitMs: number, result: Accepted): Promise<Response> {
    if (result.type === "triggered" || !isTerminal(result.status)) await waitForEnd(c, parts, id, waitMs);
    const view = await engine.view(id);
    if (view === null) return problemAnswer(NOT_FOUND);
    return jsonAnswer(200, await bodyOf(resultsTexts(engine, view, { trigger: messageOf(result) }), parts, resultsLength(view)));
  }

  function queuedAnswer(id: string, commandId: string, form: "canonical" | "older"): Response {
    if (form === "older") return problemAnswer(unavailable({ type: "unavailable", reason: QUEUED, retryAfterMs: 1_000 }));
    return jsonAnswer(
      202,
      `{"execution_id":${quote(id)},"status":"accepted","command_id":${quote(commandId)},"message":${quote(`${QUEUED}.`)}}`,
    );
  }

  const triggering = {
    tag: "workflows",
    description:
      "Its body, which may be left out, gives the params. An execution runs once: triggering what runs or has ended changes nothing, and `message` says so. With `wait` the answer is that of the results, with this message in `trigger`.",
    body: "trigger",
    answers: {
      200: {
        schema: triggeredAnswer,
        examples: { triggered: EXAMPLES.triggered, with_wait: EXAMPLES.triggeredWithWait },
        description: "It runs, or was triggered before.",
      },
    },
    problems: ["brokenJson", "noExecution", "tooLarge", "otherType", "badParams", "badWait", "stopping", "failed"],
  } as const;

  routes.add({
    method: "POST",
    path: "/workflows/:execution_id/trigger",
    description: {
      ...triggering,
      summary: "Start an execution",
      answers: {
        ...triggering.answers,
        202: {
          schema: queuedAnswerSchema,
          examples: { queued: EXAMPLES.queued },
          description: "It is stored, and the instance that owns the execution has not answered yet.",
        },
      },
    },
    query: waitQuery,
    answer: (c, { query }) => trigger(c, c.req.param("execution_id"), query.wait, "canonical"),
  });

  routes.add({
    method: "POST",
    path: "/workflow/trigger/:execution_id",
    description: { ...triggering, summary: "Start an execution (older form)" },
    query: waitQuery,
    answer: (c, { query }) => trigger(c, c.req.param("execution_id"), query.wait, "older"),
  });
}

const QUEUED = "The trigger is stored for the instance that owns this execution, which has not answered yet";

type Accepted = Extract<TriggerResult, { type: "triggered" | "already" }>;

function messageOf(result: Accepted): string {
  return result.type === "triggered" ? "The workflow was triggered." : `${alreadyOf(result.status)}; nothing was changed.`;
}

function alreadyOf(status: ExecutionStatus): string {
  switch (status) {
    case "PENDING":
      return "The workflow was already triggered and waits for room to run";
    case "RUNNING":
    case "PAUSED":
      return "The workflow was already triggered and is running";
    case "COMPLETED":
    case "FAILED":
    case "CANCELLED":
      return `The workflow has already ended (${status})`;
  }
}
