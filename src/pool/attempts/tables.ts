/** The tables of all executions of a pool: who is attached, how many attempts are open, and the clean end. */
import type { Clock } from "../../env/clock.ts";
import type { Turns } from "../../env/turns.ts";
import type { Line } from "../dispatch/entry.ts";
import type { Attempt, AttemptListener, ExecutionAttempts, ExecutionRef, Report } from "../pool.ts";
import { AttemptTable, type AttemptTableKeeper } from "./attempt-table.ts";
import type { TableOverflow } from "./overflow.ts";

export type AttemptTablesOptions = {
  /** The line in which an attempt waits to run. */
  readonly lineOf: (attempt: Attempt) => Line;
  readonly overflow: Pick<TableOverflow, "wentOutside" | "settled" | "unwanted">;
  readonly turns: Turns;
  readonly report: Report;
};

export class AttemptTables {
  readonly #tables = new Map<string, AttemptTable>();
  readonly #keeper: AttemptTableKeeper;
  #order = 0;
  /** The number of entries without an outcome, over all tables. */
  #open = 0;
  /** False if nothing new begins any more. */
  #working = true;
  #heardIdle: (() => void) | null = null;

  constructor({ lineOf, overflow, turns, report }: AttemptTablesOptions) {
    this.#keeper = {
      turns,
      report,
      lineOf,
      wentOutside: (change, line) => overflow.wentOutside(change, line),
      settled: (key) => overflow.settled(key),
      unwanted: (key, aborted) => overflow.unwanted(key, aborted),
      open: () => (this.#opened() ? (this.#order += 1) : null),
      reopened: () => this.#opened(),
      closed: () => this.#closed(),
      dropped: (table) => void this.#tables.delete(table.execution.id),
    };
  }

  of(executionId: string): AttemptTable | undefined {
    return this.#tables.get(executionId);
  }

  /** Attaches a listener. Throws if the execution has one already. */
  attach(execution: ExecutionRef, listener: AttemptListener): ExecutionAttempts {
    const table = this.#tables.get(execution.id) ?? new AttemptTable(execution, this.#keeper);
    this.#tables.set(execution.id, table);
    return table.attach(listener);
  }

  executorDied(bootId: string): void {
    for (const table of this.#tables.values()) table.executorDied(bootId);
  }

  /** Stops new attempts from beginning. */
  stop(): void {
    this.#working = false;
  }

  /** Takes back what has not begun. Resolves when nothing is open; what is open after `graceMs` is released. */
  async drain(graceMs: number, clock: Clock): Promise<void> {
    for (const table of this.#tables.values()) table.takeBack();
    if (this.#open === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#heardIdle = resolve;
    const cancel = clock.after(graceMs, () => {
      for (const table of this.#tables.values()) table.release();
    });
    await promise;
    cancel();
  }

  #opened(): boolean {
    if (this.#working) this.#open += 1;
    return this.#working;
  }

  #closed(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#heardIdle?.();
  }
}
