/** The errors of a supervisor that may not write any more. */
import { Moved, Stall } from "../system/actor.ts";
import type { Ports } from "./ports.ts";

/** The error after a lost lease. An owner alone that is fenced can only be left alone; if others share the store, one of them goes on. */
export function lostLease({ shared }: Pick<Ports, "shared">, executionId: string): Error {
  if (shared) return new Moved(`Another instance owns execution ${executionId}.`);
  return new Stall(`The lease of execution ${executionId} is lost.`);
}
