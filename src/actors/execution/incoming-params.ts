/** What came with a trigger, while it is read in a thread. */
import type { Given, TooMuch } from "../../workflow/template/trigger-params.ts";
import { TOO_MANY_NAMES } from "../../workflow/template/references.ts";
import { Stall } from "../system/actor.ts";

/** Never rejects: whoever asked may be gone by then. */
export type Coming = Promise<Given | TooMuch | Error>;

export function comingFrom(given: Promise<Given | TooMuch>): Coming {
  return given.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
}

/** Throws where there is none: an execution whose templates take too long to follow stalls, since the next look would end the same way. */
export function wholeOf(id: string, given: Given | TooMuch | Error): Given {
  if (given instanceof Error) throw given;
  if (typeof given === "string") throw new Stall(`Execution ${id} is not gone on with. ${TOO_MANY_NAMES}.`);
  return given;
}
