/** A node's outcome decided and applied to the state, in a fan-out of 1,000 that runs from its start to its end. */
import { decide } from "../../src/workflow/execution/decide.ts";
import { evolve } from "../../src/workflow/execution/evolve.ts";
import type { Command } from "../../src/workflow/execution/messages.ts";
import { type ExecutionState, initialState } from "../../src/workflow/execution/state.ts";
import { fanOutPlan } from "./definitions.ts";
import { type Micro, nsOfFresh } from "./timing.ts";

const WIDTH = 1_000;
const NOW_MS = 1_763_700_000_000;

export function decideEvolve(): Micro {
  const plan = fanOutPlan(WIDTH);
  const outcomes = plan.ids.map((_, node): Command => ({ type: "CompleteAttempt", node, attempt: 1, beganAtMs: NOW_MS, output: "null" }));
  const started = (): ExecutionState => {
    const state = initialState(plan);
    for (const type of ["ExecutionCreated", "ExecutionTriggered", "ExecutionStarted"] as const)
      evolve(state, { type, atMs: NOW_MS, name: plan.name, definition: "hash", params: null });
    return state;
  };
  const run = (state: ExecutionState): void => {
    for (const command of outcomes) apply(state, command);
    if (state.status !== "COMPLETED") throw new Error(`The execution is ${state.status} after every outcome.`);
  };
  return { ns: async () => (await nsOfFresh(started, run)) / plan.ids.length };
}

function apply(state: ExecutionState, command: Command): void {
  const decision = decide(state, command, { nowMs: NOW_MS + 1, random: 0.5 });
  if (decision.type !== "events") throw new Error(`${command.type} was ${decision.type}.`);
  for (const event of decision.events) evolve(state, event);
}
