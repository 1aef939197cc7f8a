/**
 * The id of an offer, which says what a claimer must be able to do: a sign, what the attempt carries, its handler, and then the boot
 * that offers it and the node's id, its count, the node's index and the attempt. `+` stands for a handler that the owner does not
 * have. Ids of older instances have no such front, where the handler stands in the offer's text, or no node's id. The index stands for
 * older instances, which know no other name of the node. The script `claim` reads ids as this file does.
 */
import type { Catalog, HandlerInfo } from "../workflow/definition/catalog.ts";

/** The demands of an offered attempt on its claimer. */
export type Asks = {
  readonly handler: string;
  /** The data that it carries beside what its templates name. A handler that needs more cannot run it. */
  readonly carries: HandlerInfo["needs"];
  /** Whether its owner does not have the handler. */
  readonly away: boolean;
};

const BITS = { parents: 1, params: 2 } as const;
const ID = /^([+-])(\d)([^/]*)\/[^/]*\/\d+\/\d+\/\d+$/;

/** The attempt that is offered. */
export type Offered = { readonly node: number; readonly nodeId: string; readonly attempt: number };

/** An id that is never used twice: `number` is this boot's own count. */
export function offerId(bootId: string, number: number, { node, nodeId, attempt }: Offered, { handler, carries, away }: Asks): string {
  return `${away ? "+" : "-"}${bitsOf(carries)}${encoded(handler)}/${bootId}:${encoded(nodeId)}/${number}/${node}/${attempt}`;
}

/** The content of an offer's id, whoever made it. `nodeId`: absent in ids of older instances. */
export function readOfferId(id: string): Omit<Offered, "nodeId"> & Partial<Offered> {
  const [attempt, node, , boot = ""] = id.split("/").reverse();
  const key = { node: Number(node), attempt: Number(attempt) };
  const colon = boot.indexOf(":");
  return colon === -1 ? key : { ...key, nodeId: decoded(boot.slice(colon + 1)) };
}

/** The names that a claimer sends to say what it can run: for each handler what it needs, and its name as in ids. */
export function runnable(handlers: Catalog): readonly string[] {
  return [...handlers].map(([name, { needs }]) => `${bitsOf(needs)}${encoded(name)}`);
}

/** The kind of an offer for a claimer that can run these names (of `runnable`); null if it cannot run it. */
export function claimable(id: string, body: string, can: ReadonlySet<string>): "usual" | "away" | null {
  const [, sign, carries, handler] = ID.exec(id) ?? [];
  if (sign === undefined) {
    const named = handlerIn(body);
    return named === null || needsOf(encoded(named), can) !== null ? "usual" : null;
  }
  const needs = needsOf(handler ?? "", can);
  if (needs === null || (needs & ~Number(carries)) !== 0) return null;
  return sign === "+" ? "away" : "usual";
}

function needsOf(handler: string, can: ReadonlySet<string>): number | null {
  for (let bits = 0; bits <= (BITS.parents | BITS.params); bits++) if (can.has(`${bits}${handler}`)) return bits;
  return null;
}

/** The handler in an older instance's offer; null if it does not say. */
function handlerIn(body: string): string | null {
  try {
    const columns: unknown = JSON.parse(body);
    const named: unknown = Array.isArray(columns) ? columns[4] : null;
    return typeof named === "string" ? named : null;
  } catch {
    // Whoever claims it reports that it cannot be read.
    return null;
  }
}

function bitsOf(needs: HandlerInfo["needs"]): number {
  let bits = 0;
  for (const need of needs) bits |= BITS[need];
  return bits;
}

/** A stranger's is left as it is. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function encoded(name: string): string {
  return encodeURIComponent(name.toWellFormed());
}
