/** The rules for callers, made from the settings of access and the address that the server listens on. */
import { isIPv4 } from "node:net";
import type { CallerRules } from "./callers.ts";

export type AccessSettings = {
  readonly mode: "auto" | "open";
  /** The allowed names; null if none are named. */
  readonly hosts: readonly string[] | null;
  readonly origins: readonly string[];
};

/**
 * The rules. `host`: the address that the server listens on. Beyond this machine users may call it by names that we have not heard of, and
 * through proxies: `auto` refuses those only if nobody else can reach it.
 */
export function callerRules({ mode, hosts, origins }: AccessSettings, host: string): CallerRules {
  const isOpen = mode === "open" || !isLoopback(host);
  const named = [...(hosts ?? []), host.toLowerCase()];
  return { hosts: mode === "auto" && isOpen && hosts === null ? "any" : named, origins, proxied: isOpen };
}

/** A warning if anybody who reaches the address may call and nobody has said that this is meant; else null. */
export function exposureOf({ mode, hosts }: AccessSettings, host: string): string | null {
  if (mode === "open" || isLoopback(host)) return null;
  const rebound =
    hosts === null ? " Name in APP_ALLOWED_HOSTS how it is called: until then a page of any site can reach it by a name of its own." : "";
  return `ANYBODY WHO REACHES ${host} MAY RUN WORKFLOWS AND READ THEM: this server checks no keys. Listen on 127.0.0.1, or say APP_ACCESS=open if something before it checks who calls.${rebound}`;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}
