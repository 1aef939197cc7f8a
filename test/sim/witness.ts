/** Runs the attempts of all instances of a play, and looks at what each was given and when it began. */
import type { Attempt, NodeOutcome, RunAttempt } from "../../src/pool/pool.ts";
import type { Store } from "../../src/store/store.ts";
import type { Life } from "./life.ts";
import { outputOf } from "./random-definition.ts";
import { dependenciesOf, storedLog } from "./stored-log.ts";

const SHORT_MS = 200;
const LONG_MS = 4_000;

/** Of the instance that begins an attempt. */
type Role = "owner" | "claimer" | "zombie" | "ended";

export class Witness {
  /** What was seen to be wrong. */
  readonly broken: string[] = [];
  /** `execution/node/attempt`, in order. */
  readonly begun: string[] = [];
  /** Executions of which a client was told that nothing of theirs begins any more, or for now. */
  readonly cancelled = new Set<string>();
  readonly paused = new Set<string>();
  readonly #seen = new Set<string>();
  readonly #owners = new Set<string>();
  readonly #truth: Store;
  readonly #long: number;

  /** `long`: the probability that an attempt takes seconds. */
  constructor(truth: Store, long = 0) {
    this.#truth = truth;
    this.#long = long;
  }

  saw(executionId: string, nodeId: string, attempt: number): boolean {
    return this.#seen.has(`${executionId}/${nodeId}/${attempt}`);
  }

  /** What an instance with these handlers runs its attempts with: it shall be given no others. */
  whereKnown(names: ReadonlySet<string>, run: RunAttempt): RunAttempt {
    return (attempt, context) => {
      if (names.has(attempt.handler)) return run(attempt, context);
      this.broken.push(`${context.executionId}/${attempt.nodeId} was given to an instance that does not have its handler`);
      return { type: "unknown_handler" };
    };
  }

  /**
   * What one instance runs its attempts with. `roleIn` is asked at each begin. A zombie cannot know that it is one until it
   * writes: what it loads meanwhile it may begin beside the owner, and no outcome of it will be taken.
   */
  runIn(life: Life, fails: number, roleIn: (executionId: string, attempt: Attempt) => Role): RunAttempt {
    const last = new Map<string, number>();
    return (attempt, { executionId, signal }) => {
      const node = `${executionId}/${attempt.nodeId}`;
      const name = `${node}/${attempt.attempt}`;
      this.begun.push(name);
      this.#seen.add(name);
      const role = roleIn(executionId, attempt);
      // What was claimed before that may begin a moment after it.
      if (role === "owner" && this.cancelled.has(executionId)) this.broken.push(`${name} began, though its execution is cancelled`);
      if (role === "owner" && this.paused.has(executionId)) this.broken.push(`${name} began, though its execution is paused`);
      if (role === "owner" || role === "claimer") {
        if (this.#owners.has(name)) this.broken.push(`${name} began twice`);
        this.#owners.add(name);
      }
      if (attempt.attempt <= (last.get(node) ?? 0)) this.broken.push(`${name} began after attempt ${last.get(node)}`);
      last.set(node, attempt.attempt);
      if (role === "ended") this.broken.push(`${name} began after the clean end of its instance`);
      void this.#look(executionId, attempt, name).catch((error: unknown) => this.broken.push(`${name}: ${String(error)}`));
      const { promise, resolve } = Promise.withResolvers<NodeOutcome>();
      const failure = { kind: "handler", code: "boom", message: "It broke.", retryable: true } as const;
      const failed: NodeOutcome = { type: "failed", failure };
      signal.addEventListener("abort", () => resolve(failed));
      const isLong = this.#long > 0 && life.random.chance(this.#long);
      life.after(life.random.below(isLong ? LONG_MS : SHORT_MS), () =>
        resolve(life.random.chance(fails) ? failed : { type: "completed", output: outputOf(attempt.nodeId) }),
      );
      return promise;
    };
  }

  /** At its begin, before anything else can happen: the store does not wait. */
  async #look(executionId: string, attempt: Attempt, name: string): Promise<void> {
    const log = await storedLog(this.#truth, executionId);
    if (log === null) return void this.broken.push(`${name} began, and its execution is not durable`);
    const { plan, events } = log;
    const node = plan.index.get(attempt.nodeId) ?? -1;
    const done = new Set(events.flatMap((event) => (event.type === "AttemptCompleted" ? [event.node] : [])));
    if (!events.some(({ type }) => type === "ExecutionStarted"))
      this.broken.push(`${name} began before the start of its execution was durable`);
    const dependencies = dependenciesOf(plan, node);
    if (!dependencies.every((dependency) => done.has(dependency))) this.broken.push(`${name} began before its dependencies were durable`);
    for (const { id, output } of [...attempt.parents, ...attempt.scope]) {
      if (output !== outputOf(id)) this.broken.push(`${name} was given ${output?.slice(0, 50)} for the output of ${id}`);
    }
    // What an owner without the handler offers carries all that any handler may need.
    const isNeeded = attempt.handler === "joins" || attempt.parents.length > 0;
    const parents = isNeeded ? dependencies.map((dependency) => plan.ids[dependency]) : [];
    if (attempt.parents.map(({ id }) => id).join() !== parents.join()) this.broken.push(`${name} was given other parents`);
    const named = dependencies.length > 0 ? [plan.ids[dependencies[0] ?? -1]] : [];
    if (attempt.scope.map(({ id }) => id).join() !== named.join()) this.broken.push(`${name} was given another scope`);
    if (attempt.handler === "given" && attempt.params !== log.params)
      this.broken.push(`${name} was not given the params as they are stored`);
  }
}
