/** A check of a request's values by a schema: a value, or a refusal that says where it does not fit. */
import * as v from "valibot";
import { issueText } from "../../workflow/definition/definition.ts";
import { type Refusal, refuse } from "./problem.ts";

export type Checked<Value> = { readonly ok: true; readonly value: Value } | Refusal;

/** The checked value. What does not fit is refused with 422. */
export function checked<Value>(
  schema: v.GenericSchema<unknown, Value>,
  where: "query" | "header" | "body",
  given: unknown,
): Checked<Value> {
  const result = v.safeParse(schema, given);
  if (result.success) return { ok: true, value: result.output };
  const faults = result.issues.map((issue) => ({ path: pathText(issue.path ?? []), message: issueText(issue) }));
  const [first] = faults;
  const place = first?.path ? `In the ${where}, ${first.path}` : `The ${where}`;
  const errors = where === "body" ? faults : faults.map(({ path, message }) => ({ path: `${where}.${path}`, message }));
  return refuse(422, `${place} is not usable. ${first?.message}.`, { errors });
}

function pathText(path: readonly { readonly key?: unknown }[]): string {
  return path.map(({ key }) => String(key)).join(".");
}
