/**
 * The sender of outcomes to the owners of their executions, as commands. It sends each until the store has it, and again if the store may
 * have forgotten it.
 */
import { Backoff, type Pauses } from "../../env/backoff.ts";
import type { Clock } from "../../env/clock.ts";
import { Recent } from "../../env/recent.ts";
import type { NodeName } from "../../workflow/execution/state.ts";
import type { AttemptKey } from "../../pool/pool.ts";
import { FORGOTTEN_MS_MAX, type LaneCommand } from "../../store/shared-store.ts";
import { packBody, type SentOutcome } from "../commands/stored-command.ts";

/** An attempt of an execution that is owned elsewhere. */
export type NamedAttempt = NodeName & { readonly attempt: number };

/** The same, by its node's id, of an execution that is owned here. */
export type OwnAttempt = AttemptKey & { readonly nodeId: string };

type Sent = { readonly command: LaneCommand; readonly outcome: SentOutcome };

export type OutcomeSenderOptions = {
  readonly bootId: string;
  readonly clock: Clock;
  /** Whether an instance may read the index of a node alone: then it is told beside the id. */
  readonly tellsIndex: () => boolean;
  /** Sends a command. Rejects if the store is away. */
  readonly send: (command: LaneCommand) => Promise<unknown>;
};

const AGAIN: Pauses = { firstMs: 50, longestMs: 2_000 };
/** Characters of outcomes that are kept after the store took them. */
const SENT_LENGTH_MAX = 16 * 1024 * 1024;

export class OutcomeSender {
  readonly #options: OutcomeSenderOptions;
  /** Outcomes that the store took. */
  readonly #sent: Recent<Sent>;
  readonly #whenIdle: (() => void)[] = [];
  #sending = 0;
  #numbers = 0;

  constructor(options: OutcomeSenderOptions) {
    this.#options = options;
    this.#sent = new Recent(options.clock, { keptMs: FORGOTTEN_MS_MAX, costMax: SENT_LENGTH_MAX });
  }

  /** Resolves when the store has it, or it is not wanted any more. */
  async send(execution: string, outcome: SentOutcome, isWanted: () => boolean): Promise<void> {
    this.#sending += 1;
    await this.#untilStored({ command: this.#commandOf(execution, outcome), outcome }, isWanted);
    this.#sending -= 1;
    if (this.#sending === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** Reports an attempt as released that nobody here has and that somebody may wait for. */
  tellReleased(execution: string, attempt: NamedAttempt): void {
    const outcome = releasedOf(attempt);
    void this.#untilStored({ command: this.#commandOf(execution, outcome), outcome }, () => true);
  }

  /** Sends again what the store may have forgotten. */
  sendAgain(): void {
    for (const sent of this.#sent.values()) void this.#untilStored(sent, () => true);
  }

  /** The store took the outcome of this attempt a short while ago. */
  hasSent({ execution, nodeId, attempt }: OwnAttempt): boolean {
    return this.#sent.values().some(({ command, outcome }) => {
      return command.execution === execution && outcome.nodeId === nodeId && outcome.attempt === attempt;
    });
  }

  /** Resolves when nothing of `send` waits to be stored. */
  idle(): Promise<void> {
    return this.#sending === 0 ? Promise.resolve() : new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  #commandOf(execution: string, body: SentOutcome): LaneCommand {
    const { bootId, tellsIndex } = this.#options;
    this.#numbers += 1;
    // An id of this instance's own: if the store comes back with older data, the same attempt may run here again.
    const id = `outcome/${execution}/${bootId}/${this.#numbers}`;
    // Of an offer of an older instance the index is all that is known.
    const named = body.nodeId === undefined || tellsIndex() ? body : { ...body, node: undefined };
    return { id, execution, body: packBody(named) };
  }

  async #untilStored(sent: Sent, isWanted: () => boolean): Promise<void> {
    const { command } = sent;
    const backoff = new Backoff(this.#options.clock, AGAIN);
    while (isWanted()) {
      try {
        await this.#options.send(command);
        this.#sent.note(command.id, sent, command.body.length);
        return;
      } catch {
        // The store is away. The outcome waits here until it is back.
        await backoff.wait();
      }
    }
  }
}

/** The outcome of an attempt that never began, as far as its owner needs to know. */
export function releasedOf({ node, nodeId, attempt }: NamedAttempt): SentOutcome {
  return { type: "Outcome", node, nodeId, attempt, beganAtMs: 0, outcome: { type: "released" } };
}
