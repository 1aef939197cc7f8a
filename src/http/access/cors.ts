/** Answers for pages of other origins that may call (APP_CORS_ORIGINS): the headers by which their browser lets them read. */

/** Completes `answer` for a request of an allowed origin, or of none. */
export function sharedWith(origins: ReadonlySet<string>, request: Request, answer: Response): Response {
  const { headers } = answer;
  headers.append("vary", "origin");
  const origin = request.headers.get("origin");
  if (origin === null || !origins.has(origin)) return answer;
  headers.set("access-control-allow-origin", origin);
  const allowed = headers.get("allow");
  if (request.method !== "OPTIONS" || allowed === null || !request.headers.has("access-control-request-method")) {
    headers.set("access-control-expose-headers", EXPOSED);
    return answer;
  }
  headers.set("access-control-allow-methods", allowed);
  headers.set("access-control-allow-headers", TAKEN);
  headers.set("access-control-max-age", KEPT_SECONDS);
  // A browser asks whether a page of the internet may call into a private network.
  if (request.headers.get("access-control-request-private-network") === "true") headers.set("access-control-allow-private-network", "true");
  return answer;
}

const EXPOSED = "allow, etag, link, location, retry-after, x-request-id";
const TAKEN = "content-type, idempotency-key, if-match, if-none-match, x-request-id";
const KEPT_SECONDS = "600";
