/** The timers of one execution's retries: for each node that is RETRYING, when its next attempt is due. */
import type { Timers } from "../../../env/timers.ts";
import type { NodeIndex } from "../../../workflow/plan/plan.ts";

export class RetryTimers {
  readonly #timers: Timers;
  /** By node; null before the first. */
  #cancels: Map<NodeIndex, () => void> | null = null;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** In the place of an earlier one of the node. */
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
