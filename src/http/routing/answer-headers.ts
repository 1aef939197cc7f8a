/** Headers that many answers share, made once: a response copies them faster than it takes them one by one. */

/** Headers that restrict browsers. Every answer has them; a page of ours may have another policy. */
export const CAREFUL_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
} as const;

/** Headers of a JSON answer that nothing may store. */
export const JSON_HEADERS: Headers = new Headers({
  "content-type": "application/json",
  "cache-control": "no-store",
  ...CAREFUL_HEADERS,
});
