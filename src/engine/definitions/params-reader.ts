/** The meaning of a trigger's params for an execution of its plan: found at once if that is little work, else in the thread. */
import { packPlan } from "../../workflow/plan/pack.ts";
import type { Plan } from "../../workflow/plan/plan.ts";
import { readTriggerParams, type TooMuch, type TriggerParams } from "../../workflow/template/trigger-params.ts";
import type { ChecksOptions } from "./checks.ts";

type ParamsReader = (plan: Plan, params: string | null) => TriggerParams | Promise<TriggerParams | TooMuch>;

export function createParamsReader({
  thread,
  largeFrom,
  stepsHere,
}: Pick<ChecksOptions, "thread" | "largeFrom" | "stepsHere">): ParamsReader {
  /** Old plans with the names in their templates resolved: once, not for each of their executions. */
  const resolved = new WeakMap<Plan, Plan>();

  function noted(plan: Plan, given: TriggerParams): TriggerParams {
    if (plan.references === "unresolved" && !resolved.has(plan)) resolved.set(plan, { ...plan, references: given.references });
    return given;
  }

  async function readThere(plan: Plan, known: Plan, params: string | null): Promise<TriggerParams | TooMuch> {
    const given = await thread.ask({ kind: "given", plan: packPlan(known) }, params ?? "");
    return typeof given === "string" ? given : noted(plan, given);
  }

  return (plan, params) => {
    const known = resolved.get(plan) ?? plan;
    const given = readTriggerParams(known, params, { characters: largeFrom, steps: stepsHere });
    return typeof given === "string" ? readThere(plan, known, params) : noted(plan, given);
  };
}
