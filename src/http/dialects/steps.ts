/** /api/workflow and /api/workflows: the routes of the older system whose workflows are steps. */
import { EXAMPLES } from "../openapi/answer-examples.ts";
import { encodeCursor, linkToNext } from "../routing/cursor.ts";
import { jsonAnswer, quote } from "../answer/json-text.ts";
import { bodyOf } from "../answer/long-text.ts";
import { acceptedStepsAnswer, stepsAnswer, stepsListAnswer } from "../openapi/answers.ts";
import type { HttpParts } from "../routing/parts.ts";
import { NOT_FOUND, problemAnswer } from "../routing/problem.ts";
import { idempotencyHeader, PAGE_MAX, stepsListQuery, waitQuery } from "../routing/query.ts";
import type { Routes } from "../routing/routes.ts";
import { submit } from "../request/submission.ts";
import { waitForEnd } from "../routing/waiting.ts";
import { stepsTexts } from "./steps-json.ts";
import { stepsPage, stepsPageTexts } from "./steps-page.ts";

export function stepsRoutes(routes: Routes, parts: HttpParts): void {
  const { engine } = parts;

  routes.add({
    method: "POST",
    path: "/api/workflow",
    description: {
      tag: "steps",
      summary: "Submit a workflow of steps",
      description: "It starts at once. With `wait` the answer also holds all that GET /api/workflow/{id} tells.",
      body: "steps",
      answers: {
        202: {
          schema: acceptedStepsAnswer,
          examples: { accepted: EXAMPLES.stepsAccepted, with_wait: EXAMPLES.stepsAcceptedWithWait },
          description: "It is stored and has been started.",
          headers: ["Location"],
        },
      },
      problems: ["brokenJson", "badSteps", "tooLarge", "otherType", "badStepsShape", "keyReused", "badWait", "stopping", "failed"],
    },
    header: idempotencyHeader,
    query: waitQuery,
    async answer(c, { header, query }) {
      const submitted = await submit(parts, c, {
        form: "steps",
        route: "POST /api/workflow",
        idempotencyKey: header["idempotency-key"],
        trigger: "alone",
      });
      if (!submitted.ok) return problemAnswer(submitted.problem);
      const { id, warnings } = submitted;
      const headers = { location: `/api/workflow/${id}` };
      const own = `"workflow_id":${quote(id)},"message":"The workflow was accepted and started."${warnings}`;
      const waitMs = query.wait;
      if (waitMs === undefined) return jsonAnswer(202, `{"status":"pending",${own}}`, headers);
      await waitForEnd(c, parts, id, waitMs);
      const view = await engine.view(id);
      return view === null ? problemAnswer(NOT_FOUND) : jsonAnswer(202, await bodyOf(stepsTexts(engine, view, `,${own}`), parts), headers);
    },
  });

  routes.add({
    method: "GET",
    path: "/api/workflow/:id",
    description: {
      tag: "steps",
      summary: "Status of a workflow, by steps",
      description: "What was submitted in another form shows as one parallel step per level of its graph.",
      answers: { 200: { schema: stepsAnswer, examples: { ended: EXAMPLES.steps }, description: "As the store has it." } },
      problems: ["noExecution", "storeAway", "failed"],
    },
    async answer(c) {
      const view = await engine.view(c.req.param("id"));
      return view === null ? problemAnswer(NOT_FOUND) : jsonAnswer(200, await bodyOf(stepsTexts(engine, view), parts));
    },
  });

  routes.add({
    method: "GET",
    path: "/api/workflows",
    description: {
      tag: "steps",
      summary: "List workflows, by steps",
      description: "Newest first. `Link` leads to the next page where there are more, or where the page would be very large.",
      answers: { 200: { schema: stepsListAnswer, examples: { page: EXAMPLES.stepsList }, description: "A page.", headers: ["Link"] } },
      problems: ["badLimit", "storeAway", "failed"],
    },
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
