/**
 * YAML as JSON text. It is written from the nodes of the parsed document and not from values, so that integers keep their digits and keys
 * their order, and so that nesting, aliases and size are limited on the way.
 */
import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, Parser, type CST, type Document } from "yaml";

/** The longest JSON that comes out. YAML itself is seldom shorter, but aliases of aliases write without end. */
const JSON_CHARACTERS_MAX = 4 * 1024 * 1024;

/** The result. `text`: JSON, "" if the document is empty. `reason`: what is wrong, as the end of a sentence. */
export type YamlResult =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly kind: "long" | "broken" | "slow"; readonly reason: string };

/** YAML as JSON. `nesting`: levels of lists and maps. */
export function yamlToJson(yaml: string, nesting: number): YamlResult {
  try {
    const document = parse(yaml, nesting);
    if (document === null) return { ok: true, text: "" };
    const writer: Writer = { parts: [], charactersLeft: JSON_CHARACTERS_MAX, anchors: new Map() };
    write(document.contents, nesting, writer);
    return { ok: true, text: writer.parts.join("") };
  } catch (error) {
    if (error instanceof YamlFault) return { ok: false, kind: "broken", reason: error.message };
    throw error;
  }
}

/** A fault of the document, thrown out of the depth of its nodes and caught above. */
class YamlFault extends Error {}

/** Parses the document. The library composes nodes by recursion, so nesting is checked on the parser's own stack before. */
function parse(yaml: string, nesting: number): Document.Parsed | null {
  const lines = new LineCounter();
  // Its check for doubled keys compares each with each, so it is off and done below.
  const composer = new Composer({ intAsBigInt: true, uniqueKeys: false, lineCounter: lines, prettyErrors: false });
  let document: Document.Parsed | null = null;
  for (const next of composer.compose(tokens(yaml, nesting, lines), false, yaml.length)) {
    if (document !== null) throw new YamlFault("it holds more than one document");
    document = next;
  }
  const fault = document?.errors[0];
  if (fault === undefined) return document;
  const { line, col } = lines.linePos(fault.pos[0]);
  throw new YamlFault(`${fault.message} (line ${line}, column ${col})`);
}

function* tokens(yaml: string, nesting: number, lines: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(yaml)) {
    for (const token of parser.next(lexeme)) {
      yield token;
      // The rest of such a document would only give more of them.
      if (token.type === "error") return;
    }
    // The stack also holds the document, and for each level at most a key and a value.
    if (parser.stack.length > nesting * 2 + 2) throw tooDeep();
  }
  yield* parser.end();
}

type Writer = { readonly parts: string[]; charactersLeft: number; readonly anchors: Map<string, unknown> };

function write(node: unknown, levelsLeft: number, writer: Writer): void {
  if (levelsLeft < 0) throw tooDeep();
  if (node === null || node === undefined) return put("null", writer);
  if (isAlias(node)) {
    const anchored = writer.anchors.get(node.source);
    if (anchored === undefined) throw new YamlFault(`the alias *${node.source} has no anchor before it`);
    return write(anchored, levelsLeft, writer);
  }
  if (!isScalar(node) && !isMap(node) && !isSeq(node)) throw new YamlFault("it holds a node of an unknown kind");
  if (node.anchor !== undefined) writer.anchors.set(node.anchor, node);
  if (isScalar(node)) return put(scalarText(node.value), writer);
  if (isSeq(node)) return writeList(node.items, levelsLeft - 1, writer);
  writeMap(node.items, levelsLeft - 1, writer);
}

function writeList(items: readonly unknown[], levelsLeft: number, writer: Writer): void {
  put("[", writer);
  items.forEach((item, position) => {
    if (position > 0) put(",", writer);
    write(item, levelsLeft, writer);
  });
  put("]", writer);
}

function writeMap(items: readonly { readonly key: unknown; readonly value: unknown }[], levelsLeft: number, writer: Writer): void {
  const keys = new Set<string>();
  put("{", writer);
  for (const { key, value } of items) {
    const name = keyText(key);
    if (keys.has(name)) throw new YamlFault(`the key ${JSON.stringify(name)} is there twice in one map`);
    if (keys.size > 0) put(",", writer);
    keys.add(name);
    put(`${JSON.stringify(name)}:`, writer);
    write(value, levelsLeft, writer);
  }
  put("}", writer);
}

/** The text of a key: `1: x` has the key "1", as JSON would write it. */
function keyText(key: unknown): string {
  if (!isScalar(key)) throw new YamlFault("a key is not a string");
  return typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
}

function scalarText(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) throw new YamlFault(`${value} is no JSON number`);
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null) return JSON.stringify(value);
  throw new YamlFault("it holds a value that JSON does not know");
}

function put(text: string, writer: Writer): void {
  writer.charactersLeft -= text.length;
  if (writer.charactersLeft < 0) throw new YamlFault("its aliases make it too large");
  writer.parts.push(text);
}

function tooDeep(): YamlFault {
  return new YamlFault("it is nested too deep, or an alias holds itself");
}
