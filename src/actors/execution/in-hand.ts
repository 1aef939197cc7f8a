/** What is in hand of an execution that is taken up: it must be of the history that the store has now. */
import type { Claim } from "../../cluster/overflow/offers.ts";
import type { OwnAttempt } from "../../cluster/overflow/remote-attempts.ts";
import type { AttemptListener, ExecutionAttempts } from "../../pool/pool.ts";
import { at, type ExecutionState } from "../../workflow/execution/state.ts";
import { NotYet } from "../system/actor.ts";
import type { Ports } from "./ports.ts";

/**
 * The attachment to what is in hand of the execution. Throws NotYet if that is of a history that the store has forgotten, under which
 * an index was another node's: then it ends first.
 */
export function attachTo(ports: Ports, id: string, state: ExecutionState, listener: AttemptListener): ExecutionAttempts {
  const execution = { id, name: state.plan.name };
  ports.remoteAttempts.handBack(id);
  const attempts = ports.pool.attach(execution, listener);
  if (attempts.size === 0 || !isOfOtherHistory(attempts, state)) return attempts;
  attempts.detach();
  ports.remoteAttempts.discard(execution);
  throw new NotYet(`What is in hand of execution ${id} is of a history that the store has forgotten.`);
}

function isOfOtherHistory(attempts: ExecutionAttempts, { plan, attempt }: ExecutionState): boolean {
  const isOther = (node: number, number: number): boolean => (attempts.nodeId(node, number) ?? plan.ids[node]) !== plan.ids[node];
  return (
    attempts.begun().some((begun) => isOther(begun.node, begun.attempt)) || plan.ids.some((_, node) => isOther(node, at(attempt, node)))
  );
}

/** Notes what the earlier owner gave to this instance, or takes for given. */
export function noteOwn({ bootId, remoteAttempts }: Ports, id: string, state: ExecutionState, claims: readonly Claim[]): void {
  const running = Array.from(state.executorOf, ([node, executor]) => ({ node, executor, attempt: at(state.attempt, node) }));
  for (const { node, attempt, executor } of [...running, ...claims])
    if (executor === bootId) remoteAttempts.noteOwn(ownAttempt(id, state, node, attempt));
}

/** An attempt as instances name it to each other. */
export function ownAttempt(execution: string, { plan }: ExecutionState, node: number, attempt: number): OwnAttempt {
  return { execution, node, nodeId: plan.ids[node] ?? "", attempt };
}
