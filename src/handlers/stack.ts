/** The place in the user's code where something was thrown: an error's stack without our own frames and the runtime's, shortened. */
import { join } from "node:path";

/** The longest stack, as UTF-8. */
const BYTES_MAX = 2 * 1024;
/** The longest message in a stack. The failure has the message as well; here it only tells causes apart. */
const HEAD_MAX = 200;
const CAUSES_MAX = 3;

const OURS = join(import.meta.dir, "../");
const FRAME = /^\s*at /;
const PLACE = /(?:\(|^\s*at (?:async )?)([^()]*?)\)?$/;
const RUNTIME = /^(?:native|node:|bun:|internal:|\[native|unknown|<anonymous>)/;

/** The stack; undefined if none of it is the user's. Reading a foreign error may throw. */
export function stackOf(error: Error): string | undefined {
  const parts: string[] = [];
  let at: unknown = error;
  for (let depth = 0; at instanceof Error && depth <= CAUSES_MAX; depth += 1, at = at.cause) {
    const frames = framesOf(at);
    if (frames.length > 0) parts.push(`${depth === 0 ? "" : "caused by "}${headOf(at)}`, ...frames);
  }
  return parts.length === 0 ? undefined : cut(parts);
}

/** The first place in the user's code at which something was thrown, as file:line:column; null if there is none. */
export function placeOf(error: Error): string | null {
  const [first = ""] = framesOf(error);
  return PLACE.exec(first)?.[1] ?? null;
}

function framesOf({ stack }: Error): readonly string[] {
  if (typeof stack !== "string") return [];
  const lines = stack.split("\n").filter((line) => FRAME.test(line));
  return lines.filter((line) => !isOurs(PLACE.exec(line)?.[1] ?? "")).map((line) => `    ${line.trim()}`);
}

function isOurs(place: string): boolean {
  return place === "" || RUNTIME.test(place) || place.replace(/^file:\/\//, "").startsWith(OURS);
}

function headOf({ name, message }: Error): string {
  const [line = ""] = String(message).split("\n");
  return `${String(name)}: ${line.length > HEAD_MAX ? `${line.slice(0, HEAD_MAX)}…` : line}`;
}

/** As many whole lines as there is room for. */
function cut(lines: readonly string[]): string {
  let bytes = -1;
  const kept = lines.findIndex((line) => (bytes += Buffer.byteLength(line) + 1) > BYTES_MAX);
  return (kept === -1 ? lines : lines.slice(0, kept)).join("\n");
}
