/** The start of a supervisor: its execution as the store has it, and the right to go on with it. */
import { decode } from "../../store/codec/codec.ts";
import { largeKey } from "../../store/store.ts";
import { evolve } from "../../workflow/execution/evolve.ts";
import { type ExecutionState, initialState, nodeNamed } from "../../workflow/execution/state.ts";
import { isTerminal } from "../../workflow/execution/status.ts";
import { UnknownForm } from "../../workflow/execution/level.ts";
import { Incomprehensible, Moved, type Self } from "../system/actor.ts";
import { type Coming, comingFrom, wholeOf } from "./incoming-params.ts";
import type { Ports } from "./ports.ts";
import { lostLease } from "./lost-lease.ts";
import { Supervisor } from "./supervisor.ts";
import type { SupervisorMessage } from "./messages.ts";
import type { OwnedLane } from "../../cluster/owned-lane.ts";

/** Takes up the execution's work; null if there is no such execution. It does so at once if the execution was just created here. */
export function startSupervisor(ports: Ports, self: Self<SupervisorMessage>): Supervisor | Promise<Supervisor | null> {
  const ownedLane = ports.ownedLaneOf(self.id);
  if (ownedLane === null) throw new Moved(`Another instance owns execution ${self.id}.`);
  if (ownedLane.committer.fenced) throw lostLease(ports, self.id);
  const createdExecution = ports.createdExecutions.take(self.id, ownedLane);
  if (createdExecution === null || !ownedLane.trusted()) return load(ports, self, ownedLane);
  const { execution, state, params } = createdExecution;
  const triggerParams = ports.readTriggerParams(state.plan, params);
  // What takes a while to read is taken up as if it had been read from the store.
  if (triggerParams instanceof Promise) return load(ports, self, ownedLane, comingFrom(triggerParams));
  return new Supervisor(ports, self, {
    state,
    definition: execution.summary.definition,
    triggerParams,
    ownedLane,
    claims: [],
    isNew: true,
  });
}

async function load(
  ports: Ports,
  self: Self<SupervisorMessage>,
  ownedLane: OwnedLane,
  coming: Coming | null = null,
): Promise<Supervisor | null> {
  const read = await readHistory(ports, self.id);
  if (read === null) return null;
  const { state, definition } = read;
  const params = await paramsOf(ports, self.id, state);
  const triggerParams = wholeOf(self.id, await (coming ?? ports.readTriggerParams(state.plan, params)));
  const claims = await ports.claimsOf(self.id, (name) => nodeNamed(state, name));
  const trusted = ownedLane.trusted() || (await ownedLane.regained());
  // It was perhaps read before the lane went to another instance: the next owner reads it anew.
  if (!trusted || ports.ownedLaneOf(self.id) !== ownedLane) throw new Moved(`Another instance owns execution ${self.id}.`);
  return new Supervisor(ports, self, { state, definition, triggerParams, ownedLane, claims, isNew: false });
}

/** The state that its log folds to; null if there is no such execution. */
async function readHistory(ports: Ports, id: string): Promise<{ readonly state: ExecutionState; readonly definition: string } | null> {
  try {
    const loaded = await ports.load(id);
    if (loaded === null) return null;
    const { plan, definition } = loaded;
    const state = initialState(plan);
    for (const chunk of loaded.chunks) decode(chunk.text, plan, (event) => evolve(state, event));
    return { state, definition };
  } catch (error) {
    if (error instanceof UnknownForm) throw new Incomprehensible(error.message, { cause: error });
    throw error;
  }
}

/** The trigger's params as text, if anybody may still ask for them. */
async function paramsOf(ports: Ports, id: string, { params, status }: ExecutionState): Promise<string | null> {
  if (params === null || typeof params === "string") return params;
  if (isTerminal(status)) return null;
  return (await ports.largeTexts.fetch(id, [largeKey.params])).get(largeKey.params) ?? null;
}
