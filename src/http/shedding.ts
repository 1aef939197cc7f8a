/** Load shedding before the routes: while more work comes than can be done, a refusal costs no more than its answer. */
import type { Engine, NewWork, Unavailable } from "../engine/engine.ts";
import type { Ids } from "../env/ids.ts";
import type { BurstLog } from "../env/log/bursts.ts";
import { CAREFUL_HEADERS } from "./routing/answer-headers.ts";
import { requestIdOf } from "./routing/edge.ts";
import type { App } from "./routing/parts.ts";
import { PROBLEM_TYPE, problemDocumentOf, unavailable } from "./routing/problem.ts";

/** The app, as the server calls it. */
export type Door = Pick<App, "fetch">;

type SheddingParts = { readonly engine: Pick<Engine, "isShedding" | "admit">; readonly ids: Ids; readonly log: Pick<BurstLog, "debug"> };

/** The app with refusals before it: before a route is looked up and a body is read. Everything else passes unchanged. */
export function shedding(app: Door, { engine, ids, log }: SheddingParts): Door {
  const answerTo = refusals();
  return {
    fetch(request, bindings, context) {
      if (!engine.isShedding) return app.fetch(request, bindings, context);
      const work = workOf(request);
      if (work === null) return app.fetch(request, bindings, context);
      const refusal = engine.admit(work);
      if (refusal === null) return app.fetch(request, { ...bindings, isAdmitted: true }, context);
      const answer = answerTo(refusal);
      const requestId = requestIdOf(request, ids);
      answer.headers.set("x-request-id", requestId);
      log.debug(refusal.reason, { requestId, work });
      return answer;
    },
  };
}

/** The kind of new work in a request. With another spelling of its path it is found later, by its route. */
function workOf({ method, url }: Request): NewWork | null {
  if (method !== "POST") return null;
  const from = url.indexOf("/", url.indexOf("//") + 2);
  const query = url.indexOf("?", from);
  const path = url.slice(from, query === -1 ? url.length : query);
  if (path === "/workflows" || path === "/workflow" || path === "/api/workflow") return "create";
  if (path.startsWith("/workflow/trigger/")) return "trigger";
  return path.startsWith("/workflows/") && path.endsWith("/trigger") ? "trigger" : null;
}

/** Answers, each made once per reason. */
function refusals(): (refusal: Unavailable) => Response {
  let made = { reason: "", text: "", init: {} as ResponseInit };
  return (refusal) => {
    if (made.reason !== refusal.reason) {
      const { headers, ...problem } = unavailable(refusal);
      const all = { "content-type": PROBLEM_TYPE, "cache-control": "no-store", ...CAREFUL_HEADERS, ...headers };
      made = {
        reason: refusal.reason,
        text: JSON.stringify(problemDocumentOf(problem)),
        init: { status: problem.status, headers: new Headers(all) },
      };
    }
    return new Response(made.text, made.init);
  };
}
