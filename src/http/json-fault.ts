/** Where a text stops being JSON: the runtime's parser says what it missed, but not where. */

/** Line and column from 1. */
export type JsonFault = { readonly line: number; readonly column: number; readonly expected: string };

/** The first fault, or null where the text is JSON. One pass, nothing recursive; for texts that the parser has refused. */
export function jsonFault(text: string): JsonFault | null {
  const scan: Scan = { text, position: skipSpaces(text, 0), want: "value", open: [] };
  while (scan.want !== "end") {
    const expected = step(scan);
    if (expected !== null) return faultAt(text, scan.position, expected);
    scan.position = skipSpaces(text, scan.position);
  }
  return scan.position >= text.length ? null : faultAt(text, scan.position, "the end");
}

/** `open`: the opening brackets that are not closed yet. */
type Scan = { readonly text: string; position: number; want: Want; readonly open: number[] };
type Want = "value" | "value or close" | "key" | "key or close" | "colon" | "comma or close" | "end";

/** Takes the next token. Where it is not what is wanted: answers what is, with the position at the fault. */
function step(scan: Scan): string | null {
  const code = scan.text.charCodeAt(scan.position);
  const inObject = scan.open.at(-1) === LEFT_BRACE;
  if (scan.want.endsWith("or close") && code === (inObject ? RIGHT_BRACE : RIGHT_BRACKET)) {
    scan.open.pop();
    scan.position++;
    return valueEnded(scan);
  }
  switch (scan.want) {
    case "comma or close":
      return code === COMMA ? advance(scan, inObject ? "key" : "value") : inObject ? '"," or "}"' : '"," or "]"';
    case "colon":
      return code === COLON ? advance(scan, "value") : '":"';
    case "key":
    case "key or close":
      if (code !== QUOTE) return "a key in double quotes";
      return takeString(scan) ?? advance(scan, "colon", 0);
    case "value":
    case "value or close":
      if (code === LEFT_BRACE || code === LEFT_BRACKET) {
        scan.open.push(code);
        return advance(scan, code === LEFT_BRACE ? "key or close" : "value or close");
      }
      return (code === QUOTE ? takeString(scan) : takeWord(scan)) ?? valueEnded(scan);
    case "end":
      return null;
  }
}

function advance(scan: Scan, want: Want, by = 1): null {
  scan.position += by;
  scan.want = want;
  return null;
}

function valueEnded(scan: Scan): null {
  return advance(scan, scan.open.length === 0 ? "end" : "comma or close", 0);
}

const STRING = "a string that ends, without control characters and with known escapes";
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const LEFT_BRACE = 0x7b;
const RIGHT_BRACE = 0x7d;
const LEFT_BRACKET = 0x5b;
const RIGHT_BRACKET = 0x5d;

const WORD = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
const ESCAPE = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;

function skipSpaces(text: string, from: number): number {
  let position = from;
  for (; position < text.length; position++) {
    const code = text.charCodeAt(position);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
  }
  return position;
}

function takeWord(scan: Scan): string | null {
  WORD.lastIndex = scan.position;
  if (!WORD.test(scan.text)) return "a value";
  scan.position = WORD.lastIndex;
  return null;
}

function takeString(scan: Scan): string | null {
  const { text } = scan;
  for (let position = scan.position + 1; position < text.length; position++) {
    const code = text.charCodeAt(position);
    if (code === QUOTE) {
      scan.position = position + 1;
      return null;
    }
    ESCAPE.lastIndex = position + 1;
    if (code < 0x20 || (code === BACKSLASH && !ESCAPE.test(text))) {
      scan.position = position;
      return STRING;
    }
    if (code === BACKSLASH) position = ESCAPE.lastIndex - 1;
  }
  scan.position = text.length;
  return STRING;
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
