/** New work at the door: while more comes than can be done, what is refused costs no more than its answer. */
import type { Engine, NewWork, Unavailable } from "../engine/engine.ts";
import type { Ids } from "../env/ids.ts";
import type { BurstLog } from "../env/log/bursts.ts";
import { CAREFUL_HEADERS } from "./routing/answer-headers.ts";
import { requestIdOf } from "./routing/edge.ts";
import type { App } from "./routing/parts.ts";
import { PROBLEM_TYPE, problemDocumentOf, unavailable } from "./routing/problem.ts";

/** What the server gives requests to. */
export type Door = Pick<App, "fetch">;

type SheddingParts = { readonly engine: Pick<Engine, "isShedding" | "admit">; readonly ids: Ids; readonly log: Pick<BurstLog, "debug"> };

/** The app, with refusals before it, before a route is looked for and a body is read. All else passes as it is. */
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

/** In other spellings of a path it is asked for later, by its route. */
function workOf({ method, url }: Request): NewWork | null {
  if (method !== "POST") return null;
  const from = url.indexOf("/", url.indexOf("//") + 2);
  const query = url.indexOf("?", from);
  const path = url.slice(from, query === -1 ? url.length : query);
  if (path === "/workflows" || path === "/workflow" || path === "/api/workflow") return "create";
  if (path.startsWith("/workflow/trigger/")) return "trigger";
  return path.startsWith("/workflows/") && path.endsWith("/trigger") ? "trigger" : null;
}

/** Made once for each reason. */
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
