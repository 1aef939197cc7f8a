/**
 * The attempts that the dispatcher will begin soon, by its recent pace: how many of the waiting ones are too many, and how many more it
 * could take.
 */
import type { Clock } from "../../env/clock.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import { Pace } from "../dispatch/pace.ts";

/** The pace of a thread above which attempts are so short that moving one costs more than running it. */
const TOO_SHORT_PER_SECOND = 5_000;
/** The factor above what begins soon from which waiting attempts are a surplus, so that nothing is offered and taken back at once. */
const ABOVE = 1.5;

/** The outlook of a dispatcher. `afterMs`: the meaning of "soon". */
export class Outlook {
  readonly #pace = new Pace();
  readonly #dispatcher: Dispatcher;
  readonly #clock: Clock;

  constructor(dispatcher: Dispatcher, clock: Clock) {
    this.#dispatcher = dispatcher;
    this.#clock = clock;
  }

  look(): void {
    const { notBegun, begun, waiting, inHand } = this.#dispatcher;
    this.#pace.note(this.#clock.nowMs(), notBegun, { begun, ended: begun - (inHand - (notBegun - waiting)) });
  }

  surplus(afterMs: number): number {
    this.look();
    const perMs = this.#pace.perMsWaiting();
    if (this.#pace.waitedMs() < afterMs || perMs * 1_000 > this.#dispatcher.hosts * TOO_SHORT_PER_SECOND) return 0;
    const soon = perMs * afterMs;
    const waiting = this.#dispatcher.notBegun;
    return waiting > soon * ABOVE ? Math.floor(waiting - soon) : 0;
  }

  capacity(afterMs: number): number {
    this.look();
    const { open, waiting, notBegun } = this.#dispatcher;
    const begin = Math.max(open.hosts, Math.ceil(this.#pace.perMs() * afterMs));
    const free = open.room + Math.floor(this.#pace.endsPerMs() * afterMs);
    return Math.max(0, Math.min(free - waiting, begin - notBegun));
  }

  /** Begins per second, lately. */
  pace(): number {
    return this.#pace.perMs() * 1_000;
  }
}
