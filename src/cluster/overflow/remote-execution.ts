/**
 * One execution that is owned elsewhere, as far as its attempts are in hand here: who waits for their ends, and what is reported of these.
 */
import type { Attempt, AttemptKey, ExecutionAttempts, ExecutionRef, Pool } from "../../pool/pool.ts";
import type { SentOutcome } from "../commands/stored-command.ts";
import { type OutcomeSender, releasedOf } from "./outcome-sender.ts";

export type RemoteExecutionOptions = {
  readonly execution: ExecutionRef;
  readonly pool: Pool;
  readonly sender: OutcomeSender;
  /** Called when nothing of it is in hand here any more, or it is owned here. */
  readonly left: () => void;
};

export class RemoteExecution {
  readonly #options: RemoteExecutionOptions;
  readonly #attempts: ExecutionAttempts;
  /** Those who wait for an attempt's end here, by node and attempt. */
  readonly #waiting = new Map<string, () => void>();
  /** Attempts that were aborted because another instance took over, by node and attempt. */
  readonly #aborted = new Set<string>();
  #isWanted = true;
  #hasLeft = false;

  constructor(options: RemoteExecutionOptions) {
    this.#options = options;
    this.#attempts = options.pool.attach(options.execution, {
      // Its start is recorded, by the hand-over or by the claim.
      began: () => undefined,
      ended: (node, attempt, beganAtMs, outcome) => void this.#ended({ type: "Outcome", node, attempt, beganAtMs, outcome }),
      returned: () => this.#leaveIfDone(),
    });
  }

  /** Lets what is in hand go on for the new owner. */
  keep(): void {
    this.#attempts.leaveOthers();
    this.#leaveIfDone();
  }

  /** Runs an attempt. Resolves when its outcome is stored, or nobody here has it any more. */
  run(attempt: Attempt): Promise<void> {
    this.#isWanted = true;
    // Its handler may have gone since it was claimed. And at a clean end nothing starts any more: another instance shall run it.
    if (this.#options.pool.handlers().has(attempt.handler)) this.#attempts.start(attempt);
    if (!this.#attempts.holds(attempt.node, attempt.attempt)) return this.#ended(releasedOf(attempt));
    return new Promise((resolve) => void this.#waiting.set(nameOf(attempt), resolve));
  }

  /** The attempts that have begun here, also those that have ended since. */
  begun(): ReturnType<ExecutionAttempts["begun"]> {
    return this.#attempts.begun();
  }

  abort({ node, attempt }: AttemptKey): void {
    if (!this.#attempts.holds(node, attempt)) return;
    this.#aborted.add(nameOf({ node, attempt }));
    this.#attempts.abortOne(node, attempt, "Nobody waits for this attempt any more.");
  }

  /** Reports what has not begun as released. */
  giveBack(): void {
    this.#attempts.giveBack();
  }

  /** Aborts what runs and reports it as released. What has completed is reported as completed. */
  lose(): void {
    this.#attempts.takeBack();
    for (const begun of this.#attempts.begun()) this.#aborted.add(nameOf(begun));
    this.#end("Another instance owns this execution.");
  }

  /** Aborts what runs, and sends no outcome. */
  discard(): void {
    this.#isWanted = false;
    this.#end("The execution has ended.");
  }

  /** Leaves: whoever attaches next has what is in hand. */
  leave(): void {
    this.#hasLeft = true;
    this.#options.left();
    this.#attempts.detach();
    for (const done of this.#waiting.values()) done();
  }

  #end(reason: string): void {
    this.#attempts.leaveOthers();
    this.#attempts.takeBack();
    this.#attempts.abort(reason);
    this.#leaveIfDone();
  }

  async #ended(end: SentOutcome): Promise<void> {
    const name = nameOf(end);
    if (this.#isWanted) {
      const { execution, sender } = this.#options;
      // Breaking off because of an abort is no failure.
      const isReleased = this.#aborted.has(name) && end.outcome.type !== "completed";
      const told: SentOutcome = isReleased ? { ...end, outcome: { type: "released" } } : end;
      await sender.send(execution.id, told, () => this.#isWanted && !this.#hasLeft);
    }
    // Whoever attached after us was told of it too, and settles it.
    if (this.#hasLeft) return;
    this.#attempts.settle(end.node, end.attempt);
    this.#aborted.delete(name);
    this.#waiting.get(name)?.();
    this.#waiting.delete(name);
    this.#leaveIfDone();
  }

  #leaveIfDone(): void {
    if (this.#attempts.size === 0 && !this.#hasLeft) this.leave();
  }
}

function nameOf({ node, attempt }: Pick<AttemptKey, "node" | "attempt">): string {
  return `${node}/${attempt}`;
}
