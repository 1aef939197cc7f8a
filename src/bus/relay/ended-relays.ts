/** Relays of lanes that have gone to other owners: a store that falls into an older past may have forgotten what they have sent. */
import type { Clock } from "../../env/clock.ts";
import type { OutboxRelay } from "./relay.ts";

export type EndedRelays = {
  add(lane: number, relay: OutboxRelay): void;
  /** The store was restarted: each tells the stream by itself what is not true any more. */
  doubt(lanes: readonly number[]): void;
  /** Resolves when all have told what they know of that. */
  told(): Promise<void>;
};

/** A store that is restarted has forgotten seconds at the most. */
const KEPT_MS = 30_000;

export function createEndedRelays(clock: Clock): EndedRelays {
  let kept: { readonly lane: number; readonly relay: Pick<OutboxRelay, "doubt" | "told">; readonly endedAtMs: number }[] = [];
  /** A timer runs. */
  let forgets = false;

  function forgetLater(): void {
    if (forgets) return;
    forgets = true;
    clock.after(KEPT_MS, () => {
      forgets = false;
      forgetOld();
      if (kept.length > 0) forgetLater();
    });
  }

  function forgetOld(): void {
    const oldestMs = clock.monotonicMs() - KEPT_MS;
    kept = kept.filter(({ endedAtMs }) => endedAtMs > oldestMs);
  }

  return {
    add(lane, relay) {
      kept.push({ lane, relay, endedAtMs: clock.monotonicMs() });
      forgetLater();
    },
    doubt(lanes) {
      forgetOld();
      const doubted = new Set(lanes);
      for (const { lane, relay } of kept) if (doubted.has(lane)) relay.doubt();
    },
    async told() {
      await Promise.all(kept.map(({ relay }) => relay.told()));
    },
  };
}
