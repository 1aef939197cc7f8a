/** The rule for a trigger's body, which is on the wire in three forms; params stay raw text, so digits and order are kept. */
import { isObject } from "../workflow/json.ts";
import { checkJson } from "./json-checked.ts";
import { type Refusal, refuse } from "./problem.ts";

export type ParamsResult = { readonly ok: true; readonly params: string | null } | Refusal;

/**
 * No body, an empty one, `null` and `{}`: no params (null). With `params` absent or null the body itself is the
 * params; an object under `params` is the params, and what is beside it is ignored. Anything else is refused.
 */
export function paramsOf(text: string, nesting: number): ParamsResult {
  const body = text.trim();
  if (body === "" || body === "null" || body === "{}") return NONE;
  const checked = checkJson(body, nesting);
  if (!checked.ok) return checked;
  const { value } = checked;
  if (!isObject(value)) return refuse(422, `The body is ${kindOf(value)}; it must be an object, or none at all.`);
  if (!Object.hasOwn(value, "params") || value.params === null) return isEmpty(value) ? NONE : { ok: true, params: body };
  if (!isObject(value.params)) {
    const message = `is ${kindOf(value.params)}; it must be an object or null`;
    return refuse(422, `In the body, params ${message}.`, { errors: [{ path: "params", message }] });
  }
  return isEmpty(value.params) ? NONE : { ok: true, params: rawMember(body, "params") };
}

const NONE: ParamsResult = { ok: true, params: null };

/** A body of `{"params": null}` says nothing either. */
function isEmpty(object: object): boolean {
  for (const key in object) if (key !== "params" || (object as { params: unknown }).params !== null) return false;
  return true;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "boolean" ? "a boolean" : typeof value === "string" ? "a string" : "a number";
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The raw text of a member of an object's text, which is known to be JSON and to have it; of a doubled one the last, as parsers do. */
function rawMember(object: string, name: string): string {
  let raw = "";
  let depth = 0;
  let key = "";
  let valueStart = -1;
  for (let position = 0; position < object.length; position++) {
    const code = object.charCodeAt(position);
    if (code === QUOTE) {
      const end = closingQuote(object, position);
      if (depth === 1 && valueStart === -1) key = object.slice(position, end + 1);
      position = end;
    } else if ((code | 0x20) === 0x7b) depth++;
    else if (code === 0x3a && depth === 1 && valueStart === -1) valueStart = position + 1;
    else if (code === 0x2c || (code | 0x20) === 0x7d) {
      // The end of a member is a comma of the outermost object, or its closing brace.
      if (depth === 1 && valueStart !== -1) {
        if (JSON.parse(key) === name) raw = object.slice(valueStart, position).trim();
        valueStart = -1;
      }
      if (code !== 0x2c) depth--;
    }
  }
  return raw;
}

function closingQuote(text: string, opening: number): number {
  let position = opening + 1;
  for (let code = text.charCodeAt(position); code !== QUOTE; code = text.charCodeAt(position)) position += code === BACKSLASH ? 2 : 1;
  return position;
}
