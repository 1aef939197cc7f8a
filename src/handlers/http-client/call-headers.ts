/** The headers that a definition may set on a call. */
import * as v from "valibot";

/**
 * Headers that the user may not set, because they decide where the call goes and where its body ends. A second one of them
 * is how requests are smuggled.
 */
const OF_THE_CONNECTION = ["Host", "Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length", "TE", "Trailer", "Upgrade", "Expect"];

/** A header's name, in any case: a token of RFC 9110. It is spelled out because a shape has no flags. */
export const headerName = v.pipe(
  v.string(),
  v.regex(
    new RegExp(`^(?!(?:${[...OF_THE_CONNECTION.map(inAnyCase), `${inAnyCase("Proxy")}-.*`].join("|")})$)[!#$%&'*+.^_\`|~0-9A-Za-z-]+$`),
    `Expected the name of a header, and none that belongs to the connection (${OF_THE_CONNECTION.join(", ")}, Proxy-…)`,
  ),
);

export const headerValue = v.pipe(
  v.string(),
  v.regex(/^[\t\x20-\x7e\x80-\xff]*$/, "Expected a header's text: one line, no character beyond Latin-1"),
);

/** The part of a pattern that accepts the name in any case. */
export function inAnyCase(name: string): string {
  return name.replace(/[A-Za-z]/g, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`);
}
