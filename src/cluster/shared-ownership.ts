/** Not here yet. */
import type { Doorbell } from "../bus/doorbell.ts";
import type { Clock } from "../env/clock.ts";
import type { Log } from "../env/log.ts";
import type { CommitterOptions } from "../store/committer.ts";
import type { Pending, SharedStore } from "../store/shared-store.ts";
import type { Retention } from "../store/store.ts";
import type { Ownership } from "./ownership.ts";
import type { Tenure } from "./tenure.ts";

export function takeSharedOwnership(_options: {
  store: SharedStore;
  bootId: string;
  name: string;
  threads: number;
  clock: Clock;
  log: Log;
  doorbell: Doorbell;
  retention: Pick<Retention, "finishedMs" | "untriggeredMs">;
  ttlMs: number;
  renewMs: number;
  onApplied: NonNullable<CommitterOptions["onApplied"]>;
  onTenure: (tenure: Tenure) => void;
  onEnd: (lane: number) => void;
  onPending: (lane: number, pending: Pending) => void;
}): Promise<Ownership> {
  throw new Error("Not here yet.");
}
