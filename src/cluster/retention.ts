/** Deletes what is old, now and then: it asks the disk, and an idle server leaves the disk alone. */
import type { Clock } from "../env/clock.ts";
import type { Log } from "../env/log.ts";
import type { Retention, Store } from "../store/store.ts";

export type RetentionOptions = {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention: Pick<Retention, "finishedMs" | "untriggeredMs">;
  /** Asked each time: of those that share a store, one at a time is enough. */
  readonly isMine: () => boolean;
};

const FIRST_AFTER_MS = 10_000;
const EVERY_MS = 10 * 60_000;
/** Where the last batch was full there may be more. */
const AGAIN_AFTER_MS = 1_000;
const BATCH = 200;

/** Begins to look. The answer ends it. */
export function startRetention({ store, clock, log, retention, isMine }: RetentionOptions): () => void {
  let stopped = false;
  let cancel = clock.after(FIRST_AFTER_MS, look);

  function look(): void {
    void deleteSome().then((deleted) => {
      if (!stopped) cancel = clock.after(deleted === BATCH ? AGAIN_AFTER_MS : EVERY_MS, look);
    });
  }

  async function deleteSome(): Promise<number> {
    if (!isMine()) return 0;
    try {
      return await store.sweep({ ...retention, nowMs: clock.nowMs(), limit: BATCH });
    } catch (error) {
      log.warn("Old executions could not be deleted; tried again later.", { error });
      return 0;
    }
  }

  return () => {
    stopped = true;
    cancel();
  };
}
