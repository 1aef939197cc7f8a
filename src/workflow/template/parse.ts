/** The grammar of templates: which parts of a string are paths to be filled in, and which are text. */

/** A path such as `{{ a.output.items.0 }}`: its parts, and its source for messages. `literal`: the id came as `nodes["id"]`. */
export type Path = { readonly source: string; readonly first: string; readonly rest: readonly string[]; readonly literal: boolean };

/** A piece of a string: a text as it is (a string), or a path. */
export type Piece = string | Path;

/**
 * The limits of one text. More is refused when it comes in, so that a short document cannot cause long work in each attempt.
 * `parts`, `partCharacters`: of a path.
 */
export const TEMPLATE_LIMITS = { paths: 10_000, parts: 64, partCharacters: 128 } as const;

/** What is wrong with a path, as the end of a sentence; null if nothing is. */
export function excessOf({ first, rest }: Path): string | null {
  const { parts, partCharacters } = TEMPLATE_LIMITS;
  if (rest.length >= parts) return `its path has ${rest.length + 1} parts; the limit is ${parts}`;
  const isLong = first.length > partCharacters || rest.some((part) => part.length > partCharacters);
  return isLong ? `a part of its path is longer than ${partCharacters} characters` : null;
}

/** Words that templates may begin with besides the ids of ancestors. */
export const SCOPE_WORDS = ["params", "execution", "node", "runtime", "secrets", "nodes"] as const;
export type ScopeWord = (typeof SCOPE_WORDS)[number];

export function isScopeWord(name: string): name is ScopeWord {
  return (SCOPE_WORDS as readonly string[]).includes(name);
}

/**
 * A string as pieces. Braces that hold no path stay text, as in the older systems; a path inside them is still found. `\{{`
 * is text without its backslash.
 */
export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let literal = "";
  let done = 0;
  for (let open = text.indexOf("{{"); open !== -1; ) {
    const path = pathAt(text, open);
    if (open > done && text[open - 1] === "\\") {
      literal += `${text.slice(done, open - 1)}{{`;
      done = open + 2;
      open = text.indexOf("{{", done);
    } else if (path === null) {
      open = text.indexOf("{{", open + 1);
    } else {
      literal += text.slice(done, open);
      if (literal !== "") pieces.push(literal);
      literal = "";
      pieces.push(path);
      done = open + path.source.length;
      open = text.indexOf("{{", done);
    }
  }
  literal += text.slice(done);
  if (literal !== "") pieces.push(literal);
  return pieces;
}

/** The path, if the string is one path and nothing else but spaces; else null. */
export function wholePath(pieces: readonly Piece[]): Path | null {
  let whole: Path | null = null;
  for (const piece of pieces) {
    if (typeof piece !== "string") {
      if (whole !== null) return null;
      whole = piece;
    } else if (piece.trim() !== "") return null;
  }
  return whole;
}

/** The path that `nodes.id.…` stands for, if no ancestor has the id `nodes`; any other path unchanged. */
export function throughNodes(path: Path): Path {
  const [named, ...rest] = path.rest;
  return path.literal || path.first !== "nodes" || named === undefined ? path : { source: path.source, first: named, rest, literal: true };
}

/** Texts that look like templates but stay text, as they stand there: `{{ foo bar }}`. */
export function textsInBraces(text: string): readonly string[] {
  return text.match(IN_BRACES) ?? [];
}

const IN_BRACES = /\{\{[^{}]{0,200}\}\}/g;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const CLOSE_BRACE = 0x7d;
const POINT = 0x2e;

/** The path in the braces that open at `open`, or null. It is parsed by hand, because a pattern takes quadratic time for a long path. */
function pathAt(text: string, open: number): Path | null {
  const start = skipSpaces(text, open + 2);
  const firstEnd = skipName(text, start);
  if (firstEnd === start) return null;
  const first = text.slice(start, firstEnd);
  const quoted = first === "nodes" && text.charCodeAt(firstEnd) === OPEN_BRACKET ? quotedName(text, firstEnd + 1) : null;
  const rest: string[] = [];
  let position = quoted === null ? firstEnd : quoted.end;
  while (text.charCodeAt(position) === POINT) {
    const end = skipName(text, position + 1);
    if (end === position + 1) return null;
    rest.push(text.slice(position + 1, end));
    position = end;
  }
  position = skipSpaces(text, position);
  if (text.charCodeAt(position) !== CLOSE_BRACE || text.charCodeAt(position + 1) !== CLOSE_BRACE) return null;
  return { source: text.slice(open, position + 2), first: quoted?.name ?? first, rest, literal: quoted !== null };
}

/** The name in `"a"]` or `'a'`, and the position after the bracket. */
function quotedName(text: string, start: number): { readonly name: string; readonly end: number } | null {
  const mark = text[start];
  const end = skipName(text, start + 1);
  const isQuoted = (mark === '"' || mark === "'") && end > start + 1 && text[end] === mark && text.charCodeAt(end + 1) === CLOSE_BRACKET;
  return isQuoted ? { name: text.slice(start + 1, end), end: end + 2 } : null;
}

function skipSpaces(text: string, from: number): number {
  let position = from;
  for (let code = text.charCodeAt(position); code <= 0x20; code = text.charCodeAt(++position)) {
    if (code !== 0x20 && code !== 0x09 && code !== 0x0d && code !== 0x0a) break;
  }
  return position;
}

function skipName(text: string, from: number): number {
  let position = from;
  while (isNamePart(text.charCodeAt(position))) position++;
  return position;
}

/** Whether a character is a letter, a digit, `_` or `-`. */
function isNamePart(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) || code === 0x5f || code === 0x2d;
}
