/** What the log of one execution shows to be wrong, once all is over. */
import { largeKey, type Store } from "../../src/store/store.ts";
import type { WorkflowEvent } from "../../src/workflow/execution/messages.ts";
import { ATTEMPTS_MAX, outputOf } from "./random-definition.ts";
import { dependenciesOf, type StoredLog, whole } from "./stored-log.ts";
import type { Witness } from "./witness.ts";

/** What is known of the nodes so far, by index. */
type Course = {
  readonly log: StoredLog;
  readonly witness: Witness;
  readonly claims: boolean;
  readonly done: Set<number>;
  readonly attempts: Map<number, number>;
  readonly failures: Map<number, number>;
  readonly dueAtMs: Map<number, number>;
};

export type Allowed = {
  /** Whether a boot may be called dead. */
  readonly mayHaveDied: (bootId: string) => boolean;
  /** Starts are recorded when an attempt is claimed: whoever claimed it may never come to begin it. */
  readonly claims?: boolean;
};

export async function brokenPromises(truth: Store, log: StoredLog, witness: Witness, allowed: Allowed): Promise<string[]> {
  const { id, plan, events } = log;
  const claims = allowed.claims ?? false;
  const course: Course = { log, witness, claims, done: new Set(), attempts: new Map(), failures: new Map(), dueAtMs: new Map() };
  const found: string[] = [];
  const ends = { ExecutionTriggered: 0, ExecutionFinished: 0, ExecutionClosed: 0 };
  let status = "";
  for (const event of events) {
    if (event.type in ends) ends[event.type as keyof typeof ends] += 1;
    if (event.type === "ExecutionFinished") status = event.status;
    if (event.type === "OwnerDied" && !allowed.mayHaveDied(event.bootId)) found.push(`boot ${event.bootId} is called dead, and is not`);
    if ("node" in event) found.push(...brokenBy(event, course));
    if (event.type !== "AttemptCompleted") continue;
    const name = plan.ids[event.node] ?? "";
    const output = await whole(truth, id, event.output, largeKey.output(name, event.attempt));
    if (output !== outputOf(name)) found.push(`${name} has another's result`);
  }
  for (const [type, count] of Object.entries(ends)) if (count !== 1) found.push(`${type} stands ${count} times in the log`);
  if (status === "COMPLETED" && course.done.size !== plan.ids.length) {
    found.push(`completed with ${course.done.size} of ${plan.ids.length} nodes`);
  }
  const most = Math.max(0, ...course.failures.values());
  if (most > ATTEMPTS_MAX) found.push(`${most} failures of one node, where ${ATTEMPTS_MAX} are allowed`);
  if (status === "FAILED" && most < ATTEMPTS_MAX) found.push(`failed after ${most} failures of one node`);
  return found.map((fault) => `${id}: ${fault}`);
}

function brokenBy(event: Extract<WorkflowEvent, { node: number }>, course: Course): string[] {
  const { log, witness, claims, done, attempts, failures, dueAtMs } = course;
  const { node, attempt } = event;
  const name = log.plan.ids[node] ?? "";
  const found: string[] = [];
  if (attempt < (attempts.get(node) ?? 1)) found.push(`${name}/${attempt} comes after attempt ${attempts.get(node)}`);
  attempts.set(node, attempt);
  const ran = (event.type === "AttemptStarted" && !claims) || event.type === "AttemptFailed" || event.type === "AttemptCompleted";
  if (ran && !witness.saw(log.id, name, attempt)) found.push(`${name}/${attempt}: ${event.type}, and it never began`);
  if (event.type === "RetryScheduled") dueAtMs.set(node, event.dueAtMs);
  if (event.type === "AttemptFailed" && event.failure.code !== "boom") found.push(`${name}/${attempt} failed by ${event.failure.code}`);
  if (event.type === "AttemptFailed") failures.set(node, (failures.get(node) ?? 0) + 1);
  if (event.type === "AttemptQueued" && event.atMs < (dueAtMs.get(node) ?? 0))
    found.push(`${name}/${attempt} did not wait until it was due`);
  if (event.type === "AttemptCompleted") {
    if (done.has(node)) found.push(`${name} has two results`);
    done.add(node);
    for (const dependency of dependenciesOf(log.plan, node)) {
      if (!done.has(dependency)) found.push(`${name} completed before ${log.plan.ids[dependency]}`);
    }
  }
  return found;
}
