/** /workflows: new executions in, the list of them out. Also POST /workflow, where an older system's clients send theirs. */
import { EXAMPLES } from "./openapi/answer-examples.ts";
import type { DefinitionForm } from "../engine.ts";
import { createdAnswer, workflowsAnswer } from "./openapi/answers.ts";
import { encodeCursor } from "./cursor.ts";
import { summaryJson } from "./execution-json.ts";
import { jsonAnswer, quote, quoteOrNull } from "./json-text.ts";
import type { HttpParts } from "./parts.ts";
import { problemAnswer } from "./problem.ts";
import { idempotencyHeader, listQuery, PAGE_DEFAULT } from "./query.ts";
import type { Routes } from "./routes.ts";
import { submit, warningsMember } from "./submission.ts";

export function workflowRoutes(routes: Routes, parts: HttpParts): void {
  const { engine } = parts;

  type Creating = { readonly route: string; readonly form: DefinitionForm; readonly status: 200 | 201 };

  async function create(request: Request, { route, form, status }: Creating, idempotencyKey: string | undefined): Promise<Response> {
    const submitted = await submit(parts, request, { form, route, idempotencyKey, trigger: null });
    if (!submitted.ok) return problemAnswer(submitted.problem);
    const { id, definition } = submitted;
    const message = `The workflow was accepted. Start it with POST /workflows/${id}/trigger.`;
    const text = `{"execution_id":${quote(id)},"name":${quote(definition.plan.name)},"status":"PENDING","message":${quote(message)}${warningsMember(definition)}}`;
    return jsonAnswer(status, text, { location: `/workflows/${id}` });
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
      problems: [...creating.problems, "unknownParameter"],
      description: "Checks the definition and stores an execution of it, which starts when it is triggered.",
      answers: {
        201: {
          schema: createdAnswer,
          examples: { created: EXAMPLES.created },
          description: "It is stored; Location tells where.",
          headers: ["Location"],
        },
      },
    },
    header: idempotencyHeader,
    answer: (c, { header }) => create(c.req.raw, CANONICAL, header["idempotency-key"]),
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
    answer: (c, { header }) => create(c.req.raw, OLDER, header["idempotency-key"]),
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

/** RFC 8288: the same list from the cursor on, relative to this server. */
export function linkToNext(url: string, cursor: string): string {
  const next = new URL(url);
  next.searchParams.set("cursor", cursor);
  return `<${next.pathname}${next.search}>; rel="next"`;
}
