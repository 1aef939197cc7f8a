/** /workflows: new executions in, the list of them out. Also POST /workflow, where an older system's clients send theirs. */
import type { Context } from "hono";
import { EXAMPLES } from "../openapi/answer-examples.ts";
import type { DefinitionForm } from "../../engine/engine.ts";
import { createdAnswer, submittedAnswer, workflowsAnswer } from "../openapi/answers.ts";
import { encodeCursor, linkToNext } from "../routing/cursor.ts";
import { summaryJson } from "../answer/execution-json.ts";
import { jsonAnswer, quote, quoteOrNull } from "../answer/json-text.ts";
import { bodyOf } from "../answer/long-text.ts";
import type { HttpEnv, HttpParts } from "../routing/parts.ts";
import { type Problem, problemAnswer, unavailable } from "../routing/problem.ts";
import { createQuery, idempotencyHeader, listQuery, PAGE_DEFAULT } from "../routing/query.ts";
import type { Routes } from "../routing/routes.ts";
import { resultsLength, resultsTexts } from "../answer/results-json.ts";
import { submit } from "../request/submission.ts";
import { waitForEnd } from "../routing/waiting.ts";

export function workflowRoutes(routes: Routes, parts: HttpParts): void {
  const { engine } = parts;

  type Creating = { readonly route: string; readonly form: DefinitionForm; readonly status: 200 | 201 };

  async function create(c: Context<HttpEnv>, { route, form, status }: Creating, idempotencyKey: string | undefined): Promise<Response> {
    const submitted = await submit(parts, c, { form, route, idempotencyKey, trigger: "none" });
    if (!submitted.ok) return problemAnswer(submitted.problem);
    const { id, definition, warnings } = submitted;
    const message = `The workflow was accepted. Start it with POST /workflows/${id}/trigger.`;
    const text = `{"execution_id":${quote(id)},"name":${quote(definition.plan.name)},"status":"PENDING","message":${quote(message)}${warnings}}`;
    return jsonAnswer(status, text, { location: `/workflows/${id}` });
  }

  /** One commit: an instance that dies leaves both, or neither. */
  async function createTriggered(c: Context<HttpEnv>, key: string | undefined, waitMs: number | undefined): Promise<Response> {
    const { form, route } = CANONICAL;
    const submitted = await submit(parts, c, { form, route, idempotencyKey: key, trigger: "with params" });
    if (!submitted.ok) return problemAnswer(submitted.problem);
    const { id, definition, warnings } = submitted;
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
    const text = `{"execution_id":${quote(id)},"name":${quote(definition.plan.name)},"status":"${status}","message":${quote(message)}${warnings}}`;
    return jsonAnswer(201, text, headers);
  }

  const CANONICAL: Creating = { route: "POST /workflows", form: "workflow", status: 201 };
  const OLDER: Creating = { route: "POST /workflow", form: "overridable", status: 200 };

  const creating = {
    tag: "workflows",
    body: "workflow",
    problems: ["brokenJson", "badDefinition", "tooLarge", "otherType", "badShape", "keyReused", "stopping", "failed"],
  } as const;

  routes.add({
    method: "POST",
    path: "/workflows",
    description: {
      ...creating,
      summary: "Submit a workflow",
      body: "submission",
      problems: [...creating.problems, "badWait", "badTrigger", "badParamsBeside"],
      description:
        "Checks the definition and stores an execution of it, which starts when it is triggered; with `trigger=true` at once, with the params that may then stand beside the definition. `wait`, only with that: the answer is that of the results.",
      answers: {
        201: {
          schema: submittedAnswer,
          examples: { created: EXAMPLES.created, started: EXAMPLES.started, with_wait: EXAMPLES.startedWithWait },
          description: "It is stored; Location tells where.",
          headers: ["Location"],
        },
      },
    },
    header: idempotencyHeader,
    query: createQuery,
    answer(c, { header, query }) {
      const key = header["idempotency-key"];
      if (query.trigger) return createTriggered(c, key, query.wait);
      return query.wait === undefined ? create(c, CANONICAL, key) : problemAnswer(NOTHING_TO_WAIT_FOR);
    },
  });

  routes.add({
    method: "POST",
    path: "/workflow",
    description: {
      ...creating,
      summary: "Submit a workflow (older form)",
      description:
        "The same as POST /workflows, answered with 200; and a trigger's params may change the config of every node, unless `overrides` says of which.",
      answers: {
        200: { schema: createdAnswer, examples: { created: EXAMPLES.created }, description: "It is stored.", headers: ["Location"] },
      },
    },
    header: idempotencyHeader,
    answer: (c, { header }) => create(c, OLDER, header["idempotency-key"]),
  });

  routes.add({
    method: "GET",
    path: "/workflows",
    description: {
      tag: "workflows",
      summary: "List executions",
      description: "Newest first. A page ends with `next_cursor` (and a `Link` header) where there are more.",
      answers: { 200: { schema: workflowsAnswer, examples: { page: EXAMPLES.executions }, description: "A page.", headers: ["Link"] } },
      problems: ["badLimit", "storeAway", "failed"],
    },
    query: listQuery,
    async answer(c, { query }) {
      const { status, name, tag, cursor, limit = PAGE_DEFAULT } = query;
      const found = await engine.list({
        ...(status === undefined ? {} : { status }),
        ...(name === undefined ? {} : { name }),
        ...(tag === undefined ? {} : { tag }),
        ...(cursor == null ? {} : { before: cursor }),
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const next = found.length > limit && last !== undefined ? encodeCursor(last) : null;
      const text = `{"workflows":[${page.map(summaryJson).join(",")}],"next_cursor":${quoteOrNull(next)}}`;
      return jsonAnswer(200, text, next === null ? null : { link: linkToNext(c.req.url, next) });
    },
  });
}

/** Retention came between: the same request makes it anew. */
const DELETED = unavailable({ type: "unavailable", reason: "The execution has just been deleted.", retryAfterMs: 1_000 });
const NOTHING_TO_WAIT_FOR: Problem = {
  status: 422,
  detail: "In the query, wait is not usable: nothing starts without trigger=true.",
  errors: [{ path: "query.wait", message: "Expected only with trigger=true" }],
};
