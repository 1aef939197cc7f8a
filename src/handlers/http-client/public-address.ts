/** The addresses that a live call may go to: a workflow must not reach what only this machine can reach. */
import { lookup } from "node:dns/promises";
import ipaddr from "ipaddr.js";

/** All addresses of a host's name. Rejects if it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export const systemResolve: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

/** The part of IPv6 that the internet uses. All other addresses are special, or may become so. */
const GIVEN_OUT = ipaddr.IPv6.parseCIDR("2000::/3");
/** An address that is public by its number, and yet the host of a virtual machine: Azure's agent listens there. */
const HOST_OF_CLOUD = "168.63.129.16";

/**
 * Whether an address belongs to the public internet: not loopback, private, link-local (clouds' metadata) or reserved, in
 * whatever form.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const plain = unwrapped(ipaddr.parse(address));
  if (plain.range() !== "unicast") return false;
  return plain instanceof ipaddr.IPv6 ? plain.match(GIVEN_OUT) : plain.toString() !== HOST_OF_CLOUD;
}

/** The IPv4 address that is written as IPv6: mapped (`::ffff:7f00:1`), or compatible (`::7f00:1`). */
function unwrapped(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (address instanceof ipaddr.IPv4) return address;
  const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0, form] = address.parts;
  if ((first | second | third | fourth | fifth) !== 0 || (form !== 0xffff && form !== 0)) return address;
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}

/**
 * The address to connect to, so that a second look-up with another answer does not count; null if one of the host's
 * addresses is not allowed. `hostname`: as URL gives it, which has already normalised all spellings of a number.
 */
export async function allowedAddress(hostname: string, resolve: Resolve, allow: (address: string) => boolean): Promise<string | null> {
  const literal = hostname.replace(/^\[|\]$/g, "");
  const addresses = ipaddr.isValid(literal) ? [literal] : await resolve(hostname);
  const [first] = addresses;
  return first !== undefined && addresses.every(allow) ? unwrapped(ipaddr.parse(first)).toString() : null;
}
