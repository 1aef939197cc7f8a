/**
 * The sender of outcomes to the owners of their executions, as commands. It sends each until the store has it, and again if the store may
 * have forgotten it.
 */
import { Backoff, type Pauses } from "../../env/backoff.ts";
import type { Clock } from "../../env/clock.ts";
import { Recent } from "../../env/recent.ts";
import type { AttemptKey } from "../../pool/pool.ts";
import { FORGOTTEN_MS_MAX, type LaneCommand } from "../../store/shared-store.ts";
import { packBody, type SentOutcome } from "../commands/stored-command.ts";

export type OutcomeSenderOptions = {
  readonly bootId: string;
  readonly clock: Clock;
  /** Sends a command. Rejects if the store is away. */
  readonly send: (command: LaneCommand) => Promise<unknown>;
};

const AGAIN: Pauses = { firstMs: 50, longestMs: 2_000 };
/** Characters of outcomes that are kept after the store took them. */
const SENT_LENGTH_MAX = 16 * 1024 * 1024;

export class OutcomeSender {
  readonly #options: OutcomeSenderOptions;
  /** Outcomes that the store took. */
  readonly #sent: Recent<LaneCommand>;
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
    await this.#untilStored(this.#commandOf(execution, outcome), isWanted);
    this.#sending -= 1;
    if (this.#sending === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** Reports an attempt as released that nobody here has and that somebody may wait for. */
  tellReleased({ execution, node, attempt }: AttemptKey): void {
    void this.#untilStored(this.#commandOf(execution, releasedOf({ node, attempt })), () => true);
  }

  /** Sends again what the store may have forgotten. */
  sendAgain(): void {
    for (const command of this.#sent.values()) void this.#untilStored(command, () => true);
  }

  /** Resolves when nothing of `send` waits to be stored. */
  idle(): Promise<void> {
    return this.#sending === 0 ? Promise.resolve() : new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  #commandOf(execution: string, body: SentOutcome): LaneCommand {
    this.#numbers += 1;
    return {
      // An id of this instance's own: if the store comes back with older data, the same attempt may run here again.
      id: `outcome/${execution}/${body.node}/${body.attempt}/${this.#options.bootId}/${this.#numbers}`,
      execution,
      body: packBody(body),
    };
  }

  async #untilStored(command: LaneCommand, isWanted: () => boolean): Promise<void> {
    const backoff = new Backoff(this.#options.clock, AGAIN);
    while (isWanted()) {
      try {
        await this.#options.send(command);
        this.#sent.note(command.id, command, command.body.length);
        return;
      } catch {
        // The store is away. The outcome waits here until it is back.
        await backoff.wait();
      }
    }
  }
}

/** The outcome of an attempt that never began, as far as its owner needs to know. */
export function releasedOf({ node, attempt }: Pick<AttemptKey, "node" | "attempt">): SentOutcome {
  return { type: "Outcome", node, attempt, beganAtMs: 0, outcome: { type: "released" } };
}
