/**
 * Attempts of executions that this instance owned a short while ago, which it had for their owner of before: where the store comes
 * back with an older past, that one may own them again, and wait for what this instance has recorded, and the store has forgotten.
 */
import type { Clock } from "../../env/clock.ts";
import type { AttemptKey } from "../../pool/pool.ts";

export type OwnAttempts = {
  note(key: AttemptKey): void;
  /** Those of the last seconds that are meant; they are not kept any more. */
  take(isMeant: (key: AttemptKey) => boolean): readonly AttemptKey[];
};

/** A store that is restarted has forgotten seconds at the most. */
const KEPT_MS = 30_000;

export function createOwnAttempts(clock: Clock): OwnAttempts {
  let kept: { readonly key: AttemptKey; readonly atMs: number }[] = [];

  function forgetOld(): void {
    const oldestMs = clock.monotonicMs() - KEPT_MS;
    const first = kept.findIndex(({ atMs }) => atMs >= oldestMs);
    if (first !== 0) kept = first < 0 ? [] : kept.slice(first);
  }

  return {
    note(key) {
      forgetOld();
      kept.push({ key, atMs: clock.monotonicMs() });
    },
    take(isMeant) {
      forgetOld();
      const taken = kept.filter(({ key }) => isMeant(key));
      if (taken.length > 0) kept = kept.filter(({ key }) => !isMeant(key));
      return taken.map(({ key }) => key);
    },
  };
}
