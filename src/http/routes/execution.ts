/** GET /workflows/{execution_id}: how far an execution is. */
import type { ExecutionView } from "../../engine/engine.ts";
import { hashOf } from "../../env/ids.ts";
import { EXAMPLES } from "../openapi/answer-examples.ts";
import { executionAnswer } from "../openapi/answers.ts";
import { isCurrent, notModified } from "../answer/etag.ts";
import { executionLength, executionTexts, summaryOnlyJson } from "../answer/execution-json.ts";
import { jsonAnswer } from "../answer/json-text.ts";
import { bodyOf } from "../answer/long-text.ts";
import type { HttpParts } from "../routing/parts.ts";
import { NOT_FOUND, problemAnswer } from "../routing/problem.ts";
import { viewQuery } from "../routing/query.ts";
import type { Routes } from "../routing/routes.ts";

export function executionRoute(routes: Routes, parts: HttpParts): void {
  const { engine } = parts;
  routes.add({
    method: "GET",
    path: "/workflows/:execution_id",
    description: {
      tag: "workflows",
      summary: "Status of an execution",
      description:
        "Its state and the state of each node, in the definition's order. An output above 64 KiB is null here, with its size in `output_bytes`; the results have it. With `view=summary` it is read from a small record, whatever the number of nodes: without the nodes and without `failure`. With `If-None-Match` an answer that has not changed is 304.",
      answers: {
        200: { schema: executionAnswer, examples: { full: EXAMPLES.execution }, description: "As the store has it.", headers: ["ETag"] },
        304: { description: "Nothing has changed since the answer with this ETag.", headers: ["ETag"] },
      },
      problems: ["noExecution", "badView", "storeAway", "failed"],
    },
    query: viewQuery,
    async answer(c, { query }) {
      const id = c.req.param("execution_id");
      const known = c.req.header("if-none-match");
      if (query.view === "summary") {
        const summary = await engine.summary(id);
        if (summary === null) return problemAnswer(NOT_FOUND);
        const stalled = engine.isStalled(id);
        const headers = headersOf(summary.sequence, stalled);
        return isCurrent(headers.etag, known) ? notModified(headers) : jsonAnswer(200, summaryOnlyJson(summary, stalled), headers);
      }
      const view = await engine.view(id);
      if (view === null) return problemAnswer(NOT_FOUND);
      const headers = headersOf(view.sequence, view.stalled, reasonsIn(view));
      return isCurrent(headers.etag, known)
        ? notModified(headers)
        : jsonAnswer(200, await bodyOf(executionTexts(view), parts, executionLength(view)), headers);
    },
  });
}

/** The sequence rises with all that happens to an execution; a stall is no event, nor that another instance has a handler now. */
function headersOf(sequence: number, stalled: boolean, reasons = "") {
  return { etag: `"${sequence}${stalled ? "-stalled" : ""}${reasons}"`, "cache-control": "no-cache" };
}

/** What its nodes wait for, in short. */
function reasonsIn({ nodes }: ExecutionView): string {
  let reasons = "";
  for (const { id, reason } of nodes) if (reason !== null) reasons += `${id} ${reason}\n`;
  return reasons === "" ? "" : `-${hashOf(reasons)}`;
}
