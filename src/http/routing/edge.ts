/** The edge of every route: each answer has a request id and the headers that restrict browsers, and no error gets out. */
import type { Context, ErrorHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { StoreUnavailable } from "../../engine/engine.ts";
import { CAREFUL_HEADERS } from "./answer-headers.ts";
import type { Ids } from "../../env/ids.ts";
import type { HttpEnv, HttpParts } from "./parts.ts";
import { isProblemStatus, problemAnswer, unavailable } from "./problem.ts";
import { NoRoom } from "./room.ts";

type EdgeParts = Pick<HttpParts, "ids" | "log" | "room">;

/** Runs `work` and answers what it throws with a problem. */
export function edged<Path extends string>(
  work: (c: Context<HttpEnv, Path>) => Response | Promise<Response>,
  { ids, log, room }: EdgeParts,
): (c: Context<HttpEnv, Path>) => Promise<Response> {
  return async (c) => {
    const request = c.req.raw;
    const requestId = requestIdOf(request, ids);
    let answer: Response;
    try {
      answer = await work(c);
    } catch (error) {
      answer = answerTo(error, c, requestId, log);
    }
    room.leaveBody(request);
    if (request.method === "HEAD") answer = await withoutBody(answer);
    const { headers } = answer;
    headers.set("x-request-id", requestId);
    if (!headers.has("x-content-type-options"))
      for (const [name, value] of CAREFUL_ENTRIES) if (!headers.has(name)) headers.set(name, value);
    if (answer.status >= 500)
      log.debug("Answered with an error.", { requestId, method: request.method, path: c.req.path, status: answer.status });
    return answer;
  };
}

/** The request's own id if it is a plain word, else a new one. */
export function requestIdOf(request: Request, ids: Ids): string {
  const given = request.headers.get("x-request-id");
  return given !== null && PLAIN_ID.test(given) ? given : ids.next();
}

/** The handler of what the library itself throws, before or beside the routes. */
export function onError(parts: EdgeParts): ErrorHandler<HttpEnv> {
  return (error, c) =>
    edged(() => {
      throw error;
    }, parts)(c);
}

/**
 * The answer to HEAD, with the length of the body of the same GET, counted piece by piece. Of a long body only the beginning is made, and
 * the length is left out.
 */
async function withoutBody(answer: Response): Promise<Response> {
  const { status, headers } = answer;
  let length = 0;
  for await (const part of answer.body ?? []) {
    length += part.byteLength;
    if (length > COUNTED_BYTES_MAX) return new Response(null, { status, headers });
  }
  headers.set("content-length", String(length));
  return new Response(null, { status, headers });
}

/** The problem for what a route has thrown: the library's own refusals keep their status, everything else is 500 and logged. */
function answerTo(error: unknown, c: Context<HttpEnv>, requestId: string, log: HttpParts["log"]): Response {
  if (error instanceof HTTPException && error.status !== 500 && isProblemStatus(error.status))
    return problemAnswer({ status: error.status, detail: error.message || "The request cannot be answered." });
  if (error instanceof NoRoom) return problemAnswer(error.problem);
  if (error instanceof StoreUnavailable)
    return problemAnswer(unavailable({ type: "unavailable", reason: error.message, retryAfterMs: 1000 }));
  log.error("A request failed with an unexpected error.", { requestId, method: c.req.method, path: c.req.path, error });
  return problemAnswer({
    status: 500,
    detail: "Something went wrong inside Troupe. The log has more, under this answer's x-request-id.",
  });
}

const COUNTED_BYTES_MAX = 4 * 1024 * 1024;
const CAREFUL_ENTRIES = Object.entries(CAREFUL_HEADERS);
const PLAIN_ID = /^[\w.:-]{1,128}$/;
