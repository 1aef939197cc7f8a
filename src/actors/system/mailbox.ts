/** The mailbox: one actor's queue. It passes on everything that waits, one batch at a time, and never two batches at once. */
import type { Turns } from "../../env/turns.ts";
import type { Workload } from "./workload.ts";

/** The actor's side of the mailbox. */
export interface Reader<M> {
  /** Receives batches in order, each when the one before is settled. */
  receive(batch: readonly M[]): Promise<void>;
  /** The last batch is done and nothing waits. */
  rested(): void;
  /** `receive` rejected: the mailbox is shut, and keeps what waits for the next `open`. */
  crashed(error: unknown): void;
}

export type MailboxOptions = {
  readonly turns: Turns;
  /** The number of messages that may wait before `tell` refuses. */
  readonly limit: number;
  /** The count of every batch, from when it is due until it is settled. */
  readonly workload: Workload;
};

type State = "idle" | "scheduled" | "busy" | "closed";

export class Mailbox<M> {
  readonly #reader: Reader<M>;
  readonly #options: MailboxOptions;
  #queue: M[] = [];
  #state: State = "idle";
  #shut = true;

  constructor(reader: Reader<M>, options: MailboxOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  /** Tells a message. False: the mailbox is full, and the sender must decide. For messages that start something new. */
  tell(message: M): boolean {
    if (this.#state === "closed" || this.#queue.length >= this.#options.limit) return false;
    this.#push(message);
    return true;
  }

  /** Delivers a message that is bounded where it starts (outcomes, timers). It is never refused: otherwise accepted work would be lost. */
  deliver(message: M): void {
    if (this.#state !== "closed") this.#push(message);
  }

  /** Holds deliveries back until `open`, while the actor starts, or starts again. What waits stays. */
  shut(): void {
    this.#shut = true;
  }

  open(): void {
    this.#shut = false;
    this.#schedule();
  }

  /** Whether a batch is being received. */
  get busy(): boolean {
    return this.#state === "busy";
  }

  /** Whether no message waits and none is being received. */
  get idle(): boolean {
    return (this.#state === "idle" || this.#state === "closed") && this.#queue.length === 0;
  }

  /** Takes out what waits. */
  takeOut(): readonly M[] {
    const rest = this.#queue;
    this.#queue = [];
    return rest;
  }

  /** Takes out what waits, and ends the mailbox. */
  close(): readonly M[] {
    this.#enter("closed");
    return this.takeOut();
  }

  #push(message: M): void {
    this.#queue.push(message);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#shut || this.#state !== "idle" || this.#queue.length === 0) return;
    this.#enter("scheduled");
    this.#options.turns.run(this.#drain);
  }

  readonly #drain = (): void => {
    if (this.#state !== "scheduled") return;
    if (this.#shut) return this.#enter("idle");
    this.#enter("busy");
    void this.#handOver(this.takeOut());
  };

  async #handOver(batch: readonly M[]): Promise<void> {
    try {
      await this.#reader.receive(batch);
    } catch (error) {
      if (this.#isClosed()) return;
      this.#enter("idle");
      this.#shut = true;
      return this.#reader.crashed(error);
    }
    if (this.#isClosed()) return;
    this.#enter("idle");
    if (this.#queue.length > 0) this.#schedule();
    else this.#reader.rested();
  }

  #enter(state: State): void {
    const was = isInHand(this.#state);
    this.#state = state;
    if (isInHand(state) === was) return;
    if (was) this.#options.workload.end();
    else this.#options.workload.begin();
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }
}

function isInHand(state: State): boolean {
  return state === "scheduled" || state === "busy";
}
