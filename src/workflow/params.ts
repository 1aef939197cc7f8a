/** The rule for a trigger's body, which is on the wire in three forms; params stay raw text, so digits and order are kept. */
import { eachMember, isObjectAt, type JsonFault, keyText, scanJson } from "./json-scan.ts";

/** `params`: JSON text of an object, or null for none. */
export type ParamsResult =
  | { readonly ok: true; readonly params: string | null }
  /** Not JSON, or too deep where there is no fault. */
  | { readonly ok: false; readonly kind: "syntax"; readonly fault: JsonFault | null }
  /** `what`: the kind of value that stands where an object was expected. */
  | { readonly ok: false; readonly kind: "shape"; readonly where: "body" | "params"; readonly what: string };

/**
 * No body, an empty one, `null` and `{}`: no params (null). With `params` absent or null the body itself is the
 * params; an object under `params` is the params, and what is beside it is ignored. Anything else is refused.
 */
export function readParams(text: string, nesting: number): ParamsResult {
  const body = text.trim();
  if (body === "" || body === "null" || body === "{}") return NONE;
  const fault = scanJson(body, nesting);
  if (fault !== null) return { ok: false, kind: "syntax", fault: fault === "deep" ? null : fault };
  if (!isObjectAt(body, 0)) return { ok: false, kind: "shape", where: "body", what: kindOf(body) };
  const { params, others } = membersOf(body);
  if (params === null || params === "null") return others ? { ok: true, params: body } : NONE;
  return givenParams(params);
}

/** `params`: the raw text of a member of that name. */
export function givenParams(params: string): ParamsResult {
  if (params === "null") return NONE;
  if (!isObjectAt(params, 0)) return { ok: false, kind: "shape", where: "params", what: kindOf(params) };
  return isEmpty(params) ? NONE : { ok: true, params };
}

const NONE: ParamsResult = { ok: true, params: null };

/** `params`: the raw text of the member of that name, of a doubled one the last, as parsers do. `others`: whether there are any. */
function membersOf(object: string): { readonly params: string | null; readonly others: boolean } {
  let params: string | null = null;
  let others = false;
  eachMember(object, (keyStart, keyEnd, valueStart, valueEnd) => {
    if (keyEnd - keyStart <= KEY_MAX && keyText(object, keyStart, keyEnd) === "params") params = object.slice(valueStart, valueEnd);
    else others = true;
  });
  return { params, others };
}

/** "params" with each letter as `\u0070`, in quotes. */
const KEY_MAX = 6 * 6 + 2;

/** `{"params": null}` says nothing either. */
function isEmpty(object: string): boolean {
  const { params, others } = membersOf(object);
  return !others && (params === null || params === "null");
}

function kindOf(json: string): string {
  switch (json[0]) {
    case "n":
      return "null";
    case "[":
      return "a list";
    case "t":
    case "f":
      return "a boolean";
    default:
      return json[0] === '"' ? "a string" : "a number";
  }
}
