/** Which addresses a live call may go to: a workflow must not reach what only this machine can. */
import { lookup } from "node:dns/promises";
import ipaddr from "ipaddr.js";

/** All addresses of a host's name. Rejects where it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export const systemResolve: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

/** True for an address of the public internet: not loopback, private, link-local (clouds' metadata), mapped or reserved. */
export function isPublicAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === "unicast";
}

/**
 * The address to connect to, so that nobody's second answer to the same question counts; null where one of the host's
 * addresses is not allowed. `hostname`: as URL gives it, which has already put all spellings of a number into one.
 */
export async function allowedAddress(hostname: string, resolve: Resolve, allow: (address: string) => boolean): Promise<string | null> {
  const literal = hostname.replace(/^\[|\]$/g, "");
  const addresses = ipaddr.isValid(literal) ? [literal] : await resolve(hostname);
  const [first] = addresses;
  return first !== undefined && addresses.every(allow) ? first : null;
}
