/** The refusals of a body that is missing, not JSON, or nested too deep. */
import { describeFault } from "../../workflow/json/json.ts";
import type { JsonFault } from "../../workflow/json/scan.ts";
import { type Refusal, refuse } from "../routing/problem.ts";

export const NO_BODY = refuse(400, "The request has no body; a JSON document is expected.");

/** The refusal of broken JSON, with the place of its first fault. */
export function brokenJson(fault: JsonFault): Refusal {
  const message = describeFault(fault);
  return refuse(400, `The body is not valid JSON: ${message}.`, { errors: [{ path: "", message }] });
}

/** The refusal of an unreadable body. `fault`: null if it is nested too deep. */
export function unreadable(fault: JsonFault | null, nesting: number): Refusal {
  return fault === null ? refuse(400, `The body is nested deeper than ${nesting} levels.`) : brokenJson(fault);
}
