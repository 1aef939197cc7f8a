/** The timers of one execution's retries: for each RETRYING node, the time of its next attempt. */
import type { Timers } from "../../../env/timers.ts";
import type { NodeIndex } from "../../../workflow/plan/plan.ts";

export class RetryTimers {
  readonly #timers: Timers;
  /** The functions that cancel timers, by node; null before the first. */
  #cancels: Map<NodeIndex, () => void> | null = null;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Starts a node's timer, in place of an earlier one. */
  start(node: NodeIndex, dueAtMs: number, due: () => void): void {
    this.#cancels ??= new Map();
    this.#cancels.get(node)?.();
    const cancel = this.#timers.at(dueAtMs, () => {
      this.#cancels?.delete(node);
      due();
    });
    this.#cancels.set(node, cancel);
  }

  cancel(): void {
    if (this.#cancels === null) return;
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }
}
