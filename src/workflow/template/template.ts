/** Templates in a JSON text, without parsing it: what a config names, and what a trigger changes in it. */
import { eachMember, isObjectAt, keyText } from "../json/scan.ts";

/**
 * The names that the templates in a config's JSON text begin with, scope words included. The text is not parsed, so a few
 * names too many may be found (what stands after `\{{`, for example), never too few.
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
    // An opening brace may also belong to the next template: "{{{ a.b }}".
    BEGINNING.lastIndex = found.index + 1;
  }
  return names;
}

/** Whether a config's JSON text may contain a template. A text that came with a trigger may have escaped braces. */
export function mayName(config: string): boolean {
  return config.includes("{{") || (config.includes("\\u007") && ESCAPED_BRACE.test(config));
}

const ESCAPED_BRACE = /\\u007[bB]/;

/** The beginning of a template. In JSON text a tab is `\t` and a quote `\"`. */
const BEGINNING = /\{\{(?: |\\[tnr])*(?:nodes\[(?:\\"|')([\w-]+)(?:\\"|')\]|([\w-]+)(?:\.([\w-]+))?)/g;

/** The text with every escaped character that a template can consist of written plainly. A user may write any character as `\u007b`. */
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

/** Replaces keys of a node's config by those that came with a trigger. Both are JSON texts of objects. `keys`: those that came. */
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
