/**
 * Deletes what is old, as fast as it gets old. It looks now and then (a look asks the disk, and many that are deleted together
 * share its pages), and where a batch was full it goes on at once, until one is not.
 */
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { Retention, Store } from "../../store/store.ts";

export type RetentionOptions = {
  readonly store: Pick<Store, "sweep">;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention: Pick<Retention, "finishedMs" | "untriggeredMs">;
  /** Asked each time: of those that share a store, one at a time is enough. */
  readonly isMine: () => boolean;
};

/** The first look after a start, which has other things to do. */
const FIRST_AFTER_MS = 10_000;
const RAREST_MS = 10 * 60_000;
const OFTENEST_MS = 1_000;
/** So much later than promised something may go: this part of the time that it is kept. */
const LATENESS = 0.1;
/** Of one call of `sweep`, which lets others come in between. Between two calls an end can take effect. */
const BATCH = 1_000;

/** How often to look: so that what is kept beyond its time is a tenth of what is kept, and never more than ten minutes' worth. */
function lookEveryMs({ finishedMs, untriggeredMs }: RetentionOptions["retention"]): number {
  return Math.max(OFTENEST_MS, Math.min(RAREST_MS, Math.min(finishedMs, untriggeredMs) * LATENESS));
}

/** Begins to look. The answer ends it. */
export function startRetention({ store, clock, log, retention, isMine }: RetentionOptions): () => void {
  const everyMs = lookEveryMs(retention);
  let stopped = false;
  let isTroubled = false;
  let cancel = clock.after(Math.min(FIRST_AFTER_MS, everyMs), look);

  function look(): void {
    void deleteSome().then((deleted) => {
      if (!stopped) cancel = clock.after(deleted === BATCH ? 0 : everyMs, look);
    });
  }

  async function deleteSome(): Promise<number> {
    if (!isMine()) return 0;
    try {
      const deleted = await store.sweep({ ...retention, nowMs: clock.nowMs(), limit: BATCH });
      isTroubled = false;
      return deleted;
    } catch (error) {
      // Told once, however often it is tried.
      if (!isTroubled) log.warn("Old executions could not be deleted; the instance tries again later.", { error });
      isTroubled = true;
      return 0;
    }
  }

  return () => {
    stopped = true;
    cancel();
  };
}
