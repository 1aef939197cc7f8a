/** The rule for a trigger's body, which is on the wire in three forms; params stay raw text, so digits and order are kept. */
import { eachMember, isObjectAt, type JsonFault, keyText, scanJson } from "../json/scan.ts";

/** `params`: JSON text of an object, or null for none. */
export type ParamsResult = { readonly ok: true; readonly params: string | null } | ParamsRefused;
/** The same by where the params stand in the body. */
export type ParamsPlace = { readonly ok: true; readonly place: Place | null } | ParamsRefused;
type Place = { readonly start: number; readonly end: number };

type ParamsRefused =
  /** Not JSON, or too deep where there is no fault. */
  | { readonly ok: false; readonly kind: "syntax"; readonly fault: JsonFault | null }
  /** `what`: the kind of value that stands where an object was expected. */
  | { readonly ok: false; readonly kind: "shape"; readonly where: "body" | "params"; readonly what: string };

/**
 * No body, an empty one, `null` and `{}`: no params (null). With `params` absent or null the body itself is the
 * params; an object under `params` is the params, and what is beside it is ignored. Anything else is refused.
 */
export function findParams(text: string, nesting: number): ParamsPlace {
  const body = text.trim();
  if (body === "" || body === "null" || body === "{}") return NONE;
  const found = findInBody(body, nesting);
  if (!found.ok || found.place === null) return found;
  const before = text.length - text.trimStart().length;
  return { ok: true, place: { start: before + found.place.start, end: before + found.place.end } };
}

/** What was found, of the same text. */
export function paramsIn(text: string, found: ParamsPlace): ParamsResult {
  if (!found.ok) return found;
  if (found.place === null) return { ok: true, params: null };
  const params = text.slice(found.place.start, found.place.end);
  // A slice keeps the whole body in memory: not for as long as the execution, where most of it was beside the params.
  return { ok: true, params: text.length - params.length > BESIDE_MAX ? Buffer.from(params).toString() : params };
}

const BESIDE_MAX = 64 * 1024;

/** `params`: the raw text of a member of that name. */
export function givenParams(params: string): ParamsResult {
  const fault = params === "null" ? null : refusalOf(params);
  return fault ?? { ok: true, params: params === "null" || isEmpty(params) ? null : params };
}

function findInBody(body: string, nesting: number): ParamsPlace {
  const fault = scanJson(body, nesting);
  if (fault !== null) return { ok: false, kind: "syntax", fault: fault === "deep" ? null : fault };
  if (!isObjectAt(body, 0)) return { ok: false, kind: "shape", where: "body", what: kindOf(body) };
  const { place, others } = membersOf(body);
  const params = place === null ? "null" : body.slice(place.start, place.end);
  if (params === "null") return others ? { ok: true, place: { start: 0, end: body.length } } : NONE;
  return refusalOf(params) ?? (isEmpty(params) ? NONE : { ok: true, place });
}

function refusalOf(params: string): ParamsRefused | null {
  return isObjectAt(params, 0) ? null : { ok: false, kind: "shape", where: "params", what: kindOf(params) };
}

const NONE: ParamsPlace = { ok: true, place: null };

/** `place`: of the value under `params`, of a doubled one the last, as parsers do. `others`: whether there are any. */
function membersOf(object: string): Members {
  const members: Members = { place: null, others: false };
  eachMember(object, (keyStart, keyEnd, start, end) => {
    if (keyEnd - keyStart <= KEY_MAX && keyText(object, keyStart, keyEnd) === "params") members.place = { start, end };
    else members.others = true;
  });
  return members;
}

type Members = { place: Place | null; others: boolean };

/** "params" with each letter as `\u0070`, in quotes. */
const KEY_MAX = 6 * 6 + 2;

/** `{"params": null}` says nothing either. */
function isEmpty(object: string): boolean {
  const { place, others } = membersOf(object);
  return !others && (place === null || object.slice(place.start, place.end) === "null");
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
