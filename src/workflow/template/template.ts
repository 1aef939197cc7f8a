/** Templates as seen without parsing what they stand in: what a config names, and what a trigger changes in it. */
import { eachMember, isObjectAt, keyText } from "../json/scan.ts";

/**
 * The names that the templates in a config's JSON text begin with; scope words may be among them. Reads the text without
 * parsing it, so it may name a little more than is used (what stands after `\{{`, say), never less.
 */
export function namesIn(config: string): ReadonlySet<string> {
  const names = new Set<string>();
  const text = config.includes("\\u") ? withoutEscapes(config) : config;
  if (!text.includes("{{")) return names;
  BEGINNING.lastIndex = 0;
  for (let found = BEGINNING.exec(text); found !== null; found = BEGINNING.exec(text)) {
    const [, quoted, first, second] = found;
    if (quoted !== undefined) names.add(quoted);
    if (first !== undefined) names.add(first);
    if (first === "nodes" && second !== undefined) names.add(second);
    // An opening brace may belong to the next template too: "{{{ a.b }}".
    BEGINNING.lastIndex = found.index + 1;
  }
  return names;
}

/** False where nothing in a config's JSON text can be a template. What came with a trigger may have its braces escaped. */
export function mayName(config: string): boolean {
  return config.includes("{{") || (config.includes("\\u007") && ESCAPED_BRACE.test(config));
}

const ESCAPED_BRACE = /\\u007[bB]/;

/** In JSON text a tab is `\t` and a quote `\"`. */
const BEGINNING = /\{\{(?: |\\[tnr])*(?:nodes\[(?:\\"|')([\w-]+)(?:\\"|')\]|([\w-]+)(?:\.([\w-]+))?)/g;

/** A user's text may write any character as `\u007b`; those that a template can be made of are written plainly. */
function withoutEscapes(text: string): string {
  return text.replace(ESCAPED, (asItIs, digits: string | undefined) => {
    if (digits === undefined) return asItIs;
    const code = Number.parseInt(digits, 16);
    if (code === 0x22) return '\\"';
    if (code === 0x5c) return "\\\\";
    return code < 0x20 ? " " : String.fromCharCode(code);
  });
}

const ESCAPED = /\\(?:u00([0-7][0-9a-fA-F])|[\s\S])/g;

export type Merged = { readonly text: string; readonly keys: readonly string[] };

/** Puts what came with a trigger over a node's config, key by key. Both are JSON texts of objects. `keys`: those that were given. */
export function mergeConfig(config: string | null, given: string): Merged {
  if (!isObjectAt(given, 0)) return { text: config ?? "{}", keys: [] };
  const members = new Map<string, string>();
  const keys = new Set<string>();
  eachMember(config ?? "{}", (keyStart, keyEnd, _, valueEnd) => {
    members.set(keyText(config ?? "", keyStart, keyEnd), (config ?? "").slice(keyStart, valueEnd));
  });
  eachMember(given, (keyStart, keyEnd, valueStart, valueEnd) => {
    const key = keyText(given, keyStart, keyEnd);
    keys.add(key);
    members.set(key, `${given.slice(keyStart, keyEnd)}:${given.slice(valueStart, valueEnd)}`);
  });
  return { text: `{${[...members.values()].join(",")}}`, keys: [...keys] };
}
