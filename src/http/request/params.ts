/** A trigger's params, and the refusal of a body that a trigger may not have. */
import type { Engine, ParamsResult, SubmittedResult } from "../../engine/engine.ts";
import { unreadable } from "./broken-json.ts";
import { type Refusal, refuse } from "../routing/problem.ts";

/** The params: JSON text of an object, or null if there are none. */
export async function paramsOf(text: string, engine: Pick<Engine, "readParams">, nesting: number) {
  const read = await engine.readParams(text);
  return read.ok ? ({ ok: true, value: read.params } as const) : paramsRefusal(read, nesting);
}

/** The refusal of a body that is no definition with its params beside it. */
export function submittedRefusal(read: Extract<SubmittedResult, { ok: false }>, nesting: number): Refusal {
  if (read.kind !== "members") return paramsRefusal(read, nesting);
  const message = "No such field; beside definition the body may only have params";
  const errors = read.unknown.map((path) => ({ path, message }));
  return refuse(422, `The body has an unknown field, ${read.unknown.join(", ")}; beside definition it may only have params.`, {
    errors,
  });
}

/** The refusal of a body whose params are not allowed. */
function paramsRefusal(read: Extract<ParamsResult, { ok: false }>, nesting: number): Refusal {
  if (read.kind === "syntax") return unreadable(read.fault, nesting);
  if (read.where === "body") return refuse(422, `The body is ${read.what}; it must be an object, or none at all.`);
  const message = `is ${read.what}; it must be an object or null`;
  return refuse(422, `In the body, params ${message}.`, { errors: [{ path: "params", message }] });
}
