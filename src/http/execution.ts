/** GET /workflows/{execution_id}: how far an execution is. */
import { executionAnswer } from "./openapi/answers.ts";
import { isCurrent, notModified } from "./etag.ts";
import { executionTexts, headOnlyJson } from "./execution-json.ts";
import { jsonAnswer } from "./json-text.ts";
import { bodyOf } from "./long-text.ts";
import type { HttpParts } from "./parts.ts";
import { NOT_FOUND, problemAnswer } from "./problem.ts";
import { viewQuery } from "./query.ts";
import type { Routes } from "./routes.ts";

export function executionRoute(routes: Routes, parts: HttpParts): void {
  const { engine } = parts;
  routes.add({
    method: "GET",
    path: "/workflows/:execution_id",
    description: {
      tag: "workflows",
      summary: "Status of an execution",
      description:
        "Its state and the state of each node, in the definition's order. An output above 64 KiB is null here, with its size in `output_bytes`; the results have it. With `If-None-Match` an answer that has not changed is 304.",
      answers: {
        200: { schema: executionAnswer, description: "As the store has it.", headers: ["ETag"] },
        304: { description: "Nothing has changed since the answer with this ETag.", headers: ["ETag"] },
      },
      problems: [404, 422, 503],
    },
    query: viewQuery,
    async answer(c, { query }) {
      const view = await engine.view(c.req.param("execution_id"));
      if (view === null) return problemAnswer(NOT_FOUND);
      // The sequence rises with all that happens to an execution; only a stall is no event.
      const etag = `"${view.sequence}${view.stalled ? "-stalled" : ""}"`;
      const headers = { etag, "cache-control": "no-cache" };
      if (isCurrent(etag, c.req.header("if-none-match"))) return notModified(headers);
      const text = query.view === "summary" ? headOnlyJson(view) : await bodyOf(executionTexts(view), parts);
      return jsonAnswer(200, text, headers);
    },
  });
}
