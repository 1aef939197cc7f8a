/** From a request's body to a stored execution: the common part of the three routes that create. */
import type { CheckedDefinition, CheckResult, DefinitionForm, ExecutionStatus } from "../../engine/engine.ts";
import { brokenJson, NO_BODY } from "./broken-json.ts";
import { submittedRefusal } from "./params.ts";
import type { HttpParts } from "../routing/parts.ts";
import { type Refusal, refuse, sentence, unavailable } from "../routing/problem.ts";

export type Submission = {
  /** The body. */
  readonly text: string;
  readonly form: DefinitionForm;
  /** The route's name, such as "POST /workflows", which keeps idempotency keys of routes apart. */
  readonly route: string;
  readonly idempotencyKey: string | undefined;
  /** Whether the execution starts at once. `with params`: params may stand in the body beside the definition. */
  readonly trigger: "none" | "alone" | "with params";
};
/**
 * The result. `warnings`: `,"warnings":[…]` if the definition has any, else "". `status`: as it was stored; null if it existed before, for
 * the same Idempotency-Key.
 */
export type SubmissionResult =
  | {
      readonly ok: true;
      readonly id: string;
      readonly definition: CheckedDefinition;
      readonly warnings: string;
      readonly status: ExecutionStatus | null;
    }
  | Refusal;

export async function submit({ engine, limits }: HttpParts, submission: Submission): Promise<SubmissionResult> {
  const { text, form, route, idempotencyKey: key, trigger } = submission;
  const submitted = trigger === "with params" ? await engine.readSubmitted(text) : { ...ALONE, definition: text };
  if (!submitted.ok) return submittedRefusal(submitted, limits.nesting);
  const check = await engine.check(submitted.definition, form);
  const member = submitted.isWrapped ? "definition" : "";
  if (!check.ok && trigger === "none" && form === "workflow" && check.kind === "shape") {
    const asTriggered = await engine.readSubmitted(text);
    if (asTriggered.ok && asTriggered.isWrapped) return WRAPPED;
  }
  if (!check.ok) return refuseDefinition(check, text, member);

  const { definition } = check;
  const warnings = definition.warnings.length === 0 ? "" : `,"warnings":${JSON.stringify(within(member, definition.warnings))}`;
  // With a trigger it is another request than without one, although the body is the same.
  const body = trigger === "with params" ? `trigger ${text}` : text;
  const created = await engine.create({
    definition,
    trigger: trigger === "none" ? null : { params: submitted.params },
    idempotency: key === undefined ? null : { route, key, body },
  });
  switch (created.type) {
    case "created":
      return { ok: true, id: created.id, definition, warnings, status: created.status };
    case "exists":
      return { ok: true, id: created.id, definition, warnings, status: null };
    case "differs":
      return refuse(422, "This Idempotency-Key was used for another request before; take a new key for a new request.");
    case "refused":
      return refuse(413, sentence(created.reason));
    case "unavailable":
      return { ok: false, problem: unavailable(created) };
  }
}

const WRAPPED = refuse(422, "A definition under `definition` needs ?trigger=true; without it, the body itself is the definition.", {
  errors: [{ path: "definition", message: "Expected only with trigger=true" }],
});

const ALONE = { ok: true, params: null, isWrapped: false } as const;

/** The number of problems in the sentence. All of them are in `errors`. */
const TOLD_MAX = 3;

function refuseDefinition({ kind, problems: found, fault }: Extract<CheckResult, { ok: false }>, text: string, member: string): Refusal {
  if (text.trim() === "") return NO_BODY;
  if (fault !== undefined) return brokenJson(fault);
  const problems = within(member, found);
  if (kind === "large") return refuse(413, found.map(({ message }) => message).join(" "));
  const told = problems
    .slice(0, TOLD_MAX)
    .map(({ path, message }) => sentence(kind === "structure" || path === "" ? message : `At ${path}: ${message}`));
  const more = problems.length > TOLD_MAX ? [`There are more problems, see errors.`] : [];
  return refuse(kind === "shape" ? 422 : 400, [...told, ...more].join(" "), { errors: problems });
}

/** The findings with their full paths. `member`: the member of the body that holds the definition; "" if the body is the definition. */
function within(member: string, found: readonly Finding[]): readonly Finding[] {
  if (member === "") return found;
  return found.map(({ path, message }) => ({ path: path === "" ? member : `${member}.${path}`, message }));
}

type Finding = CheckedDefinition["warnings"][number];
