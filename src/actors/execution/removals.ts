/** Deletes executions that a client wants to be deleted, once they are closed: each is asked for until the store has done it. */
import { Backoff } from "../../env/backoff.ts";
import type { Clock } from "../../env/clock.ts";
import { type Store, StoreUnavailable, type Summary } from "../../store/store.ts";

export type Removals = {
  /** Deletes an execution by and by. Where this instance does not come to it, the next owner does: until then the store calls it open. */
  remove(execution: Pick<Summary, "id" | "createdAtMs">): void;
};

export function createRemovals(store: Pick<Store, "remove">, clock: Clock): Removals {
  const underWay = new Set<string>();

  async function untilGone(execution: Pick<Summary, "id" | "createdAtMs">): Promise<void> {
    const backoff = new Backoff(clock);
    while (!(await isGone(execution))) await backoff.wait();
    underWay.delete(execution.id);
  }

  async function isGone(execution: Pick<Summary, "id" | "createdAtMs">): Promise<boolean> {
    try {
      return await store.remove(execution);
    } catch (error) {
      if (error instanceof StoreUnavailable) return false;
      throw error;
    }
  }

  return {
    remove(execution) {
      if (underWay.has(execution.id)) return;
      underWay.add(execution.id);
      void untilGone(execution);
    },
  };
}
