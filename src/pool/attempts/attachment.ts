/** One attachment to a table: a supervisor's handle on its execution's attempts. */
import type { Attempt, ExecutionRef, ExecutionAttempts, AttemptListener } from "../pool.ts";

/** The table that it works on, which is the same whoever is attached. */
export type AttachedTable = Omit<ExecutionAttempts, "detach"> & {
  readonly execution: ExecutionRef;
  detach(listener: AttemptListener): void;
};

export class Attachment implements ExecutionAttempts {
  readonly #table: AttachedTable;
  readonly #listener: AttemptListener;
  #attached = true;

  constructor(table: AttachedTable, listener: AttemptListener) {
    this.#table = table;
    this.#listener = listener;
  }

  get size(): number {
    return this.#table.size;
  }

  get open(): number {
    return this.#table.open;
  }

  start(attempt: Attempt): void {
    if (!this.#attached) throw new Error(`Execution ${this.#table.execution.id} is detached: attach before the next start.`);
    this.#table.start(attempt);
  }

  watch(node: number, attempt: number, executor: string, nodeId?: string): void {
    this.#table.watch(node, attempt, executor, nodeId);
  }

  holds(node: number, attempt: number): boolean {
    return this.#table.holds(node, attempt);
  }

  nodeId(node: number, attempt: number): string | null {
    return this.#table.nodeId(node, attempt);
  }

  settle(node: number, attempt: number): void {
    this.#table.settle(node, attempt);
  }

  takeBack(): number {
    return this.#table.takeBack();
  }

  begun(): ReturnType<ExecutionAttempts["begun"]> {
    return this.#table.begun();
  }

  giveBack(): void {
    this.#table.giveBack();
  }

  abort(reason: string): void {
    this.#table.abort(reason);
  }

  abortOne(node: number, attempt: number, reason: string): void {
    this.#table.abortOne(node, attempt, reason);
  }

  leaveOthers(): void {
    this.#table.leaveOthers();
  }

  detach(): void {
    if (!this.#attached) return;
    this.#attached = false;
    this.#table.detach(this.#listener);
  }
}
