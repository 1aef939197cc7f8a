/** The rule for a trigger's body, which has three forms. Params stay raw text, so digits and order are kept. */
import { eachMember, isObjectAt, type JsonFault, keyText, scanJson } from "../json/scan.ts";

/** The result. `params`: JSON text of an object, or null if there are none. */
export type ParamsResult = { readonly ok: true; readonly params: string | null } | ParamsRefused;
/** The same result with the place of the params in the body. */
export type ParamsPlace = { readonly ok: true; readonly place: Place | null } | ParamsRefused;
type Place = { readonly start: number; readonly end: number };

type ParamsRefused =
  /** The body is not JSON; or it is nested too deep if there is no fault. */
  | { readonly ok: false; readonly kind: "syntax"; readonly fault: JsonFault | null }
  /** `what`: the kind of value that stands where an object was expected. */
  | { readonly ok: false; readonly kind: "shape"; readonly where: "body" | "params"; readonly what: string };

/**
 * The place of the params in a body. No body, an empty one, `null` and `{}` mean no params (null). If `params` is absent or
 * null, the body itself is the params. If `params` is an object, it is the params, and its neighbours are ignored.
 * Everything else is refused.
 */
export function findParams(text: string, nesting: number): ParamsPlace {
  const body = text.trim();
  if (body === "" || body === "null" || body === "{}") return NONE;
  const found = findInBody(body, nesting);
  if (!found.ok || found.place === null) return found;
  const before = text.length - text.trimStart().length;
  return { ok: true, place: { start: before + found.place.start, end: before + found.place.end } };
}

/** The params at a place that was found in the same text. */
export function paramsIn(text: string, found: ParamsPlace): ParamsResult {
  if (!found.ok) return found;
  if (found.place === null) return { ok: true, params: null };
  const params = text.slice(found.place.start, found.place.end);
  // A slice keeps the whole body in memory, so it is copied if most of the body was something else.
  return { ok: true, params: text.length - params.length > BESIDE_MAX ? Buffer.from(params).toString() : params };
}

const BESIDE_MAX = 64 * 1024;

/** The params from the raw text of a member `params`. */
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

/**
 * The members of a body. `place`: of the value under `params`; of a doubled one the last, as in parsers. `others`: whether
 * there are other members.
 */
function membersOf(object: string): Members {
  const members: Members = { place: null, others: false };
  eachMember(object, (keyStart, keyEnd, start, end) => {
    if (keyEnd - keyStart <= KEY_MAX && keyText(object, keyStart, keyEnd) === "params") members.place = { start, end };
    else members.others = true;
  });
  return members;
}

type Members = { place: Place | null; others: boolean };

/** The longest form of the key "params": each letter as `\u0070`, in quotes. */
const KEY_MAX = 6 * 6 + 2;

/** Whether an object is empty. `{"params": null}` counts as empty too. */
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
