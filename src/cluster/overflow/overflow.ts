/** Overflow, put together: what this instance offers to the others, and what it claims of theirs. */
import type { RemoteAttempts } from "./remote-attempts.ts";
import { createClaimer, type Claimer } from "./claimer.ts";
import { createOffers, type Offers } from "./offers.ts";
import type { KnownHandlers } from "../known-handlers.ts";
import type { Ownership } from "../ownership.ts";
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { Turns } from "../../env/turns.ts";
import type { LongJson } from "../../workflow/json/long-json.ts";
import type { Pool } from "../../pool/pool.ts";
import type { ClusterOptions } from "../cluster.ts";

export type EngineOverflow = Pick<Offers, "claimsOf" | "drop" | "taken"> & {
  /** Claims nothing more. Resolves when nothing is claimed unknowingly. */
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
  readonly remoteAttempts: RemoteAttempts;
  readonly isOwned: (lane: number) => boolean;
  /** Reports that what a dead instance ran is lost, except for outcomes that it has sent. */
  readonly executorDied: (bootId: string) => void;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly log: Log;
};

export function createEngineOverflow(options: EngineOverflowOptions): EngineOverflow {
  const { cluster, isOwned } = options;
  const offers = offersOf(options);
  const claimer = claimerOf(options);
  const unlisten = cluster.doorbell.listen((heard) => {
    if (heard.type !== "offers") return;
    if (isOwned(heard.lane)) offers.heard(heard.lane);
    else claimer.heard(heard.lane, heard.away === true);
  });
  return {
    claimsOf: (executionId, nodeOf) => offers.claimsOf(executionId, nodeOf),
    taken: (lane) => offers.taken(lane),
    drop: (lane) => offers.drop(lane),
    stopClaiming: () => claimer.stop(),
    stop() {
      unlisten();
      offers.stop();
    },
  };
}

function offersOf(options: EngineOverflowOptions): Offers {
  const { cluster, pool, handlers, json, ownership, isOwned, executorDied, clock, turns, log } = options;
  const { store, doorbell, limits, overflowAfterMs } = cluster;
  const { bootId, liveness } = ownership;
  return createOffers({
    ...{ store, handlers, limits, json, bootId, overflowAfterMs, executorDied, clock, turns, log },
    overflow: pool.overflow,
    leaseOf(lane) {
      const ownedLane = isOwned(lane) ? ownership.ownedLaneOf(lane) : null;
      return ownedLane?.trusted() === true ? ownedLane.committer.lease : null;
    },
    others: liveness.others,
    isAlive: liveness.isAlive,
    ring: (lane, away) => doorbell.ring(away ? { type: "offers", lane, away } : { type: "offers", lane }),
  });
}

function claimerOf({ cluster, pool, handlers, json, ownership, remoteAttempts, isOwned, clock, log }: EngineOverflowOptions): Claimer {
  const { store, doorbell } = cluster;
  return createClaimer({
    ...{ store, json, isOwned, clock, log },
    bootId: ownership.bootId,
    overflow: pool.overflow,
    handlers: handlers.here,
    run: ({ execution, attempt }) => remoteAttempts.run(execution, attempt),
    abort: (key) => remoteAttempts.abort(key),
    giveBack: (execution, attempt) => remoteAttempts.release(execution, attempt),
    ring: (lane) => doorbell.ring({ type: "offers", lane }),
  });
}
