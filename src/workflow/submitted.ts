/** What is submitted to be created and triggered at once: a definition, alone or with its params. Both stay raw text. */
import { eachMember, isObjectAt, keyText, scanJson } from "./json-scan.ts";
import { givenParams, type ParamsResult } from "./params.ts";

export type SubmittedResult =
  /** `isWrapped`: it stood under `definition`. */
  | { readonly ok: true; readonly definition: string; readonly params: string | null; readonly isWrapped: boolean }
  | Extract<ParamsResult, { ok: false }>;

/**
 * `{ "definition": { … }, "params": { … } }`, or the definition itself: that is what has `dag`, or no object under
 * `definition`. Without such a member nothing is read here: whether it is a definition is found by its check.
 */
export function readSubmitted(text: string, nesting: number): SubmittedResult {
  if (!text.includes(QUOTED)) return { ok: true, definition: text, params: null, isWrapped: false };
  const body = text.trim();
  // The wrapper is one level more than the definition may have.
  const fault = scanJson(body, nesting + 1);
  if (fault !== null) return { ok: false, kind: "syntax", fault: fault === "deep" ? null : fault };
  const { definition, params, dag } = membersOf(body);
  if (definition === undefined || dag !== undefined || !isObjectAt(definition, 0))
    return { ok: true, definition: text, params: null, isWrapped: false };
  const given = givenParams(params ?? "null");
  return given.ok ? { ok: true, definition, params: given.params, isWrapped: true } : given;
}

type Member = "definition" | "params" | "dag";
const MEMBERS: ReadonlySet<string> = new Set<Member>(["definition", "params", "dag"]);
const QUOTED = '"definition"';
/** The longest of them in quotes. */
const KEY_MAX = QUOTED.length;

/** Raw texts; of a doubled member the last, as parsers do. None where the body is no object. */
function membersOf(body: string): Partial<Record<Member, string>> {
  const members: Partial<Record<Member, string>> = {};
  if (!isObjectAt(body, 0)) return members;
  eachMember(body, (keyStart, keyEnd, valueStart, valueEnd) => {
    if (keyEnd - keyStart > KEY_MAX) return;
    const key = keyText(body, keyStart, keyEnd);
    if (MEMBERS.has(key)) members[key as Member] = body.slice(valueStart, valueEnd);
  });
  return members;
}
