/** Reads a TypeScript source for the architecture test: what is code, what is comment, what is imported. No parser, since a rule needs only lines. */

/** `code`: the text with comments and the insides of strings blanked, `comments`: all but comments blanked. Both keep every line where it was. */
export type Scanned = { readonly code: string; readonly comments: string; readonly imports: readonly Import[]; readonly lines: number };
/** `line` counts from 1. Type-only imports are imports. */
export type Import = { readonly specifier: string; readonly line: number };

export function scan(source: string): Scanned {
  const { code, comments } = separate(source);
  return { code, comments, imports: importsOf(source, code), lines: source.split("\n").length - (source.endsWith("\n") ? 1 : 0) };
}

/** `import … from "x"`, `export … from "x"`, `import "x"`, `import("x")`, `require("x")`: found in the code, read from the source. */
const IMPORT = /\b(?:import|export)\b[^;"'`]*?\bfrom\s*(?=["'])|\bimport\s*(?=["'])|\b(?:import|require)\s*\(\s*(?=["'`])/g;

function importsOf(source: string, code: string): Import[] {
  return [...code.matchAll(IMPORT)].map((match) => {
    const open = match.index + match[0].length;
    const close = source.indexOf(source.charAt(open), open + 1);
    return { specifier: source.slice(open + 1, close), line: lineAt(source, open) };
  });
}

export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}

/** After one of these a slash begins a regular expression, after anything else it divides. */
const BEFORE_REGEX = /(?:^|[([{,;:=!&|?+\-*%~^<>]|\b(?:return|typeof|case|in|of|void|delete|throw|await|yield|else|do))\s*$/;

function separate(source: string): { code: string; comments: string } {
  const code: string[] = [];
  const comments: string[] = [];
  /** Open braces of each `${` that we are inside of. */
  const templates: number[] = [];
  let at = 0;
  const keep = (end: number, kind: "code" | "comment" | "string"): void => {
    const piece = source.slice(at, end);
    const blank = piece.replace(/[^\n]/g, " ");
    code.push(kind === "code" ? piece : blank);
    comments.push(kind === "comment" ? piece : blank);
    at = end;
  };
  const quoted = (end: number): void => {
    keep(at + 1, "code");
    keep(end, "string");
  };
  while (at < source.length) {
    const character = source.charAt(at);
    const next = source.charAt(at + 1);
    if (character === "/" && next === "/") keep(endOf(source, "\n", at), "comment");
    else if (character === "/" && next === "*") keep(endOf(source, "*/", at + 2) + 2, "comment");
    else if (character === "/" && BEFORE_REGEX.test(code.slice(-80).join("").trimEnd())) keep(endOfRegex(source, at), "string");
    else if (character === '"' || character === "'") {
      quoted(endOfString(source, at, character));
      keep(at + 1, "code");
    } else if (character === "`") intoTemplate(1);
    else if (character === "}" && templates.at(-1) === 0) {
      templates.pop();
      intoTemplate(1);
    } else {
      if (templates.length > 0 && (character === "{" || character === "}")) {
        templates.push((templates.pop() ?? 0) + (character === "{" ? 1 : -1));
      }
      keep(at + 1, "code");
    }
  }
  return { code: code.join(""), comments: comments.join("") };

  /** Blanks a template's text up to its end or to the next `${`, whose inside is code again. */
  function intoTemplate(skip: number): void {
    let end = at + skip;
    while (end < source.length && source.charAt(end) !== "`" && !source.startsWith("${", end)) end += source.charAt(end) === "\\" ? 2 : 1;
    quoted(Math.min(end, source.length));
    if (source.startsWith("${", at)) {
      templates.push(0);
      keep(at + 2, "code");
    } else keep(Math.min(at + 1, source.length), "code");
  }
}

function endOf(source: string, mark: string, from: number): number {
  const end = source.indexOf(mark, from);
  return end === -1 ? source.length : end;
}

function endOfString(source: string, from: number, quote: string): number {
  let end = from + 1;
  while (end < source.length && source.charAt(end) !== quote && source.charAt(end) !== "\n") end += source.charAt(end) === "\\" ? 2 : 1;
  return end;
}

/** A slash inside a class, as in `[/]`, does not end it. */
function endOfRegex(source: string, from: number): number {
  let end = from + 1;
  for (let inClass = false; end < source.length && source.charAt(end) !== "\n"; end += source.charAt(end) === "\\" ? 2 : 1) {
    const character = source.charAt(end);
    if (character === "/" && !inClass) return end + 1;
    if (character === "[") inClass = true;
    else if (character === "]") inClass = false;
  }
  return end;
}
