/** Which headers a definition may give to a call. */
import * as v from "valibot";

/** Where the call goes and where its body ends is not the user's to say: a second word on it is how requests are smuggled. */
const OF_THE_CONNECTION = ["Host", "Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length", "TE", "Trailer", "Upgrade", "Expect"];

/** In any case; spelled out, since a shape has no flags. A name is a token of RFC 9110. */
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

/** The part of a pattern that takes the name in any case. */
export function inAnyCase(name: string): string {
  return name.replace(/[A-Za-z]/g, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`);
}
