/** /api/workflow and /api/workflows: the routes of the older system whose workflows are steps. */
import type { Context } from "hono";
import { jsonAnswer, quote } from "../answer/json-text.ts";
import { bodyOf } from "../answer/long-text.ts";
import { routeBody } from "../request/route-body.ts";
import { submit } from "../request/submission.ts";
import { encodeCursor, linkToNext } from "../routing/cursor.ts";
import type { HttpEnv, HttpParts } from "../routing/parts.ts";
import { NOT_FOUND, problemAnswer } from "../routing/problem.ts";
import { idempotencyHeader, PAGE_MAX, stepsListQuery, waitQuery } from "../routing/query.ts";
import type { Routes } from "../routing/routes.ts";
import { waitForEnd } from "../routing/waiting.ts";
import { LISTING_STEPS, STEPS_BODY, SUBMITTING_STEPS, VIEWING_STEPS } from "./steps-described.ts";
import { stepsTexts } from "./steps-json.ts";
import { stepsPage, stepsPageTexts } from "./steps-page.ts";

/** Options of these routes: their clients may send parameters of that system. */
const older = { otherParameters: "ignored" } as const;

export function stepsRoutes(routes: Routes, parts: HttpParts): void {
  const { engine } = parts;
  routes.add({
    ...older,
    method: "POST",
    path: "/api/workflow",
    description: SUBMITTING_STEPS,
    header: idempotencyHeader,
    query: waitQuery,
    body: routeBody(STEPS_BODY, (text) => ({ ok: true, value: text })),
    work: "create",
    answer: (c, { header, query, body }) => start(c, parts, { text: body, key: header["idempotency-key"], waitMs: query.wait }),
  });
  routes.add({
    ...older,
    method: "GET",
    path: "/api/workflow/:id",
    description: VIEWING_STEPS,
    async answer(c) {
      const view = await engine.view(c.req.param("id"));
      return view === null ? problemAnswer(NOT_FOUND) : jsonAnswer(200, await bodyOf(stepsTexts(engine, view), parts));
    },
  });
  routes.add({
    ...older,
    method: "GET",
    path: "/api/workflows",
    description: LISTING_STEPS,
    query: stepsListQuery,
    async answer(c, { query }) {
      const { cursor, limit = PAGE_MAX } = query;
      const found = await engine.list({ ...(cursor == null ? {} : { before: cursor }), limit: limit + 1 });
      const page = await stepsPage(engine, found.slice(0, limit));
      const last = found[page.taken - 1];
      const more = last !== undefined && page.taken < found.length;
      return jsonAnswer(
        200,
        await bodyOf(stepsPageTexts(engine, page.views), parts),
        more ? { link: linkToNext(c.req.url, encodeCursor(last)) } : null,
      );
    },
  });
}

type Sent = { readonly text: string; readonly key: string | undefined; readonly waitMs: number | undefined };

async function start(c: Context<HttpEnv>, parts: HttpParts, { text, key, waitMs }: Sent): Promise<Response> {
  const { engine } = parts;
  const submitted = await submit(parts, { text, form: "steps", route: "POST /api/workflow", idempotencyKey: key, trigger: "alone" });
  if (!submitted.ok) return problemAnswer(submitted.problem);
  const { id, warnings } = submitted;
  const headers = { location: `/api/workflow/${id}` };
  const own = `"workflow_id":${quote(id)},"message":"The workflow was accepted and started."${warnings}`;
  if (waitMs === undefined) return jsonAnswer(202, `{"status":"pending",${own}}`, headers);
  await waitForEnd(c, parts, id, waitMs);
  const view = await engine.view(id);
  return view === null ? problemAnswer(NOT_FOUND) : jsonAnswer(202, await bodyOf(stepsTexts(engine, view, `,${own}`), parts), headers);
}
