/** GET /workflows/{execution_id}/results: the outputs of an execution. */
import { isTerminal } from "../../engine/engine.ts";
import { resultsAnswer, resultsExample } from "../openapi/results.ts";
import { jsonAnswer } from "../answer/json-text.ts";
import { bodyOf } from "../answer/long-text.ts";
import type { HttpParts } from "../routing/parts.ts";
import { NOT_FOUND, problemAnswer } from "../routing/problem.ts";
import { waitQuery } from "../routing/query.ts";
import type { Routes } from "../routing/routes.ts";
import { resultsLength, resultsTexts } from "../answer/results-json.ts";
import { waitForEnd } from "../routing/waiting.ts";

export function resultsRoute(routes: Routes, parts: HttpParts): void {
  routes.add({
    method: "GET",
    path: "/workflows/:execution_id/results",
    description: {
      tag: "workflows",
      summary: "Results of an execution",
      description: "The output of each node that has completed. Before the end: the outputs so far, with `completed` false.",
      answers: { 200: { schema: resultsAnswer, examples: { ended: resultsExample }, description: "All outputs so far." } },
      problems: ["noExecution", "badWait", "storeAway", "failed"],
    },
    query: waitQuery,
    async answer(c, { query }) {
      const id = c.req.param("execution_id");
      const waitMs = query.wait;
      let view = await parts.engine.view(id);
      // An execution that has ended, or does not exist, is not waited for.
      if (view !== null && !isTerminal(view.status) && waitMs !== undefined) {
        await waitForEnd(c, parts, id, waitMs);
        view = await parts.engine.view(id);
      }
      return view === null
        ? problemAnswer(NOT_FOUND)
        : jsonAnswer(200, await bodyOf(resultsTexts(parts.engine, view), parts, resultsLength(view)));
    },
  });
}
