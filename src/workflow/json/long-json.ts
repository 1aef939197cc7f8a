/** JSON with long texts in it, made and read without any of them on the main thread: it sees a short text with places where they go. */

export type LongJson = {
  /** The value's JSON text. Its objects must have no member `textApart`. */
  writeJson(value: unknown): Promise<string>;
  /** The value of a JSON text; rejects with SyntaxError where it is none. */
  readJson(text: string): Promise<unknown>;
};

/** From this many characters on JSON is made and read so. */
export const LONG_JSON = 1024 * 1024;
/** Shorter ones stay where they are. */
const LONG_TEXT = 64 * 1024;

/** Where a long text goes that stands apart, by its number. */
type Place = { readonly textApart: number };
/** `short`: JSON text with places. */
export type ShortJson = { readonly short: string; readonly long: Readonly<Record<number, string>> };

/** What of the value's JSON is short; the long texts go to `long`, as they are. */
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

/** What stands before the first place, between two, and after the last. A text cannot look like a place: its quotes would be escaped. */
export function betweenPlaces(short: string): readonly string[] {
  return short.split(/\{"textApart":\d+\}/);
}

/** In the thread: what `wholeValue` makes a value of. */
export function shortened(text: string): ShortJson {
  const long: string[] = [];
  // What is no JSON is none in short either.
  const value = parsed(text);
  return { short: value === undefined ? "" : shortJson(value, long), long: { ...long } };
}

/** Throws SyntaxError where the text was no JSON. */
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
