/** Where in the user's code something was thrown: an error's stack without our own frames and the runtime's, and not too long. */
import { join } from "node:path";

/** As UTF-8. */
const BYTES_MAX = 2 * 1024;
/** The message is told beside the stack; here it is only to tell causes apart. */
const HEAD_MAX = 200;
const CAUSES_MAX = 3;

const OURS = join(import.meta.dir, "../");
const FRAME = /^\s*at /;
const PLACE = /(?:\(|^\s*at (?:async )?)([^()]*?)\)?$/;
const RUNTIME = /^(?:native|node:|bun:|internal:|\[native|unknown|<anonymous>)/;

/** Undefined where none of it is the user's. Reading somebody else's error may throw. */
export function stackOf(error: Error): string | undefined {
  const parts: string[] = [];
  let at: unknown = error;
  for (let depth = 0; at instanceof Error && depth <= CAUSES_MAX; depth += 1, at = at.cause) {
    const frames = framesOf(at);
    if (frames.length > 0) parts.push(`${depth === 0 ? "" : "caused by "}${headOf(at)}`, ...frames);
  }
  return parts.length === 0 ? undefined : cut(parts);
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

/** Whole lines, as many as there is room for. */
function cut(lines: readonly string[]): string {
  let bytes = -1;
  const kept = lines.findIndex((line) => (bytes += Buffer.byteLength(line) + 1) > BYTES_MAX);
  return (kept === -1 ? lines : lines.slice(0, kept)).join("\n");
}
