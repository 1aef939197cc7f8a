/** HTTP to where users point it: only http(s), only to allowed addresses, checked again at every redirect. */
import { HandlerError } from "./handler.ts";
import { allowedAddress, type Resolve } from "./public-address.ts";

export type GuardedRequest = {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly signal: AbortSignal;
};

/** `allow`: which addresses may be called; null for all. */
export type Guard = { readonly resolve: Resolve; readonly allow: ((address: string) => boolean) | null };

const REDIRECTS_MAX = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Not sent on to another origin. */
const PRIVATE_HEADERS: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

/** The answer, redirects followed; its body is not read yet. Rejects with a HandlerError, or what fetch rejects with. */
export async function guardedFetch(request: GuardedRequest, guard: Guard): Promise<Response> {
  let current = { ...request, url: parseUrl(request.url, undefined) };
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const response = await fetchOnce(current, guard);
    const location = response.headers.get("location");
    if (!REDIRECTS.has(response.status) || location === null) return response;
    await response.body?.cancel();
    current = redirected(current, parseUrl(location, current.url.href), response.status);
  }
  throw new HandlerError("too_many_redirects", { message: `${request.url} redirects more than ${REDIRECTS_MAX} times.`, retryable: false });
}

type Hop = Omit<GuardedRequest, "url"> & { readonly url: URL };

async function fetchOnce({ url, method, headers, body, signal }: Hop, { resolve, allow }: Guard): Promise<Response> {
  const options = { method, body, signal, redirect: "manual" } as const;
  if (allow === null) return fetch(url, { ...options, headers });
  const address = await untilAborted(allowedAddress(url.hostname, resolve, allow), signal);
  if (address === null) {
    throw new HandlerError("private_address", {
      message: `${url.origin} is at a private or reserved address. Set APP_HTTP_ALLOW_PRIVATE=true to allow such calls.`,
      retryable: false,
    });
  }
  const pinned = new URL(url);
  pinned.hostname = address.includes(":") ? `[${address}]` : address;
  return fetch(pinned, { ...options, headers: { ...headers, Host: url.host }, tls: { serverName: url.hostname } });
}

/** As browsers do it: what is not GET or HEAD becomes GET where the answer says "see other", or said so by custom. */
function redirected(hop: Hop, url: URL, status: number): Hop {
  const toGet =
    hop.method !== "GET" && hop.method !== "HEAD" && (status === 303 || ((status === 301 || status === 302) && hop.method === "POST"));
  const kept = Object.entries(hop.headers).filter(([name]) => url.origin === hop.url.origin || !PRIVATE_HEADERS.has(name.toLowerCase()));
  const headers = Object.fromEntries(toGet ? kept.filter(([name]) => !name.toLowerCase().startsWith("content-")) : kept);
  return { ...hop, url, headers, ...(toGet ? { method: "GET", body: null } : {}) };
}

function parseUrl(text: string, base: string | undefined): URL {
  const url = URL.canParse(text, base) ? new URL(text, base) : null;
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw new HandlerError("bad_url", {
    message: `Expected an http or https URL, got ${JSON.stringify(text.slice(0, 200))}.`,
    retryable: false,
  });
}

/** A look-up of a name cannot be aborted: only its answer is not waited for. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
