/** POST /workflows: new executions. Also POST /workflow, where an older system's clients send theirs. */
import type { Context } from "hono";
import type { CheckedDefinition, DefinitionForm } from "../../engine/engine.ts";
import { jsonAnswer, quote } from "../answer/json-text.ts";
import { bodyOf } from "../answer/long-text.ts";
import { resultsLength, resultsTexts } from "../answer/results-json.ts";
import { routeBody } from "../request/route-body.ts";
import { submit } from "../request/submission.ts";
import type { HttpEnv, HttpParts } from "../routing/parts.ts";
import { type Problem, problemAnswer, unavailable } from "../routing/problem.ts";
import { createQuery, idempotencyHeader } from "../routing/query.ts";
import type { Routes } from "../routing/routes.ts";
import { waitForEnd } from "../routing/waiting.ts";
import { SUBMISSION_BODY, SUBMITTING, SUBMITTING_OLDER, WORKFLOW_BODY } from "./create-described.ts";

export function creationRoutes(routes: Routes, parts: HttpParts): void {
  routes.add({
    method: "POST",
    path: "/workflows",
    description: SUBMITTING,
    header: idempotencyHeader,
    query: createQuery,
    body: routeBody(SUBMISSION_BODY, asItIs),
    work: "create",
    contradiction: ({ query }) => (query.wait !== undefined && !query.trigger ? NOTHING_TO_WAIT_FOR : null),
    answer(c, { header, query, body }) {
      const sent: Sent = { text: body, key: header["idempotency-key"] };
      return query.trigger ? createTriggered(c, parts, sent, query.wait) : create(parts, CANONICAL, sent);
    },
  });
  routes.add({
    method: "POST",
    path: "/workflow",
    description: SUBMITTING_OLDER,
    otherParameters: "ignored",
    header: idempotencyHeader,
    body: routeBody(WORKFLOW_BODY, asItIs),
    work: "create",
    answer: (_, { header, body }) => create(parts, OLDER, { text: body, key: header["idempotency-key"] }),
  });
}

type Sent = { readonly text: string; readonly key: string | undefined };
type Creating = { readonly route: string; readonly form: DefinitionForm; readonly status: 200 | 201 };

const CANONICAL: Creating = { route: "POST /workflows", form: "workflow", status: 201 };
const OLDER: Creating = { route: "POST /workflow", form: "overridable", status: 200 };

async function create(parts: HttpParts, { route, form, status }: Creating, { text, key }: Sent): Promise<Response> {
  const submitted = await submit(parts, { text, form, route, idempotencyKey: key, trigger: "none" });
  if (!submitted.ok) return problemAnswer(submitted.problem);
  const { id } = submitted;
  const message = `The workflow was accepted. Start it with POST /workflows/${id}/trigger.`;
  return jsonAnswer(status, createdText({ ...submitted, status: "PENDING", message }), { location: `/workflows/${id}` });
}

/** Creates and triggers in one commit: if the instance dies, both are stored or neither. */
async function createTriggered(c: Context<HttpEnv>, parts: HttpParts, { text, key }: Sent, waitMs: number | undefined): Promise<Response> {
  const { engine } = parts;
  const { form, route } = CANONICAL;
  const submitted = await submit(parts, { text, form, route, idempotencyKey: key, trigger: "with params" });
  if (!submitted.ok) return problemAnswer(submitted.problem);
  const { id, warnings } = submitted;
  const headers = { location: `/workflows/${id}` };
  const message = "The workflow was accepted and triggered.";
  if (waitMs !== undefined) {
    await waitForEnd(c, parts, id, waitMs);
    const view = await engine.view(id);
    if (view === null) return problemAnswer(DELETED);
    return jsonAnswer(201, await bodyOf(resultsTexts(engine, view, { trigger: message, warnings }), parts, resultsLength(view)), headers);
  }
  const status = submitted.status ?? (await engine.summary(id))?.status;
  if (status === undefined) return problemAnswer(DELETED);
  return jsonAnswer(201, createdText({ ...submitted, status, message }), headers);
}

type Created = {
  readonly id: string;
  readonly definition: CheckedDefinition;
  readonly status: string;
  readonly message: string;
  readonly warnings: string;
};

function createdText({ id, definition, status, message, warnings }: Created): string {
  return `{"execution_id":${quote(id)},"name":${quote(definition.plan.name)},"status":"${status}","message":${quote(message)}${warnings}}`;
}

/** The body unchanged. A definition that may be large is checked in a thread. */
function asItIs(text: string) {
  return { ok: true, value: text } as const;
}

/** Retention came in between: the same request creates the execution again. */
const DELETED = unavailable({ type: "unavailable", reason: "The execution has just been deleted.", retryAfterMs: 1_000 });
const NOTHING_TO_WAIT_FOR: Problem = {
  status: 422,
  detail: "In the query, wait is not usable: nothing starts without trigger=true.",
  errors: [{ path: "query.wait", message: "Expected only with trigger=true" }],
};
