/** A bus within one process. */
import type { Bus, EventRecord } from "./bus.ts";

export function createMemoryBus(): Bus {
  const listeners = new Set<(record: EventRecord) => void>();
  return {
    async publish(records) {
      for (const record of records) for (const listener of listeners) listener(record);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      listeners.clear();
    },
  };
}
