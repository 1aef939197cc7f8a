/** The grammar of templates: which parts of a string are paths to be filled in, and which are text. */

/** `{{ a.output.items.0 }}`: its parts, and how it was written, for messages. `literal`: the id came as `nodes["id"]`. */
export type Path = { readonly source: string; readonly first: string; readonly rest: readonly string[]; readonly literal: boolean };

/** Text as it is (a string), or a path. */
export type Piece = string | Path;

/** Names that templates may begin with beside the ids of ancestors. */
export const SCOPE_WORDS = ["params", "execution", "node", "runtime", "secrets", "nodes"] as const;
export type ScopeWord = (typeof SCOPE_WORDS)[number];

export function isScopeWord(name: string): name is ScopeWord {
  return (SCOPE_WORDS as readonly string[]).includes(name);
}

/**
 * A string as pieces. What stands in braces and is no path stays text, as in the older systems; a path inside of it
 * is still found. `\{{` is text without its backslash.
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

/** The one path that a string is, spaces around it not counted; null where it is anything else. */
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

/** `nodes.id.…` as the path that it is where no ancestor has the id `nodes`; any other path as it came. */
export function throughNodes(path: Path): Path {
  const [named, ...rest] = path.rest;
  return path.literal || path.first !== "nodes" || named === undefined ? path : { source: path.source, first: named, rest, literal: true };
}

/** What looks like a template in a text that stays text, as it stands there: `{{ foo bar }}`. */
export function textsInBraces(text: string): readonly string[] {
  return text.match(IN_BRACES) ?? [];
}

const IN_BRACES = /\{\{[^{}]{0,200}\}\}/g;
const NAME = "[A-Za-z0-9_-]+";
const SPACE = "[ \\t\\r\\n]*";
const TEMPLATE = new RegExp(
  `\\{\\{${SPACE}(?:nodes\\[(?:"(${NAME})"|'(${NAME})')\\]((?:\\.${NAME})*)|(${NAME}(?:\\.${NAME})*))${SPACE}\\}\\}`,
  "y",
);

function pathAt(text: string, open: number): Path | null {
  TEMPLATE.lastIndex = open;
  const found = TEMPLATE.exec(text);
  if (found === null) return null;
  const [source, double, single, tail, plain] = found;
  const id = double ?? single;
  if (id !== undefined)
    return { source, first: id, rest: tail === undefined || tail === "" ? [] : tail.slice(1).split("."), literal: true };
  const [first = "", ...rest] = (plain ?? "").split(".");
  return { source, first, rest, literal: false };
}
