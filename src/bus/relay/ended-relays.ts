/** Relays of lanes that have moved to other owners. A store that comes back with older data may have forgotten what they have sent. */
import type { Clock } from "../../env/clock.ts";
import { Recent } from "../../env/recent.ts";
import { FORGOTTEN_MS_MAX } from "../../store/shared-store.ts";
import type { OutboxRelay } from "./relay.ts";

export type EndedRelays = {
  add(lane: number, relay: OutboxRelay): void;
  /** The store was restarted: each relay tells the stream by itself what is not true any more. */
  doubt(lanes: readonly number[]): void;
  /** Resolves when all relays have told what they know of that. */
  told(): Promise<void>;
  /** Stops listening to the store. */
  close(): void;
};

export function createEndedRelays(clock: Clock): EndedRelays {
  const kept = new Recent<{ readonly lane: number; readonly relay: OutboxRelay }>(clock, { keptMs: FORGOTTEN_MS_MAX });
  let cancel: (() => void) | null = null;

  function forgetLater(): void {
    cancel ??= clock.after(FORGOTTEN_MS_MAX + 1, () => {
      cancel = null;
      if (kept.values().length > 0) forgetLater();
    });
  }

  return {
    add(lane, relay) {
      kept.note(relay, { lane, relay });
      forgetLater();
    },
    doubt(lanes) {
      const doubted = new Set(lanes);
      for (const { lane, relay } of kept.values()) if (doubted.has(lane)) relay.doubt();
    },
    async told() {
      await Promise.all(kept.values().map(({ relay }) => relay.told()));
    },
    close: () => cancel?.(),
  };
}
