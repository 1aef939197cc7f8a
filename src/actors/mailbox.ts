/** One actor's queue. Hands over everything that waits, one batch at a time; never two batches at once. */
import type { Turns } from "../env/turns.ts";

/** Whose mailbox it is. */
export interface Reader<M> {
  /** Given batches in order, each when the one before is settled. */
  receive(batch: readonly M[]): Promise<void>;
  /** The last batch is done and nothing waits. */
  rested(): void;
  /** `receive` rejected: the mailbox is shut, and keeps what waits for the next `open`. */
  crashed(error: unknown): void;
}

type State = "idle" | "scheduled" | "busy" | "closed";

export class Mailbox<M> {
  readonly #reader: Reader<M>;
  readonly #turns: Turns;
  readonly #limit: number;
  #queue: M[] = [];
  #state: State = "idle";
  #shut = true;

  /** `limit`: so many messages may wait before `tell` refuses. */
  constructor(reader: Reader<M>, turns: Turns, limit: number) {
    this.#reader = reader;
    this.#turns = turns;
    this.#limit = limit;
  }

  /** False: full, the sender must decide. For messages that start something new. */
  tell(message: M): boolean {
    if (this.#state === "closed" || this.#queue.length >= this.#limit) return false;
    this.#push(message);
    return true;
  }

  /** For messages that are bounded where they start (outcomes, timers): never refused, or accepted work would be lost. */
  deliver(message: M): void {
    if (this.#state !== "closed") this.#push(message);
  }

  /** Holds deliveries back until `open`: while the actor starts, or starts again. What waits stays. */
  shut(): void {
    this.#shut = true;
  }

  open(): void {
    this.#shut = false;
    this.#schedule();
  }

  /** A batch is being received. */
  get busy(): boolean {
    return this.#state === "busy";
  }

  /** No message waits and none is being received. */
  get idle(): boolean {
    return (this.#state === "idle" || this.#state === "closed") && this.#queue.length === 0;
  }

  /** Takes out what waits. */
  takeOut(): readonly M[] {
    const rest = this.#queue;
    this.#queue = [];
    return rest;
  }

  /** The same, and the mailbox is not used any more. */
  close(): readonly M[] {
    this.#state = "closed";
    return this.takeOut();
  }

  #push(message: M): void {
    this.#queue.push(message);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#shut || this.#state !== "idle" || this.#queue.length === 0) return;
    this.#state = "scheduled";
    this.#turns.run(this.#drain);
  }

  readonly #drain = (): void => {
    if (this.#state !== "scheduled") return;
    this.#state = "idle";
    if (this.#shut) return;
    this.#state = "busy";
    void this.#handOver(this.takeOut());
  };

  async #handOver(batch: readonly M[]): Promise<void> {
    try {
      await this.#reader.receive(batch);
    } catch (error) {
      if (this.#isClosed()) return;
      this.#state = "idle";
      this.#shut = true;
      return this.#reader.crashed(error);
    }
    if (this.#isClosed()) return;
    this.#state = "idle";
    if (this.#queue.length > 0) this.#schedule();
    else this.#reader.rested();
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }
}
