/** The characters of JSON, and how to skip strings and spaces. */

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const LEFT_BRACE = 0x7b;
export const RIGHT_BRACE = 0x7d;
export const LEFT_BRACKET = 0x5b;
export const RIGHT_BRACKET = 0x5d;
export const MINUS = 0x2d;

/** The position of the next character that is no space. */
export function skipSpaces(text: string, from: number): number {
  let position = from;
  for (let code = text.charCodeAt(position); code <= 0x20; code = text.charCodeAt(++position)) {
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
  }
  return position;
}

/** The position of the closing quote of the string that begins at `opening`; the end of the text if there is none. */
export function closingQuote(text: string, opening: number): number {
  let position = opening + 1;
  for (let code = text.charCodeAt(position); code !== QUOTE && position < text.length; code = text.charCodeAt(position))
    position += code === BACKSLASH ? 2 : 1;
  return position;
}

/** The value of the string that stands there with its quotes. */
export function stringText(text: string, start: number, end: number): string {
  const plain = text.slice(start + 1, end - 1);
  return plain.includes("\\") ? (JSON.parse(text.slice(start, end)) as string) : plain;
}
