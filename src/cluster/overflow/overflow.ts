/** Overflow, put together: what this instance offers to the others, and what it claims of theirs. */
import type { Errands } from "./remote-attempts.ts";
import { createGuest, type Guest } from "./claimer.ts";
import { createSurplus, type Surplus } from "./offers.ts";
import type { KnownHandlers } from "../known-handlers.ts";
import type { Ownership } from "../ownership.ts";
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { Turns } from "../../env/turns.ts";
import type { LongJson } from "../../workflow/json/long-json.ts";
import type { Pool } from "../../pool/pool.ts";
import type { ClusterOptions } from "../cluster.ts";

export type EngineOverflow = Pick<Surplus, "claimsOf" | "drop" | "taken"> & {
  /** Claims nothing more; resolves when nothing is claimed unknowingly. */
  stopClaiming(): Promise<void>;
  /** Offers nothing more. */
  stop(): void;
};

export type EngineOverflowOptions = {
  readonly cluster: ClusterOptions;
  readonly pool: Pool;
  readonly handlers: KnownHandlers;
  readonly json: LongJson;
  readonly ownership: Ownership;
  readonly errands: Errands;
  readonly isOwned: (lane: number) => boolean;
  /** What that instance ran is lost, but for outcomes that it has sent. */
  readonly executorDied: (bootId: string) => void;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly log: Log;
};

export function createEngineOverflow(options: EngineOverflowOptions): EngineOverflow {
  const { cluster, pool, handlers, json, ownership, errands, isOwned, executorDied, clock, turns, log } = options;
  const { store, doorbell } = cluster;
  const { bootId, living } = ownership;
  const ring = (lane: number, away = false): void => doorbell.ring(away ? { type: "offers", lane, away } : { type: "offers", lane });
  const surplus: Surplus = createSurplus({
    ...{ store, handlers, json, bootId, clock, turns, log, ring },
    overflow: pool.overflow,
    limits: cluster.limits,
    overflowAfterMs: cluster.overflowAfterMs,
    leaseOf(lane) {
      const tenure = isOwned(lane) ? ownership.tenureOf(lane) : null;
      return tenure?.trusted() === true ? tenure.committer.lease : null;
    },
    others: living.others,
    isAlive: living.isAlive,
    executorDied,
  });
  const guest: Guest = createGuest({
    ...{ store, bootId, json, clock, log, ring, isOwned },
    overflow: pool.overflow,
    handlers: handlers.here,
    run: ({ execution, attempt }) => errands.run(execution, attempt),
    abort: (key) => errands.abort(key),
  });
  const unlisten = doorbell.listen((heard) => {
    if (heard.type !== "offers") return;
    if (isOwned(heard.lane)) surplus.heard(heard.lane);
    else guest.heard(heard.lane, heard.away === true);
  });
  return {
    claimsOf: (executionId) => surplus.claimsOf(executionId),
    taken: (lane) => surplus.taken(lane),
    drop: (lane) => surplus.drop(lane),
    stopClaiming: () => guest.stop(),
    stop() {
      unlisten();
      surplus.stop();
    },
  };
}
