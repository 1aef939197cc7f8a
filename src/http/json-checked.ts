/** JSON text from outside, checked: nesting before it is parsed, and with the place of its first fault where it is broken. */
import { parseJson } from "../workflow/json.ts";
import { jsonFault } from "./json-fault.ts";
import { type Refusal, refuse } from "./problem.ts";

export function checkJson(text: string, nesting: number): { readonly ok: true; readonly value: unknown } | Refusal {
  const parsed = parseJson(text, nesting);
  return parsed.ok ? parsed : brokenJson(text, `The body is ${parsed.reason}.`);
}

/** For a text that was refused as not being JSON, or as too deep. `reason`: what refused it says, as a sentence. */
export function brokenJson(text: string, reason: string): Refusal {
  if (text.trim() === "") return refuse(400, "The request has no body; a JSON document is expected.");
  const fault = reason.includes("nested deeper") ? null : jsonFault(text);
  if (fault === null) return refuse(400, reason);
  const message = `expected ${fault.expected} at line ${fault.line}, column ${fault.column}`;
  return refuse(400, `The body is not valid JSON: ${message}.`, { errors: [{ path: "", message }] });
}
