/**
 * The deletion of old executions, as fast as they get old. It looks now and then (a look asks the disk, and many that are deleted together
 * share its pages). If a batch was full it goes on at once, until one is not.
 */
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { Retention, Store } from "../../store/store.ts";

export type RetentionOptions = {
  readonly store: Pick<Store, "sweep">;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention: Pick<Retention, "finishedMs" | "untriggeredMs">;
  /** Whether it is this instance's task, asked each time: of those that share a store, one at a time is enough. */
  readonly isMine: () => boolean;
};

/** The time of the first look after a start, which has other things to do. */
const FIRST_AFTER_MS = 10_000;
const RAREST_MS = 10 * 60_000;
const OFTENEST_MS = 1_000;
/** The part of its time by which an execution may be kept longer than promised. */
const LATENESS = 0.1;
/** The executions of one call of `sweep`, which lets others come in between. Between two calls an end can take effect. */
const BATCH = 1_000;

/** The period of looks: what is kept beyond its time is a tenth of what is kept, and never more than ten minutes' worth. */
function lookEveryMs({ finishedMs, untriggeredMs }: RetentionOptions["retention"]): number {
  return Math.max(OFTENEST_MS, Math.min(RAREST_MS, Math.min(finishedMs, untriggeredMs) * LATENESS));
}

/** Begins to look. The returned function ends it. */
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
      // Logged once, however often it is tried.
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
