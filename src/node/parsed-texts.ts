/** A bounded cache of parsed JSON texts: 10,000 attempts that read one large output parse it once. */
import { BoundedCache } from "../env/bounded-cache.ts";
import { parseTrusted } from "../workflow/json/json.ts";
import type { ParsedTexts } from "../workflow/template/resolve.ts";

/** The cost of an entry beside its text, in characters. */
const ENTRY_COST = 200;

/** The cache. It keeps what was used last, up to `charactersMax` of text; a text that alone is larger is parsed each time. */
export function createParsedTexts(charactersMax: number): ParsedTexts {
  const kept = new BoundedCache<{ readonly text: string; readonly value: unknown }>(charactersMax);

  return {
    get(key, text) {
      const found = kept.get(key);
      // Comparing 1 MB takes some microseconds, parsing it some milliseconds.
      if (found?.text === text) return found.value;
      const value = freeze(parseTrusted(text));
      const cost = text.length + key.length + ENTRY_COST;
      if (cost > charactersMax) kept.delete(key);
      else kept.set(key, { text, value }, cost);
      return value;
    },
  };
}

function freeze(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  for (const key of Object.keys(value)) freeze((value as Record<string, unknown>)[key]);
  return Object.freeze(value);
}
