/** Outcomes that the store took a short while ago: one that comes back with an older past may have forgotten them. */
import type { Clock } from "../../env/clock.ts";
import type { LaneCommand } from "../../store/shared-store.ts";

export type SentOutcomes = {
  sent(command: LaneCommand): void;
  /** The oldest first. */
  recent(): readonly LaneCommand[];
};

/** A store that is restarted has forgotten seconds at the most. */
const KEPT_MS = 30_000;
/** In characters: the oldest go first. */
const LENGTH_MAX = 16 * 1024 * 1024;

export function createSentOutcomes(clock: Clock, lengthMax = LENGTH_MAX): SentOutcomes {
  const kept = new Map<string, { readonly command: LaneCommand; readonly atMs: number }>();
  let length = 0;

  function forgetOld(): void {
    const oldestMs = clock.monotonicMs() - KEPT_MS;
    for (const [id, { command, atMs }] of kept) {
      if (atMs >= oldestMs && length <= lengthMax) return;
      kept.delete(id);
      length -= command.body.length;
    }
  }

  return {
    sent(command) {
      if (kept.has(command.id)) return;
      kept.set(command.id, { command, atMs: clock.monotonicMs() });
      length += command.body.length;
      forgetOld();
    },
    recent() {
      forgetOld();
      return [...kept.values()].map(({ command }) => command);
    },
  };
}
