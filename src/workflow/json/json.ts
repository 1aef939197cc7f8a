/**
 * JSON without its traps. Nesting is limited before anything recurses, integers beyond 2^53 keep their digits (as BigInt),
 * and what is not JSON is told apart from what JSON would silently drop.
 */
import { parseWithDigits, writeWithDigits } from "./digits.ts";
import { type JsonFault, scanJson } from "./scan.ts";

/** The result of parsing. `fault`: where the text stops being JSON; null if it is nested too deep. */
export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string; readonly fault: JsonFault | null };
export type JsonResult = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

/** Limits. `nesting`: levels of arrays and objects. `bytesMax`: of the text in UTF-8. */
export type JsonLimits = { readonly nesting: number; readonly bytesMax: number };

/** Parses a text from outside. Names such as `__proto__` become own properties like any other. Never throws. */
export function parseJson(text: string, nesting: number): ParsedJson {
  if (isDeeper(text, nesting)) return tooDeep(nesting);
  try {
    return { ok: true, value: parseTrusted(text) };
  } catch {
    const fault = scanJson(text, nesting);
    return fault === null || fault === "deep" ? tooDeep(nesting) : { ok: false, reason: `not JSON: ${describeFault(fault)}`, fault };
  }
}

function tooDeep(nesting: number): ParsedJson {
  return { ok: false, reason: `nested deeper than ${nesting} levels`, fault: null };
}

/** A fault as text, such as "expected a value at line 1, column 3". */
export function describeFault({ expected, line, column }: JsonFault): string {
  return `expected ${expected} at line ${line}, column ${column}`;
}

/** Parses a text that is known to be JSON and not too deep, because it was made or checked here. Throws a SyntaxError otherwise. */
export function parseTrusted(text: string): unknown {
  return hasLongDigits(text) && scanJson(text, Number.POSITIVE_INFINITY) === null ? parseWithDigits(text) : JSON.parse(text);
}

/**
 * A value from outside (a handler's output) as JSON text. As in JSON.stringify, `undefined` properties are left out,
 * `toJSON` is called, and NaN becomes null. But a function, a symbol, a cycle or too much data is an answer with a reason.
 * `undefined` itself becomes null. `what` is the name of the value in the reason. Throws only what the value's own code
 * throws.
 */
export function stringifyJson(value: unknown, limits: JsonLimits, what: string): JsonResult {
  if (value === undefined || value === null) return NULL_TEXT;
  const seen: Walk = { charactersLeft: limits.bytesMax, bigint: false, path: [] };
  const reason = walk(value, limits.nesting, seen);
  if (reason !== null) return { ok: false, reason: describe(reason, [what, ...seen.path.reverse()].join("."), limits) };
  const text = seen.bigint ? JSON.stringify(value, writeDigits) : JSON.stringify(value);
  if (text === undefined) return NULL_TEXT;
  if (isLonger(text, limits.bytesMax)) return { ok: false, reason: describe("large", what, limits) };
  return { ok: true, text };
}

/** A value of `parseJson` or `parseTrusted`, as compact JSON text. */
export function jsonText(value: unknown): string {
  if (typeof value === "object" && value !== null) return hasBigInt(value) ? writeWithDigits(value) : JSON.stringify(value);
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}

/** Whether a text needs more than `bytesMax` bytes in UTF-8. It counts them only if the length leaves a doubt. */
export function isLonger(text: string, bytesMax: number): boolean {
  if (text.length > bytesMax) return true;
  return text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax;
}

export type JsonObject = { [key: string]: unknown };

/** Whether a value is `{…}`, as opposed to null, arrays and everything else. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sets an own property, even if the key is `__proto__`. */
export function setOwn(object: JsonObject, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}

const NULL_TEXT: JsonResult = { ok: true, text: "null" };
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LONG_DIGITS = /\d{16}/;

/**
 * Whether a text has more levels of brackets, outside of strings. For a text that is not JSON any answer will do: the parser
 * refuses it next.
 */
function isDeeper(text: string, nesting: number): boolean {
  if (text.length <= nesting) return false;
  let depth = 0;
  let inString = false;
  for (let position = 0; position < text.length; position++) {
    const code = text.charCodeAt(position);
    if (inString) {
      if (code === BACKSLASH) position++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    // "[" and "{" differ in one bit, and so do "]" and "}".
    else if ((code | 0x20) === 0x7b) {
      if (++depth > nesting) return true;
    } else if ((code | 0x20) === 0x7d) depth--;
  }
  return false;
}

/** Whether a text has long numbers. The built-in parser is many times faster, so our own is used only if digits could be lost. */
function hasLongDigits(text: string): boolean {
  return LONG_DIGITS.test(text);
}

function writeDigits(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? rawJson(String(value)) : value;
}

const rawJson = (JSON as JSON & { rawJSON(text: string): unknown }).rawJSON;

function hasBigInt(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value === "bigint";
  if (Array.isArray(value)) return value.some(hasBigInt);
  for (const key in value) if (hasBigInt((value as JsonObject)[key])) return true;
  return false;
}

type Walk = { charactersLeft: number; bigint: boolean; readonly path: string[] };
type Reason = "deep" | "large" | "function" | "symbol";

/**
 * Looks for values that JSON.stringify must not meet: it blocks for seconds on 100,000 levels, and for ever on a value that
 * refers to the same parts again and again. Each level and character counts, so the walk itself is bounded too.
 */
function walk(value: unknown, levelsLeft: number, seen: Walk): Reason | null {
  if (--seen.charactersLeft < 0) return "large";
  switch (typeof value) {
    case "string":
      seen.charactersLeft -= value.length;
      return seen.charactersLeft < 0 ? "large" : null;
    case "bigint":
      seen.bigint = true;
      return null;
    case "function":
      return "function";
    case "symbol":
      return "symbol";
    case "object":
      return value === null ? null : walkInside(value, levelsLeft, seen);
    default:
      return null;
  }
}

function walkInside(value: object, levelsLeft: number, seen: Walk): Reason | null {
  if (levelsLeft === 0) return "deep";
  if (Array.isArray(value)) {
    for (let position = 0; position < value.length; position++) {
      const reason = walk(value[position], levelsLeft - 1, seen);
      if (reason !== null) return located(reason, String(position), seen);
    }
    return null;
  }
  const toJson = (value as { toJSON?: unknown }).toJSON;
  if (typeof toJson === "function") return walk(withoutToJson(toJson.call(value, "")), levelsLeft - 1, seen);
  for (const key of Object.keys(value)) {
    const reason = walk((value as JsonObject)[key], levelsLeft - 1, seen);
    if (reason !== null) return located(reason, key, seen);
    seen.charactersLeft -= key.length;
  }
  return null;
}

/** The value that a `toJSON` returned. It is not asked for its own `toJSON`. */
function withoutToJson(value: unknown): unknown {
  return isObject(value) && typeof value.toJSON === "function" ? { ...value, toJSON: undefined } : value;
}

/** The reason with its path. A path helps with a function in the wrong place; for a cycle it would be as long as the limit allows. */
function located(reason: Reason, key: string, seen: Walk): Reason {
  if (reason === "function" || reason === "symbol") seen.path.push(key);
  return reason;
}

function describe(reason: Reason, path: string, limits: JsonLimits): string {
  switch (reason) {
    case "deep":
      return `${path} is nested deeper than ${limits.nesting} levels, or refers to itself`;
    case "large":
      return `${path} is larger than the limit of ${limits.bytesMax} bytes`;
    case "function":
    case "symbol":
      return `${path} is a ${reason}, which is not JSON`;
  }
}
