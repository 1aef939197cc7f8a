/** What a redirect makes of a call: the next request, or why there is none. */
import { HandlerError } from "../handler.ts";

/** One request of a call, which may be followed by others. */
export type Hop = {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
};

/** Whatever else a header is called, it may be a key: another origin is sent only what says nothing of the caller. */
const HEADERS_OF_NOBODY: ReadonlySet<string> = new Set(["accept", "accept-language", "content-type", "user-agent"]);

/** The request that a redirect asks for. Throws a HandlerError where it would tell what was meant for somebody else. */
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

/** As browsers do it: what is not GET or HEAD becomes GET where the answer says "see other", or said so by custom. */
function redirected(hop: Hop, url: URL, status: number): Hop {
  const toGet =
    hop.method !== "GET" && hop.method !== "HEAD" && (status === 303 || ((status === 301 || status === 302) && hop.method === "POST"));
  const kept = Object.entries(hop.headers).filter(([name]) => url.origin === hop.url.origin || HEADERS_OF_NOBODY.has(name.toLowerCase()));
  const headers = Object.fromEntries(toGet ? kept.filter(([name]) => !name.toLowerCase().startsWith("content-")) : kept);
  return { ...hop, url, headers, ...(toGet ? { method: "GET", body: null } : {}) };
}
