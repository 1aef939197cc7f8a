/**
 * The id of an offer, which says what a claimer must be able to do: a sign, what the attempt carries, its handler, and then the boot
 * that offers it, its count, node and attempt. `+` stands for a handler that the owner does not have. Ids of older instances have no
 * such front; there the handler stands in the offer's text. The script `claim` reads ids as this file does.
 */
import type { Catalog, HandlerInfo } from "../workflow/definition/catalog.ts";

/** What the attempt of an offer asks of its claimer. */
export type Asks = {
  readonly handler: string;
  /** What it carries beside what its templates name: a handler that needs more would miss it. */
  readonly carries: HandlerInfo["needs"];
  /** Its owner does not have the handler. */
  readonly away: boolean;
};

const BITS = { parents: 1, params: 2 } as const;
const ID = /^([+-])(\d)([^/]*)\/[^/]*\/\d+\/\d+\/\d+$/;

/** Never used twice: `number` is this boot's own count. */
export function offerId(
  bootId: string,
  number: number,
  { node, attempt }: { readonly node: number; readonly attempt: number },
  { handler, carries, away }: Asks,
): string {
  return `${away ? "+" : "-"}${bitsOf(carries)}${encoded(handler)}/${bootId}/${number}/${node}/${attempt}`;
}

/** What an offer's id says, whoever made it. */
export function readOfferId(id: string): { readonly node: number; readonly attempt: number } {
  const [attempt, node] = id.split("/").reverse().map(Number);
  return { node: node ?? Number.NaN, attempt: attempt ?? Number.NaN };
}

/** What a claimer of these handlers says that it can run: for each name what the handler needs, and the name as in ids. */
export function runnable(handlers: Catalog): readonly string[] {
  return [...handlers].map(([name, { needs }]) => `${bitsOf(needs)}${encoded(name)}`);
}

/** Which kind of offer it is to a claimer that can run these, as from `runnable`; null where it cannot run it. */
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

/** Of an older instance's offer; null where it does not say. */
function handlerIn(body: string): string | null {
  try {
    const columns: unknown = JSON.parse(body);
    const named: unknown = Array.isArray(columns) ? columns[4] : null;
    return typeof named === "string" ? named : null;
  } catch {
    // Whoever claims it says that it cannot be read.
    return null;
  }
}

function bitsOf(needs: HandlerInfo["needs"]): number {
  let bits = 0;
  for (const need of needs) bits |= BITS[need];
  return bits;
}

function encoded(handler: string): string {
  return encodeURIComponent(handler.toWellFormed());
}
