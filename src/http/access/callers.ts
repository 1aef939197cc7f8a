/**
 * Who is answered while there are no keys: whoever reaches the port, but no page of another site. A browser would carry such
 * a page's requests here, under our own address or under a name of theirs that leads to it (DNS rebinding).
 */
import { isIPv4, isIPv6 } from "node:net";
import { type Problem, problemOf } from "../routing/problem.ts";

export type CallerRules = {
  /** The names that a Host may have beside addresses and localhost, `*.` before one for all below it; "any": no name is refused. */
  readonly hosts: readonly string[] | "any";
  /** Other origins whose pages may call and read. */
  readonly origins: readonly string[];
  /** Whether what came through a proxy is answered. Its Host may be the proxy's own word. */
  readonly proxied: boolean;
};

/** Null: it may pass. */
export type CallerCheck = (request: Request) => Problem | null;

/** Measured: 0.3 µs a request of a client that is no browser. */
export function createCallerCheck(rules: CallerRules): CallerCheck {
  let passedHost: string | null = null;
  const origins: ReadonlySet<string> = new Set(rules.origins);

  function hostProblem(host: string | null, request: Request): Problem | null {
    const isProbe = PROBED.has(pathOf(request));
    if (host === null || host === "") return isProbe ? null : NO_HOST;
    const name = nameIn(host);
    if (name === null) return BAD_HOST;
    if (isProbe) return null;
    if (!isKnown(name, rules.hosts)) return unknownHost(name);
    passedHost = host;
    return null;
  }

  return (request) => {
    const { headers } = request;
    const host = headers.get("host");
    if (host === null || host !== passedHost) {
      const problem = hostProblem(host, request);
      if (problem !== null) return problem;
    }
    const origin = headers.get("origin");
    if (origin !== null) {
      if (!origins.has(origin) && !isOwn(origin, host ?? "") && !(rules.proxied && isOwnBefore(origin, headers)))
        return foreignOrigin(origin);
    } else {
      const site = headers.get("sec-fetch-site");
      if (site !== null && FOREIGN_SITES.has(site) && !isVisit(request)) return foreignSite(site);
    }
    return !rules.proxied && PROXY_HEADERS.some((name) => headers.has(name)) ? PROXIED : null;
  };
}

/** The name or address of a Host header without its port, in lower case; null where it has not the form of one. */
function nameIn(host: string): string | null {
  const [, bracketed, plain] = HOST_FORM.exec(host) ?? [];
  if (bracketed !== undefined) return isIPv6(bracketed) ? bracketed : null;
  return plain?.toLowerCase() ?? null;
}

/** No name server has a word about an address, or about localhost and what is below it: those cannot be rebound. */
function isKnown(name: string, hosts: CallerRules["hosts"]): boolean {
  if (hosts === "any" || isIPv4(name) || isIPv6(name) || name === "localhost" || name.endsWith(".localhost")) return true;
  return hosts.some((host) => (host.startsWith("*.") ? name.endsWith(host.slice(1)) : name === host));
}

/** By HTTP or HTTPS: what ends TLS before us leaves the name as it is. */
function isOwn(origin: string, host: string): boolean {
  const [, scheme, rest] = ORIGIN_FORM.exec(origin) ?? [];
  return rest !== undefined && (rest === host || withoutPort(rest, scheme) === withoutPort(host.toLowerCase(), scheme));
}

/** The usual port of the scheme is left out, or not. */
function withoutPort(host: string, scheme: string | undefined): string {
  return host.replace(scheme === "https" ? /:443$/ : /:80$/, "");
}

/** Of a proxy that puts another Host in: no page of another site can have these two sent without being asked first. */
function isOwnBefore(origin: string, headers: Headers): boolean {
  return headers.get("sec-fetch-site") === "same-origin" || isOwn(origin, headers.get("x-forwarded-host") ?? "");
}

/** Somebody follows a link to one of our pages. It cannot be read from where the link stands, nor shown in a frame there. */
function isVisit(request: Request): boolean {
  const { method, headers } = request;
  if (method !== "GET" && method !== "HEAD") return false;
  return headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document" && PAGES.has(pathOf(request));
}

/** Of a URL whose origin is missing where the Host is. */
function pathOf({ url }: Request): string {
  return PATH_IN_URL.exec(url)?.[1] ?? "";
}

const HOST_FORM = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i;
const ORIGIN_FORM = /^(https?):\/\/(.+)$/;
const PATH_IN_URL = /^(?:\w+:\/\/[^/?]*)?(\/[^?]*)/;
/** Load balancers ask these under whatever name they know, or in HTTP/1.0 under none. */
const PROBED: ReadonlySet<string> = new Set(["/health", "/ready"]);
const PAGES: ReadonlySet<string> = new Set(["/", "/docs"]);
const FOREIGN_SITES: ReadonlySet<string> = new Set(["cross-site", "same-site"]);
const PROXY_HEADERS = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "via"];

const NO_HOST = problemOf(400, "The request has no Host header.");
const BAD_HOST = problemOf(400, "The Host header must be one name or address, with or without a port.");
const PROXIED = problemOf(403, "This request came through a proxy; set APP_ACCESS=open if the proxy checks who calls.");

function unknownHost(name: string): Problem {
  const detail = `${quoted(name)} is not known as a name of this server. If it is one, set APP_ALLOWED_HOSTS=${name.slice(0, SHOWN)}; an IP address and localhost always are.`;
  return problemOf(421, detail);
}

function foreignOrigin(origin: string): Problem {
  if (origin === "null") return problemOf(403, "A page without an origin (Origin: null) may not call this server.");
  return problemOf(403, `Pages of ${quoted(origin)} may not call this server; if they should, name their origin in APP_CORS_ORIGINS.`);
}

function foreignSite(site: string): Problem {
  return problemOf(
    403,
    `A page of another site may not call this server (Sec-Fetch-Site: ${site}); if it should, name its origin in APP_CORS_ORIGINS.`,
  );
}

/** Of what a caller sends so much is repeated. */
const SHOWN = 100;

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN));
}
