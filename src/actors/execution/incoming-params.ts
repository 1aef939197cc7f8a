/** The params of a trigger while a thread reads them. */
import type { TriggerParams, TooMuch } from "../../workflow/template/trigger-params.ts";
import { TOO_MANY_NAMES } from "../../workflow/template/references.ts";
import { Stall } from "../system/actor.ts";

/** The params to come. Never rejects: whoever asked may be gone by then. */
export type Coming = Promise<TriggerParams | TooMuch | Error>;

export function comingFrom(triggerParams: Promise<TriggerParams | TooMuch>): Coming {
  return triggerParams.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
}

/**
 * The params. Throws if there are none: an execution whose templates take too long to follow stalls, because the next try would end the
 * same way.
 */
export function wholeOf(id: string, triggerParams: TriggerParams | TooMuch | Error): TriggerParams {
  if (triggerParams instanceof Error) throw triggerParams;
  if (typeof triggerParams === "string") throw new Stall(`Execution ${id} cannot go on. ${TOO_MANY_NAMES}.`);
  return triggerParams;
}
