/** Headers that many answers have in common, made once: a response copies them quicker than it takes them one by one. */

/** Keep browsers careful. Every answer has them; a page of ours may have another policy. */
export const CAREFUL_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
} as const;

/** Of a JSON answer that nothing may keep. */
export const JSON_HEADERS: Headers = new Headers({
  "content-type": "application/json",
  "cache-control": "no-store",
  ...CAREFUL_HEADERS,
});
