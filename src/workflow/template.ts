/** Templates as the main thread sees them, which parses no output: what a config names, and what a trigger changes in it. */
import { isObject, jsonText, parseTrusted, setOwn } from "./json.ts";

/** What an attempt must carry. `ancestors`: names that are looked for among the node's ancestors; scope words may be among them. */
export type References = { readonly ancestors: readonly string[]; readonly params: boolean; readonly runtime: boolean };

const NO_REFERENCES: References = { ancestors: [], params: false, runtime: false };

/**
 * What the templates in a config's JSON text (made by `jsonText`) begin with. Reads the text without parsing it, so it
 * may name a little more than is used (what stands after `\{{`, say), never less.
 */
export function referencesOf(config: string): References {
  if (!mayName(config)) return NO_REFERENCES;
  const names = new Set<string>();
  BEGINNING.lastIndex = 0;
  for (let found = BEGINNING.exec(config); found !== null; found = BEGINNING.exec(config)) {
    const [, quoted, first, second] = found;
    if (quoted !== undefined) names.add(quoted);
    if (first !== undefined) names.add(first);
    if (first === "nodes" && second !== undefined) names.add(second);
    // An opening brace may belong to the next template too: "{{{ a.b }}".
    BEGINNING.lastIndex = found.index + 1;
  }
  return { ancestors: [...names], params: names.has("params"), runtime: names.has("runtime") };
}

/** False where nothing in a config's JSON text can be a template. */
export function mayName(config: string): boolean {
  return config.includes("{{");
}

/** In JSON text a tab is `\t` and a quote `\"`. */
const BEGINNING = /\{\{(?: |\\[tnr])*(?:nodes\[(?:\\"|')([\w-]+)(?:\\"|')\]|([\w-]+)(?:\.([\w-]+))?)/g;

/** Puts what came with a trigger over a node's config, key by key. Both are JSON texts of objects. `keys`: those that were given. */
export function mergeConfig(config: string | null, given: string): { readonly text: string; readonly keys: readonly string[] } {
  const override = parseTrusted(given);
  if (!isObject(override)) return { text: config ?? "{}", keys: [] };
  const merged = config === null ? {} : parseTrusted(config);
  if (!isObject(merged)) throw new TypeError("A config is the text of an object: it was checked when the definition came.");
  const keys = Object.keys(override);
  for (const key of keys) setOwn(merged, key, override[key]);
  return { text: jsonText(merged), keys };
}
