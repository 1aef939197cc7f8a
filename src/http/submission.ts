/** From a request's body to a stored execution: what the three routes that create have in common. */
import type { CheckedDefinition, CheckResult, CreateRequest, DefinitionForm } from "../engine.ts";
import { readDocument } from "./document.ts";
import { brokenJson } from "./broken-json.ts";
import type { HttpParts } from "./parts.ts";
import { type Refusal, refuse, sentence, unavailable } from "./problem.ts";

export type Submission = {
  readonly form: DefinitionForm;
  /** Tells one route's idempotency keys from another's, as in "POST /workflows". */
  readonly route: string;
  readonly idempotencyKey: string | undefined;
  /** With it, the execution starts at once. */
  readonly trigger: CreateRequest["trigger"];
};
export type SubmissionResult = { readonly ok: true; readonly id: string; readonly definition: CheckedDefinition } | Refusal;

export async function submit(parts: HttpParts, request: Request, submission: Submission): Promise<SubmissionResult> {
  const { engine } = parts;
  const document = await readDocument(request, parts);
  if (!document.ok) return document;
  const { text } = document;
  const check = await engine.check(text, submission.form);
  if (!check.ok) return refuseDefinition(check, text);

  const { route, idempotencyKey: key, trigger } = submission;
  const { definition } = check;
  const created = await engine.create({ definition, trigger, idempotency: key === undefined ? null : { route, key, body: text } });
  switch (created.type) {
    case "created":
    case "exists":
      return { ok: true, id: created.id, definition };
    case "differs":
      return refuse(422, "This Idempotency-Key was used for another body before; take a new key for a new request.");
    case "refused":
      return refuse(413, sentence(created.reason));
    case "unavailable":
      return { ok: false, problem: unavailable(created) };
  }
}

/** `,"warnings":[…]` where the definition has any, else "". */
export function warningsMember({ warnings }: CheckedDefinition): string {
  return warnings.length === 0 ? "" : `,"warnings":${JSON.stringify(warnings)}`;
}

/** Only so many of the problems are in the sentence; all of them are in `errors`. */
const TOLD_MAX = 3;

function refuseDefinition({ kind, problems, fault }: Extract<CheckResult, { ok: false }>, text: string): Refusal {
  if (text.trim() === "") return refuse(400, "The request has no body; a JSON document is expected.");
  if (fault !== undefined) return brokenJson(fault);
  const told = problems
    .slice(0, TOLD_MAX)
    .map(({ path, message }) => sentence(kind === "structure" || path === "" ? message : `At ${path}: ${message}`));
  const more = problems.length > TOLD_MAX ? [`There are more problems, see errors.`] : [];
  return refuse(kind === "shape" ? 422 : 400, [...told, ...more].join(" "), { errors: problems });
}
