/**
 * JSON, read without making values: whether a text is JSON, where it stops being JSON, how deep it is, and which members its
 * outermost object has. It is one pass without recursion, so 32 MB take some 50 ms and no memory.
 */
import {
  BACKSLASH,
  closingQuote,
  COLON,
  COMMA,
  LEFT_BRACE,
  LEFT_BRACKET,
  MINUS,
  QUOTE,
  RIGHT_BRACE,
  RIGHT_BRACKET,
  skipSpaces,
} from "./characters.ts";

export { stringText as keyText } from "./characters.ts";

/** A fault. Lines and columns count from 1. */
export type JsonFault = { readonly line: number; readonly column: number; readonly expected: string };

/** The first fault; "deep" if there are more than `nesting` levels of arrays and objects; null if the text is JSON. */
export function scanJson(text: string, nesting: number): JsonFault | "deep" | null {
  const scan: Scan = { text, position: skipSpaces(text, 0), want: "value", open: [], inObject: false };
  while (scan.want !== "end") {
    const expected = step(scan, nesting);
    if (expected === TOO_DEEP) return "deep";
    if (expected !== null) return faultAt(text, scan.position, expected);
    scan.position = skipSpaces(text, scan.position);
  }
  return scan.position >= text.length ? null : faultAt(text, scan.position, "the end");
}

/** Visits a member of an object's text, by positions: the key with its quotes, and the value. */
export type VisitMember = (keyStart: number, keyEnd: number, valueStart: number, valueEnd: number) => void;

/** Visits the members of the outermost object in their order, doubled ones too. The text is known to be JSON, and to be an object. */
export function eachMember(object: string, visit: VisitMember): void {
  let position = skipSpaces(object, 0) + 1;
  for (;;) {
    const keyStart = skipSpaces(object, position);
    if (object.charCodeAt(keyStart) !== QUOTE) return;
    const keyEnd = closingQuote(object, keyStart) + 1;
    const valueStart = skipSpaces(object, skipSpaces(object, keyEnd) + 1);
    const valueEnd = skipValue(object, valueStart);
    visit(keyStart, keyEnd, valueStart, valueEnd);
    // The position after the comma. After the closing brace there is no other key.
    position = skipSpaces(object, valueEnd) + 1;
  }
}

/** Whether the value that begins here is an object. */
export function isObjectAt(text: string, valueStart: number): boolean {
  return text.charCodeAt(valueStart) === LEFT_BRACE;
}

type Want = "value" | "value or close" | "key" | "key or close" | "colon" | "comma or close" | "end";
/** The state of a scan. `open`: for each open bracket whether it is an object's. `inObject`: the same of the last one. */
type Scan = { readonly text: string; position: number; want: Want; readonly open: boolean[]; inObject: boolean };

const TOO_DEEP = "fewer levels";

/** Reads the next token. If it is not a wanted one, returns what was wanted, with the position at the fault. */
function step(scan: Scan, nesting: number): string | null {
  const code = scan.text.charCodeAt(scan.position);
  switch (scan.want) {
    case "comma or close":
      if (code === COMMA) return advance(scan, scan.inObject ? "key" : "value", 1);
      return isClosing(scan, code) ? close(scan) : scan.inObject ? '"," or "}"' : '"," or "]"';
    case "colon":
      return code === COLON ? advance(scan, "value", 1) : '":"';
    case "key or close":
      if (isClosing(scan, code)) return close(scan);
      return takeKey(scan, code);
    case "key":
      return takeKey(scan, code);
    case "value or close":
      if (isClosing(scan, code)) return close(scan);
      return takeValue(scan, code, nesting);
    case "value":
      return takeValue(scan, code, nesting);
    case "end":
      return null;
  }
}

function advance(scan: Scan, want: Want, by: number): null {
  scan.position += by;
  scan.want = want;
  return null;
}

function isClosing({ inObject }: Scan, code: number): boolean {
  return code === (inObject ? RIGHT_BRACE : RIGHT_BRACKET);
}

function close(scan: Scan): null {
  const { open } = scan;
  open.pop();
  scan.inObject = open.length > 0 && open[open.length - 1] === true;
  return advance(scan, open.length === 0 ? "end" : "comma or close", 1);
}

function takeKey(scan: Scan, code: number): string | null {
  if (code !== QUOTE) return "a key in double quotes";
  return takeString(scan, "colon");
}

