/**
 * JSON with long texts in it, made and read without any of them on the main thread: the main thread sees a short text with
 * places for them.
 */

export type LongJson = {
  /** The value's JSON text. Its objects must have no member `textApart`. */
  writeJson(value: unknown): Promise<string>;
  /** The value of a JSON text. Rejects with a SyntaxError if it is not JSON. */
  readJson(text: string): Promise<unknown>;
};

/** The number of characters from which JSON is made and read in this way. */
export const LONG_JSON = 1024 * 1024;
/** The length from which a text is taken out. */
const LONG_TEXT = 64 * 1024;

/** The place of a long text that stands apart, by its number. */
type Place = { readonly textApart: number };
/** JSON in two parts. `short`: JSON text with places for the long texts. */
export type ShortJson = { readonly short: string; readonly long: Readonly<Record<number, string>> };

/** The short part of the value's JSON. The long texts are added to `long` unchanged. */
export function shortJson(value: unknown, long: string[]): string {
  return JSON.stringify(value, (_, each: unknown) => toPlace(each, long));
}

/** The place of a long text, which goes to `long`; anything else as it is. */
export function toPlace(value: unknown, long: string[]): unknown {
  if (typeof value !== "string" || value.length < LONG_TEXT) return value;
  const place: Place = { textApart: long.push(value) - 1 };
  return place;
}

/** The text of a place; anything else as it is. */
export function fromPlace(value: unknown, long: ShortJson["long"]): unknown {
  return isPlace(value) ? long[value.textApart] : value;
}

/**
 * The texts before the first place, between two places, and after the last. A user's text cannot look like a place: its
 * quotes would be escaped.
 */
export function betweenPlaces(short: string): readonly string[] {
  return short.split(/\{"textApart":\d+\}/);
}

/** The thread's part: the two parts from which `wholeValue` makes a value. */
export function shortened(text: string): ShortJson {
  const long: string[] = [];
  // A text that is not JSON has no short form either.
  const value = parsed(text);
  return { short: value === undefined ? "" : shortJson(value, long), long: { ...long } };
}

/** The value of the two parts. Throws a SyntaxError if the text was not JSON. */
export function wholeValue({ short, long }: ShortJson): unknown {
  return JSON.parse(short, (_, each: unknown) => fromPlace(each, long));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPlace(value: unknown): value is Place {
  return typeof value === "object" && value !== null && "textApart" in value;
}
