/** Entity tags: a client that has the newest answer is told so in a few bytes. */

/**
 * Whether a client's answer is current. `known`: the If-None-Match header. By RFC 9110, section 13.1.2: a list of tags, weak or not, or
 * `*`.
 */
export function isCurrent(tag: string, known: string | undefined): boolean {
  if (known === undefined) return false;
  return known.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === tag);
}

/** The answer 304: nothing has changed. The headers are those that the full answer would have. */
export function notModified(headers: Readonly<Record<string, string>>): Response {
  return new Response(null, { status: 304, headers });
}
