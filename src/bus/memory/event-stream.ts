/** The stream within one process, for simulations in which a checker listens to it. */
import type { EventSink, EventSource, StreamRecord } from "../event-stream.ts";

export function createMemoryStream(): EventSink & EventSource {
  const listeners = new Set<(record: StreamRecord) => void>();
  return {
    async publish(records) {
      for (const record of records) for (const listener of listeners) listener(record);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
