/** A bounded cache of parsed JSON texts: 10,000 attempts that read one large output parse it once. */
import { parseTrusted } from "../workflow/json/json.ts";
import type { ParsedTexts } from "../workflow/template/resolve.ts";

/** An entry's own cost beside its text, in characters. */
const ENTRY_COST = 200;

/** Keeps what was used last, up to `charactersMax` of text; a text that alone is larger is parsed each time. */
export function createParsedTexts(charactersMax: number): ParsedTexts {
  const entries = new Map<string, { readonly text: string; readonly value: unknown; readonly cost: number }>();
  let total = 0;

  return {
    get(key, text) {
      const found = entries.get(key);
      if (found !== undefined) {
        entries.delete(key);
        // To compare 1 MB takes some microseconds, to parse it some milliseconds.
        if (found.text === text) {
          // A Map keeps the order of insertion: the first entry is the one used longest ago.
          entries.set(key, found);
          return found.value;
        }
        total -= found.cost;
      }
      const value = freeze(parseTrusted(text));
      const cost = text.length + key.length + ENTRY_COST;
      if (cost > charactersMax) return value;
      entries.set(key, { text, value, cost });
      total += cost;
      for (const [oldest, { cost: freed }] of entries) {
        if (total <= charactersMax) break;
        entries.delete(oldest);
        total -= freed;
      }
      return value;
    },
  };
}

function freeze(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  for (const key of Object.keys(value)) freeze((value as Record<string, unknown>)[key]);
  return Object.freeze(value);
}
