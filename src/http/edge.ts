/** What every answer has, whichever route gives it: a request id and the headers that keep browsers careful. */
import type { ErrorHandler, MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { StoreUnavailable } from "../engine.ts";
import type { HttpEnv, HttpParts } from "./parts.ts";
import { type ProblemStatus, problemAnswer, unavailable } from "./problem.ts";

/** Takes the client's `X-Request-Id` where it is a plain word, else makes one. */
export function edge({ ids, log }: Pick<HttpParts, "ids" | "log">): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const given = c.req.raw.headers.get("x-request-id");
    const requestId = given !== null && PLAIN_ID.test(given) ? given : ids.next();
    c.set("requestId", requestId);
    await next();
    const { headers } = c.res;
    if (c.req.method === "HEAD") await addLength(c.res);
    headers.set("x-request-id", requestId);
    headers.set("x-content-type-options", "nosniff");
    headers.set("referrer-policy", "no-referrer");
    if (!headers.has("content-security-policy")) headers.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    if (c.res.status >= 500)
      log.debug("Answered with an error.", { requestId, method: c.req.method, path: c.req.path, status: c.res.status });
  };
}

/** The length that the body of the same GET would have; else an answer without a body says that it is 0. */
async function addLength(answer: Response): Promise<void> {
  const body = await answer.clone().blob();
  answer.headers.set("content-length", String(body.size));
}

/** What a route has thrown, as a problem: the library's own refusals keep their status, all else is 500 and logged. */
export function onError(log: HttpParts["log"]): ErrorHandler<HttpEnv> {
  return (error, c) => {
    if (error instanceof HTTPException && isRefusal(error.status))
      return problemAnswer({ status: error.status, detail: error.message || "The request cannot be answered." });
    if (error instanceof StoreUnavailable)
      return problemAnswer(unavailable({ type: "unavailable", reason: error.message, retryAfterMs: 1000 }));
    log.error("A request failed for a reason that nobody foresaw.", {
      requestId: c.get("requestId"),
      method: c.req.method,
      path: c.req.path,
      error,
    });
    return problemAnswer({
      status: 500,
      detail: "Something went wrong inside Troupe. The log has more, under this answer's x-request-id.",
    });
  };
}

const PLAIN_ID = /^[\w.:-]{1,128}$/;
const REFUSALS: ReadonlySet<number> = new Set<ProblemStatus>([400, 404, 405, 413, 415, 422, 503]);

function isRefusal(status: number): status is ProblemStatus {
  return REFUSALS.has(status);
}
