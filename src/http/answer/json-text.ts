/** JSON written by hand from its parts: users' ids as keys keep their order, and outputs go in as the texts that they are. */
import { JSON_HEADERS } from "../routing/answer-headers.ts";

/** A string as JSON. */
export const quote: (text: string) => string = JSON.stringify;

export function quoteOrNull(text: string | null): string {
  return text === null ? "null" : quote(text);
}

/** Milliseconds since 1970 as a JSON string in ISO 8601, UTC; null stays null. */
export function timeText(atMs: number | null): string {
  if (atMs === null) return "null";
  const second = Math.floor(atMs / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastPrefix = new Date(second * 1000).toISOString().slice(0, -4);
  }
  const rest = Math.floor(atMs) - second * 1000;
  return `"${lastPrefix}${rest < 10 ? "00" : rest < 100 ? "0" : ""}${rest}Z"`;
}

/** The second whose text is kept: the nodes of one execution have their times in few seconds, so the long part is made once a second. */
let lastSecond = Number.NaN;
let lastPrefix = "";

/** A response of JSON text. Nothing may store it unless `headers` say so. */
export function jsonAnswer(
  status: number,
  text: string | ReadableStream<Uint8Array>,
  headers: Readonly<Record<string, string>> | null = null,
): Response {
  const answer = new Response(text, { status, headers: JSON_HEADERS });
  for (const name in headers) answer.headers.set(name, headers[name] as string);
  return answer;
}
