/** The waiting attempts that could run at other instances: which ones, who is told of them, and their way out and in. */
import type { Clock } from "../../env/clock.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Entry, Line } from "../dispatch/entry.ts";
import type { AttemptKey, Overflow, OverflowListener, Spilled } from "../pool.ts";
import type { AttemptTable } from "./attempt-table.ts";
import type { Away } from "./away.ts";
import { Outlook } from "./outlook.ts";

/** The overflow with what tables need of it. */
export type TableOverflow = Overflow & {
  wentOutside(change: 1 | -1, line: Line): void;
  /** Notes one more attempt that waits for a handler which is not here. */
  cameAway(): void;
  settled(key: AttemptKey): void;
  unwanted(key: AttemptKey, aborted: boolean): void;
};

export type OverflowOptions = {
  readonly dispatcher: Dispatcher;
  readonly away: Away;
  /** The table of an execution's id. */
  readonly tableOf: (executionId: string) => AttemptTable | undefined;
  readonly clock: Clock;
};

/** The overflow of this dispatcher's attempts, and of those whose handler is not here. */
export function createOverflow(options: OverflowOptions): TableOverflow {
  return new PoolOverflow(options);
}

type Listening = { readonly afterMs: number; readonly listener: OverflowListener };
type MayGo = (spilled: Spilled) => boolean;

class PoolOverflow implements TableOverflow {
  readonly #options: OverflowOptions;
  readonly #outlook: Outlook;
  #listening: Listening | null = null;
  #outside = 0;

  constructor(options: OverflowOptions) {
    this.#options = options;
    this.#outlook = new Outlook(options.dispatcher, options.clock);
  }

  listen(afterMs: number, listener: OverflowListener): () => void {
    if (this.#listening !== null) throw new Error("Somebody listens to the overflow already.");
    const { dispatcher } = this.#options;
    const its: Listening = { afterMs, listener };
    this.#listening = its;
    dispatcher.observer = {
      looked: () => {
        this.#outlook.look();
        if (dispatcher.notBegun > 0 && this.surplus() > 0) listener.surplus();
      },
      lineEmpty: () => {
        if (this.#outside > 0 && dispatcher.notBegun === 0) listener.hungry();
      },
    };
    return () => {
      if (this.#listening !== its) return;
      this.#listening = null;
      dispatcher.observer = null;
    };
  }

  surplus(): number {
    return this.#listening === null ? 0 : this.#outlook.surplus(this.#listening.afterMs);
  }

  capacity(): number {
    return this.#listening === null ? 0 : this.#outlook.capacity(this.#listening.afterMs);
  }

  pace(): number {
    return this.#outlook.pace();
  }

  get outside(): number {
    return this.#outside;
  }

  get away(): number {
    return this.#options.away.waiting;
  }

  spill(max: number, mayGo: MayGo): readonly Spilled[] {
    const taken = this.#options.dispatcher.takeLast(
      max,
      ({ attempt, table: { execution } }) => !attempt.suspect && mayGo({ execution, attempt }),
    );
    return this.#leave(taken);
  }

  spillAway(max: number, mayGo: MayGo): readonly Spilled[] {
    return this.#leave(this.#options.away.take(max, ({ attempt, table: { execution } }) => mayGo({ execution, attempt })));
  }

  #leave(taken: readonly Entry[]): readonly Spilled[] {
    return taken.map((entry) => {
      const { execution } = entry.table;
      (this.#tableOf(execution.id) as AttemptTable).leave(entry);
      return { execution, attempt: entry.attempt };
    });
  }

  takeIn(keys: readonly AttemptKey[]): void {
    const { dispatcher } = this.#options;
    const back = keys.map(({ execution, node, attempt }) => this.#tableOf(execution)?.comeBack(node, attempt) ?? null);
    const entries = back.filter((entry) => entry !== null);
    dispatcher.putBack(entries.filter(({ line }) => line === dispatcher));
    for (const entry of entries) if (entry.line !== dispatcher) entry.line.add(entry);
  }

  claimed({ execution, node, attempt }: AttemptKey, bootId: string, atMs: number): boolean {
    return this.#tableOf(execution)?.claimed(node, attempt, bootId, atMs) ?? false;
  }

  forget({ execution, node, attempt }: AttemptKey): void {
    this.#tableOf(execution)?.forget(node, attempt);
  }

  holds({ execution, node, attempt }: AttemptKey): boolean {
    return this.#tableOf(execution)?.holds(node, attempt) ?? false;
  }

  wentOutside(change: 1 | -1, line: Line): void {
    if (line !== this.#options.away) this.#outside += change;
  }

  cameAway(): void {
    this.#listening?.listener.away();
  }

  settled(key: AttemptKey): void {
    this.#listening?.listener.settled(key);
  }

  unwanted(key: AttemptKey, aborted: boolean): void {
    // Without a listener nobody has offered it either.
    if (this.#listening === null) this.forget(key);
    else this.#listening.listener.unwanted(key, aborted);
  }

  #tableOf(executionId: string): AttemptTable | undefined {
    return this.#options.tableOf(executionId);
  }
}
