/** The answer to a body that is not JSON, with the place of its first fault. */
import { describeFault } from "../../workflow/json/json.ts";
import type { JsonFault } from "../../workflow/json/scan.ts";
import { type Refusal, refuse } from "../routing/problem.ts";

export function brokenJson(fault: JsonFault): Refusal {
  const message = describeFault(fault);
  return refuse(400, `The body is not valid JSON: ${message}.`, { errors: [{ path: "", message }] });
}
