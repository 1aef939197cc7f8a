/**
 * One execution that is owned elsewhere, as far as its attempts are in hand here: who waits for their ends, and what is reported of these.
 */
import type { Attempt, AttemptKey, ExecutionAttempts, ExecutionRef, Pool } from "../../pool/pool.ts";
import type { SentOutcome } from "../commands/stored-command.ts";
import { type OutcomeSender, type OwnAttempt, releasedOf } from "./outcome-sender.ts";

export type RemoteExecutionOptions = {
  readonly execution: ExecutionRef;
  readonly pool: Pool;
  readonly sender: OutcomeSender;
  /** Called when nothing of it is in hand here any more, or it is owned here. */
  readonly left: () => void;
};

/** As the table here has it. */
type HeldAttempt = Pick<AttemptKey, "node" | "attempt">;

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
      ended: (node, attempt, beganAtMs, outcome) => {
        const nodeId = this.#attempts.nodeId(node, attempt) ?? undefined;
        void this.#ended({ node, attempt }, { type: "Outcome", node, nodeId, attempt, beganAtMs, outcome });
      },
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
    const { execution, pool, sender } = this.#options;
    const held = this.#attempts.nodeId(attempt.node, attempt.attempt);
    // Under another history the index is another node's, whose attempt is still in hand here.
    if (held !== null && held !== attempt.nodeId) return sender.send(execution.id, releasedOf(attempt), () => this.#tells);
    // Its handler may have gone since it was claimed. And at a clean end nothing starts any more: another instance shall run it.
    if (pool.handlers().has(attempt.handler)) this.#attempts.start(attempt);
    if (!this.#attempts.holds(attempt.node, attempt.attempt)) return this.#ended(attempt, releasedOf(attempt));
    return new Promise((resolve) => void this.#waiting.set(nameOf(attempt), resolve));
  }

  /** The attempts that have begun here, also those that have ended since. */
  begun(): readonly OwnAttempt[] {
    const { id: execution } = this.#options.execution;
    return this.#attempts.begun().map(({ node, attempt }) => {
      return { execution, node, nodeId: this.#attempts.nodeId(node, attempt) ?? "", attempt };
    });
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

  get #tells(): boolean {
    return this.#isWanted && !this.#hasLeft;
  }

  async #ended(attempt: HeldAttempt, end: SentOutcome): Promise<void> {
    const name = nameOf(attempt);
    if (this.#isWanted) {
      const { execution, sender } = this.#options;
      // Breaking off because of an abort is no failure.
      const isReleased = this.#aborted.has(name) && end.outcome.type !== "completed";
      const told: SentOutcome = isReleased ? { ...end, outcome: { type: "released" } } : end;
      await sender.send(execution.id, told, () => this.#tells);
    }
    // Whoever attached after us was told of it too, and settles it.
    if (this.#hasLeft) return;
    this.#attempts.settle(attempt.node, attempt.attempt);
    this.#aborted.delete(name);
    this.#waiting.get(name)?.();
    this.#waiting.delete(name);
    this.#leaveIfDone();
  }

  #leaveIfDone(): void {
    if (this.#attempts.size === 0 && !this.#hasLeft) this.leave();
  }
}

function nameOf({ node, attempt }: HeldAttempt): string {
  return `${node}/${attempt}`;
}
