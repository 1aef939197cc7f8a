/** GET /workflows/{execution_id}: how far an execution is. */
import { described } from "./openapi/described.ts";
import { executionAnswer } from "./openapi/answers.ts";
import { isCurrent, notModified } from "./etag.ts";
import { executionTexts, headOnlyJson } from "./execution-json.ts";
import { jsonAnswer } from "./json-text.ts";
import { bodyOf } from "./long-text.ts";
import type { App, HttpParts } from "./parts.ts";
import { NOT_FOUND, problemAnswer } from "./problem.ts";
import { checked, viewQuery } from "./query.ts";

export function executionRoute(app: App, { engine, turns }: HttpParts): void {
  app.get(
    "/workflows/:execution_id",
    described({
      tag: "workflows",
      summary: "Status of an execution",
      description:
        "Its state and the state of each node, in the definition's order. An output above 64 KiB is null here, with its size in `output_bytes`; the results have it. With `If-None-Match` an answer that has not changed is 304.",
      answers: {
        200: { schema: executionAnswer, description: "As the store has it.", headers: ["ETag"] },
        304: { description: "Nothing has changed since the answer with this ETag.", headers: ["ETag"] },
      },
      problems: [404, 422, 503],
    }),
    checked("query", viewQuery),
    async (c) => {
      const view = await engine.view(c.req.param("execution_id"));
      if (view === null) return problemAnswer(NOT_FOUND);
      // The sequence rises with all that happens to an execution; only a stall is no event.
      const etag = `"${view.sequence}${view.stalled ? "-stalled" : ""}"`;
      const headers = { etag, "cache-control": "no-cache" };
      if (isCurrent(etag, c.req.header("if-none-match"))) return notModified(headers);
      const text = c.req.valid("query").view === "summary" ? headOnlyJson(view) : await bodyOf(executionTexts(view), turns);
      return jsonAnswer(200, text, headers);
    },
  );
}
