/** The cell of one actor in the system: its mailbox, and its life from one start to the next by the rules of supervision. */
import { type Pauses, pauseBefore } from "../../env/backoff.ts";
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { Turns } from "../../env/turns.ts";
import { type Actor, type Behaviour, type Gone, Incomprehensible, Moved, type Self, Stall } from "./actor.ts";
import { Mailbox, type MailboxOptions, type Reader } from "./mailbox.ts";
import { directive, type Intensity } from "./supervision.ts";

/** The part that all cells of a system share. */
export type CellOptions<M, A extends Actor<M>> = {
  readonly behaviour: Behaviour<M, A>;
  readonly intensity: Intensity;
  readonly mailboxes: MailboxOptions;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly log: Pick<Log, "error">;
};

/** The system, as a cell needs it. */
export interface CellKeeper<M, A extends Actor<M>> {
  readonly options: CellOptions<M, A>;
  /** Called when there is no such actor any more. */
  removed(cell: Cell<M, A>): void;
  /** Called when it has started, is done with its messages, or is gone. */
  settled(): void;
}

const STARTS: Pauses = { firstMs: 50, longestMs: 1_000 };

export class Cell<M, A extends Actor<M>> implements Self<M>, Reader<M> {
  readonly id: string;
  readonly mailbox: Mailbox<M>;
  readonly #keeper: CellKeeper<M, A>;
  #actor: A | null = null;
  #phase: "starting" | "running" | "stalled" | "gone" = "starting";
  #isLeftAlone = false;
  #leaving = false;
  /** Failed starts since the last successful one. */
  #failedStarts = 0;
  /** The times of crashes; null before the first. */
  #crashesAtMs: number[] | null = null;
  #whenStarted: (() => void)[] | null = null;

  constructor(id: string, keeper: CellKeeper<M, A>) {
    this.id = id;
    this.#keeper = keeper;
    this.mailbox = new Mailbox<M>(this, keeper.options.mailboxes);
  }

  /** The actor; null while it starts, and if it is stalled or gone. */
  get actor(): A | null {
    return this.#actor;
  }

  get isStalled(): boolean {
    return this.#phase === "stalled";
  }

  /** Whether it is stalled for as long as this build has it. */
  get isLeftAlone(): boolean {
    return this.#isLeftAlone;
  }

  /** Whether it starts, or holds messages. */
  get isBusy(): boolean {
    return this.#phase === "starting" || (this.#phase === "running" && !this.mailbox.idle);
  }

  /** Resolves when it has started, or is gone or stalled. */
  whenStarted(): Promise<void> {
    if (this.#phase !== "starting") return Promise.resolve();
    this.#whenStarted ??= [];
    const waiting = this.#whenStarted;
    return new Promise((resolve) => waiting.push(resolve));
  }

  /** Starts it, at once if the behaviour answers at once. */
  start(): void {
    if (this.#isGone()) return;
    this.#phase = "starting";
    this.#leaving = false;
    try {
      const actor = this.#keeper.options.behaviour.start(this);
      if (!(actor instanceof Promise)) return this.#begin(actor);
      actor.then(
        (made) => this.#begin(made),
        (error: unknown) => this.#notStarted(error),
      );
    } catch (error) {
      this.#notStarted(error);
    }
  }

  /** Starts a stalled one again, and forgets its crashes. */
  sweep(): void {
    if (this.#phase !== "stalled" || this.#isLeftAlone) return;
    this.#crashesAtMs = null;
    this.start();
  }

  deliver(message: M): void {
    this.mailbox.deliver(message);
  }

  finished(): void {
    this.#leaving = true;
    // While a batch is in hand it leaves at the end of that batch.
    if (!this.mailbox.busy) this.#keeper.options.turns.run(() => this.rested());
  }

  receive(batch: readonly M[]): Promise<void> {
    // It said so before it knew of these messages.
    this.#leaving = false;
    return this.#actor === null ? Promise.resolve() : this.#actor.receive(batch);
  }

  rested(): void {
    if (this.#leaving && this.#phase === "running" && this.mailbox.idle) this.remove("stopped");
    else this.#keeper.settled();
  }

  crashed(error: unknown): void {
    if (this.#isGone()) return;
    const { behaviour, clock, intensity, log } = this.#keeper.options;
    if (error instanceof Moved) {
      this.remove("moved");
      return behaviour.moved(this.id);
    }
    this.mailbox.shut();
    this.#actor?.stop();
    this.#actor = null;
    this.#crashesAtMs ??= [];
    this.#crashesAtMs.push(clock.nowMs());
    if (this.#crashesAtMs.length > intensity.restarts + 1) this.#crashesAtMs.shift();
    const next = error instanceof Stall ? { type: "stall" as const } : directive(this.#crashesAtMs, clock.nowMs(), intensity);
    this.#isLeftAlone = error instanceof Incomprehensible;
    if (this.#isLeftAlone) log.error("An execution is left alone, as it is.", { execution: this.id, error });
    else log.error("A supervisor crashed.", { execution: this.id, directive: next.type, error });
    if (next.type === "restart") {
      this.#phase = "starting";
      clock.after(next.afterMs, () => this.start());
    } else {
      this.#phase = "stalled";
      for (const message of this.mailbox.takeOut()) behaviour.undeliverable(this.id, message, "stalled");
      behaviour.stalled(this.id);
      this.#started();
    }
  }

  /** Stops it at once, also in the middle of a batch. */
  remove(why: Gone): void {
    if (this.#isGone()) return;
    this.#phase = "gone";
    this.#keeper.removed(this);
    this.#actor?.stop();
    for (const message of this.mailbox.close()) this.#keeper.options.behaviour.undeliverable(this.id, message, why);
    this.#started();
  }

  #begin(actor: A | null): void {
    if (this.#isGone()) return actor?.stop();
    if (actor === null) return this.remove("unknown");
    this.#failedStarts = 0;
    this.#actor = actor;
    this.#phase = "running";
    this.mailbox.open();
    this.#started();
  }

  #notStarted(error: unknown): void {
    const { behaviour, clock } = this.#keeper.options;
    if (!behaviour.mayWait(error)) return this.crashed(error);
    this.#failedStarts += 1;
    clock.after(pauseBefore(this.#failedStarts, STARTS), () => this.start());
  }

  #started(): void {
    const waiting = this.#whenStarted;
    this.#whenStarted = null;
    if (waiting !== null) for (const resolve of waiting) resolve();
    this.#keeper.settled();
  }

  #isGone(): boolean {
    return this.#phase === "gone";
  }
}
