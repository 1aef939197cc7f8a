/** Foreign text, made safe for a terminal. */

/**
 * The text with control characters, which a terminal would obey, and marks that change the direction of writing as escapes.
 * `lines`: line ends and tabs stay.
 */
export function printable(text: string, { lines = false }: { readonly lines?: boolean } = {}): string {
  return text.replace(lines ? BUT_LINES : ALL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const MARKS = "\\u007f-\\u009f\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069";
const ALL = new RegExp(`[\\u0000-\\u001f${MARKS}]`, "g");
const BUT_LINES = new RegExp(`[\\u0000-\\u0008\\u000b-\\u001f${MARKS}]`, "g");
