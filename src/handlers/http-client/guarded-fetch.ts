/** HTTP calls to addresses that users choose: only http(s), only to allowed addresses, checked again at every redirect. */
import { receivedKind } from "../../workflow/json/received.ts";
import { HandlerError } from "../handler.ts";
import { allowedAddress, type Resolve } from "./public-address.ts";
import { followed, type Hop } from "./redirects.ts";

export type GuardedRequest = Omit<Hop, "url"> & { readonly url: string; readonly signal: AbortSignal };

/** The guard. `allow`: the addresses that may be called; null for all. */
export type Guard = { readonly resolve: Resolve; readonly allow: ((address: string) => boolean) | null };

const REDIRECTS_MAX = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** The answer after all redirects; its body is not read yet. Rejects with a HandlerError, or with what fetch rejects with. */
export async function guardedFetch(request: GuardedRequest, guard: Guard): Promise<Response> {
  const { url, signal, ...rest } = request;
  let current: Hop = { ...rest, url: parseUrl(url, undefined) };
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const response = await fetchOnce(current, signal, guard);
    const location = response.headers.get("location");
    if (!REDIRECTS.has(response.status) || location === null) return response;
    await response.body?.cancel();
    current = followed(current, parseUrl(location, current.url.href), response.status);
  }
  throw new HandlerError("too_many_redirects", {
    message: `${shownUrl(url)} redirects more than ${REDIRECTS_MAX} times.`,
    retryable: false,
  });
}

async function fetchOnce({ url, method, headers, body }: Hop, signal: AbortSignal, { resolve, allow }: Guard): Promise<Response> {
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

function parseUrl(text: string, base: string | undefined): URL {
  const url = URL.canParse(text, base) ? new URL(text, base) : null;
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw new HandlerError("bad_url", {
    message: `Expected an http or https URL, got ${url === null ? receivedKind(text) : `one of ${url.protocol}`}.`,
    retryable: false,
  });
}

/** A URL for messages, without user-info and query, which are often keys. */
export function shownUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url === null ? "The URL" : `${url.origin}${url.pathname}`;
}

/** Waits for work until the signal is aborted. A look-up of a name cannot be aborted, so its answer is then ignored. */
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
