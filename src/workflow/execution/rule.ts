/** The form of a rule: a pure function that says what follows from one kind of command. Time and chance come in with the command. */
import type { ClientCommand, Rejected } from "./client-commands.ts";
import type { Command, Decision } from "./messages.ts";
import type { ExecutionState } from "./state.ts";

/** The time and chance of a decision. `random`: from 0 to 1. */
export type Circumstances = { readonly nowMs: number; readonly random: number };

export type Rule<Type extends Command["type"]> = {
  decide(state: ExecutionState, command: Extract<Command, { readonly type: Type }>, circumstances: Circumstances): Decision;
};

export type ClientRule<Type extends ClientCommand["type"]> = Rule<Type> & {
  /** The reason why the command cannot be accepted, as far as that shows without the log; null if it may be. Then `decide` is asked. */
  rejection(outline: Outline): Rejected | null;
};

/** The part of the state that the store's summary also has. */
export type Outline = Pick<ExecutionState, "status" | "triggeredAtMs">;