function takeValue(scan: Scan, code: number, nesting: number): string | null {
  if (code === LEFT_BRACE || code === LEFT_BRACKET) {
    if (scan.open.length === nesting) return TOO_DEEP;
    scan.inObject = code === LEFT_BRACE;
    scan.open.push(scan.inObject);
    return advance(scan, scan.inObject ? "key or close" : "value or close", 1);
  }
  const next = scan.open.length === 0 ? "end" : "comma or close";
  if (code === QUOTE) return takeString(scan, next);
  const end = wordEnd(scan.text, scan.position, code);
  return end === -1 ? "a value" : advance(scan, next, end - scan.position);
}

function takeString(scan: Scan, next: Want): string | null {
  const end = stringEnd(scan.text, scan.position);
  scan.position = Math.abs(end);
  scan.want = next;
  return end < 0 ? STRING : null;
}

const STRING = "a string that ends, without control characters and with known escapes";
const POINT = 0x2e;

/**
 * The position after the closing quote. If the string is broken: the place of the fault, negative, which is never 0 because
 * the quote is there.
 */
function stringEnd(text: string, opening: number): number {
  for (let position = opening + 1; position < text.length; position++) {
    const code = text.charCodeAt(position);
    if (code === QUOTE) return position + 1;
    if (code < 0x20) return -position;
    if (code !== BACKSLASH) continue;
    const length = escapeLength(text, position + 1);
    if (length === 0) return -position;
    position += length;
  }
  return -text.length;
}

/** The length of an escape; 0 if it is unknown. */
function escapeLength(text: string, position: number): number {
  switch (text.charCodeAt(position)) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return 1;
    case 0x75:
      for (let digit = position + 1; digit <= position + 4; digit++) if (!isHex(text.charCodeAt(digit))) return 0;
      return 5;
    default:
      return 0;
  }
}

/** The position after a number, `true`, `false` or `null`; -1 if there is none, or more than one. */
function wordEnd(text: string, position: number, code: number): number {
  let end = -1;
  if (code === MINUS || isDigit(code)) end = numberEnd(text, position);
  else if (text.startsWith("true", position) || text.startsWith("null", position)) end = position + 4;
  else if (text.startsWith("false", position)) end = position + 5;
  return end !== -1 && goesOn(text.charCodeAt(end)) ? -1 : end;
}

function numberEnd(text: string, start: number): number {
  let position = text.charCodeAt(start) === MINUS ? start + 1 : start;
  if (text.charCodeAt(position) === 0x30) position++;
  else if (isDigit(text.charCodeAt(position))) position = skipDigits(text, position);
  else return -1;
  if (text.charCodeAt(position) === POINT) {
    const end = skipDigits(text, position + 1);
    if (end === position + 1) return -1;
    position = end;
  }
  if ((text.charCodeAt(position) | 0x20) !== 0x65) return position;
  const sign = text.charCodeAt(position + 1);
  const digits = sign === MINUS || sign === 0x2b ? position + 2 : position + 1;
  const end = skipDigits(text, digits);
  return end === digits ? -1 : end;
}

function skipDigits(text: string, from: number): number {
  let position = from;
  while (isDigit(text.charCodeAt(position))) position++;
  return position;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isHex(code: number): boolean {
  return isDigit(code) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66);
}

/** Whether a character belongs to the same word as the one before it. */
function goesOn(code: number): boolean {
  return (
    isDigit(code) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) || code === MINUS || code === POINT || code === 0x2b || code === 0x5f
  );
}

function skipValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return closingQuote(text, start) + 1;
  let depth = 0;
  for (let position = start; ; position++) {
    const code = text.charCodeAt(position);
    if (code === QUOTE) position = closingQuote(text, position);
    // "[" and "{" differ in one bit, and so do "]" and "}".
    else if ((code | 0x20) === LEFT_BRACE) depth++;
    else if ((code | 0x20) === RIGHT_BRACE) {
      if (depth === 0) return position;
      if (--depth === 0) return position + 1;
    } else if (depth === 0 && (code === COMMA || code <= 0x20)) return position;
  }
}

function faultAt(text: string, position: number, expected: string): JsonFault {
  let line = 1;
  let lineStart = 0;
  for (let next = text.indexOf("\n"); next !== -1 && next < position; next = text.indexOf("\n", next + 1)) {
    line++;
    lineStart = next + 1;
  }
  return { line, column: position - lineStart + 1, expected };
}
