/** Doorbells of several instances in one process: each hears the rings of the others, in a later turn. */
import type { Turns } from "../../env/turns.ts";
import type { Doorbell, Ring } from "../doorbell.ts";

/** The doorbells of one process. */
export type DoorbellHub = {
  /** Makes the doorbell of one instance. */
  hang(): Doorbell;
};

export function createDoorbellHub(turns: Turns): DoorbellHub {
  const bells = new Set<Set<(ring: Ring) => void>>();
  return {
    hang() {
      const own = new Set<(ring: Ring) => void>();
      bells.add(own);
      return {
        ring(ring) {
          if (!bells.has(own)) return;
          turns.run(() => {
            for (const listeners of bells) if (listeners !== own) for (const listener of listeners) listener(ring);
          });
        },
        listen(listener) {
          own.add(listener);
          return () => void own.delete(listener);
        },
        async close() {
          bells.delete(own);
        },
      };
    },
  };
}
