/** The log of an execution as the store has it: the one thing that the checks believe. */
import { decode } from "../../src/store/codec/codec.ts";
import { largeKey, type Store } from "../../src/store/store.ts";
import { compileStored } from "../../src/workflow/definition/definition.ts";
import type { Plan } from "../../src/workflow/plan/plan.ts";
import type { Text, WorkflowEvent } from "../../src/workflow/execution/messages.ts";
import { at } from "../../src/workflow/execution/state.ts";

export type StoredLog = {
  readonly id: string;
  readonly plan: Plan;
  readonly events: readonly WorkflowEvent[];
  /** The params of the trigger, whole; null for none. */
  readonly params: string | null;
  readonly closed: boolean;
};

/** Null where the store has no such execution. */
export async function storedLog(truth: Store, id: string): Promise<StoredLog | null> {
  const stored = await truth.load(id);
  if (stored === null) return null;
  const plan = compileStored(stored.definitionText);
  const events: WorkflowEvent[] = [];
  for (const chunk of stored.chunks) decode(chunk.text, plan, (event) => events.push(event));
  const triggered = events.find((event) => event.type === "ExecutionTriggered");
  const params = triggered === undefined ? null : await whole(truth, id, triggered.params, largeKey.params);
  return { id, plan, events, params, closed: stored.summary.closed };
}

/** A text as it was before it was kept apart; a missing one is "(missing)", which equals nothing. */
export async function whole(truth: Store, id: string, text: Text | null, key: string): Promise<string | null> {
  if (text === null || typeof text === "string") return text;
  const [apart] = await truth.large(id, [key]);
  return apart ?? "(missing)";
}

export function dependenciesOf(plan: Plan, node: number): number[] {
  return [...plan.dependencies.subarray(at(plan.dependencyStart, node), at(plan.dependencyStart, node + 1))];
}
