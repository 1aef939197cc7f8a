/** The rule for redirects: the next request of a call, or the reason why there is none. */
import { HandlerError } from "../handler.ts";

/** One request of a call, which may be followed by others. */
export type Hop = {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
};

/**
 * Headers that are sent to another origin. Any other header may hold a key, whatever its name, so only those are sent that
 * say nothing of the caller.
 */
const HEADERS_OF_NOBODY: ReadonlySet<string> = new Set(["accept", "accept-language", "content-type", "user-agent"]);

/** The request that a redirect asks for. Throws a HandlerError if it would send another origin what was meant for the first. */
export function followed(hop: Hop, url: URL, status: number): Hop {
  if (hop.url.protocol === "https:" && url.protocol === "http:")
    throw refusedRedirect("insecure_redirect", hop, url, "which is not encrypted");
  const next = redirected(hop, url, status);
  if (next.body !== null && url.origin !== hop.url.origin)
    throw refusedRedirect("redirect_with_body", hop, url, "another origin, with the request's body");
  return next;
}

function refusedRedirect(code: string, from: Hop, to: URL, why: string): HandlerError {
  return new HandlerError(code, {
    message: `${from.url.origin} redirects to ${to.origin}, ${why}: such a redirect is not followed. Call the address itself.`,
    retryable: false,
  });
}

/**
 * The redirected request, as in browsers: a method other than GET or HEAD becomes GET if the status says "see other", or
 * says so by custom.
 */
function redirected(hop: Hop, url: URL, status: number): Hop {
  const toGet =
    hop.method !== "GET" && hop.method !== "HEAD" && (status === 303 || ((status === 301 || status === 302) && hop.method === "POST"));
  const kept = Object.entries(hop.headers).filter(([name]) => url.origin === hop.url.origin || HEADERS_OF_NOBODY.has(name.toLowerCase()));
  const headers = Object.fromEntries(toGet ? kept.filter(([name]) => !name.toLowerCase().startsWith("content-")) : kept);
  return { ...hop, url, headers, ...(toGet ? { method: "GET", body: null } : {}) };
}
