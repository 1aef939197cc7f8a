/** Priorities: 0 to 10, higher begins first. */
import type { NodeIndex } from "../plan/plan.ts";
import { at, type ExecutionState } from "./state.ts";

/** The priority of an execution: what a client gave it last, or its definition's. */
export function executionPriority({ plan, priority }: Pick<ExecutionState, "plan" | "priority">): number {
  return priority ?? plan.priority;
}

/** The priority of a node. One that its definition gives another priority than the execution's keeps that. */
export function nodePriority({ plan, priority }: Pick<ExecutionState, "plan" | "priority">, node: NodeIndex): number {
  const own = at(plan.priorities, node);
  return priority === null || own !== plan.priority ? own : priority;
}
