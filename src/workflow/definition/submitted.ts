/** A body that creates and triggers at once: a definition, alone or with its params. Both stay raw text. */
import { eachMember, isObjectAt, keyText, scanJson } from "../json/scan.ts";
import { givenParams, type ParamsResult } from "./params.ts";

export type SubmittedResult =
  /** `isWrapped`: the definition stood under `definition`. */
  | { readonly ok: true; readonly definition: string; readonly params: string | null; readonly isWrapped: boolean }
  /**
   * Unknown members beside `definition`, as they are written, no more than a few. They are refused because misspelt params
   * would be ignored.
   */
  | { readonly ok: false; readonly kind: "members"; readonly unknown: readonly string[] }
  | Extract<ParamsResult, { ok: false }>;

/**
 * Reads `{ "definition": { … }, "params": { … } }`, or the definition itself. A body is the definition itself if it has
 * `dag`, or no object under `definition`. In that case nothing else is read here; the check of the definition finds what is
 * wrong.
 */
export function readSubmitted(text: string, nesting: number): SubmittedResult {
  if (!text.includes(QUOTED)) return { ok: true, definition: text, params: null, isWrapped: false };
  const body = text.trim();
  // The wrapper is one level more than the definition may have.
  const fault = scanJson(body, nesting + 1);
  if (fault !== null) return { ok: false, kind: "syntax", fault: fault === "deep" ? null : fault };
  const { members, unknown } = membersOf(body);
  const { definition, params, dag } = members;
  if (definition === undefined || dag !== undefined || !isObjectAt(definition, 0))
    return { ok: true, definition: text, params: null, isWrapped: false };
  if (unknown.length > 0) return { ok: false, kind: "members", unknown };
  const given = givenParams(params ?? "null");
  return given.ok ? { ok: true, definition, params: given.params, isWrapped: true } : given;
}

type Member = "definition" | "params" | "dag";
const MEMBERS: ReadonlySet<string> = new Set<Member>(["definition", "params", "dag"]);
const QUOTED = '"definition"';
/** The longest key, in quotes. */
const KEY_MAX = QUOTED.length;
/** The number of unknown members that are named, and the characters of each. */
const TOLD_MAX = 3;
const TOLD_CHARACTERS = 60;

type Members = { readonly members: Partial<Record<Member, string>>; readonly unknown: readonly string[] };

/** The members of a body as raw texts; of a doubled member the last, as in parsers. None if the body is no object. */
function membersOf(body: string): Members {
  const members: Partial<Record<Member, string>> = {};
  const unknown: string[] = [];
  if (!isObjectAt(body, 0)) return { members, unknown };
  eachMember(body, (keyStart, keyEnd, valueStart, valueEnd) => {
    const key = keyEnd - keyStart > KEY_MAX ? "" : keyText(body, keyStart, keyEnd);
    if (MEMBERS.has(key)) members[key as Member] = body.slice(valueStart, valueEnd);
    else if (unknown.length < TOLD_MAX) unknown.push(body.slice(keyStart + 1, Math.min(keyEnd - 1, keyStart + 1 + TOLD_CHARACTERS)));
  });
  return { members, unknown };
}
