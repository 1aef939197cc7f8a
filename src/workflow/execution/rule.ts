/** The form of a rule: what follows from one kind of command, as a pure function. Time and chance come in with the command. */
import type { ClientCommand, Rejected } from "./client-commands.ts";
import type { Command, Decision } from "./messages.ts";
import type { ExecutionState } from "./state.ts";

/** `random`: from 0 to 1. */
export type Circumstances = { readonly nowMs: number; readonly random: number };

export type Rule<Type extends Command["type"]> = {
  decide(state: ExecutionState, command: Extract<Command, { readonly type: Type }>, circumstances: Circumstances): Decision;
};

export type ClientRule<Type extends ClientCommand["type"]> = Rule<Type> & {
  /** Why it cannot be, as far as that shows without the execution's log; null where it may be. `decide` says the same. */
  rejection(outline: Outline): Rejected | null;
};

/** What the store's summary of an execution says too. */
export type Outline = Pick<ExecutionState, "status" | "triggeredAtMs">;
