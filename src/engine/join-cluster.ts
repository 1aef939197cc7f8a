/** The difference between an instance that has its store alone and one among several, put together here for the engine. */
import { createRemoteAttempts, type RemoteAttempts } from "../cluster/overflow/remote-attempts.ts";
import type { Doorbell } from "../bus/doorbell.ts";
import { LaneRelays } from "../bus/relay/lane-relays.ts";
import type { Waiters } from "../views/waiters.ts";
import type { Ownership } from "../cluster/ownership.ts";
import { takeSharedOwnership } from "../cluster/lanes/shared-ownership.ts";
import { takeSoleOwnership } from "../cluster/lanes/sole-ownership.ts";
import type { Clock } from "../env/clock.ts";
import type { Log } from "../env/log/log.ts";
import type { Pool } from "../pool/pool.ts";
import type { Gathering } from "../store/gathering.ts";
import type { CommitEntry, NewExecution, Retention, Store } from "../store/store.ts";
import { isTerminal } from "../workflow/execution/status.ts";
import type { ClusterOptions } from "../cluster/cluster.ts";

export type ClusterParts = {
  readonly store: Store;
  /** Null for an instance alone. */
  readonly cluster: ClusterOptions | null;
  readonly bootId: string;
  readonly pool: Pool;
  readonly waiters: Waiters;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention: Pick<Retention, "finishedMs" | "untriggeredMs">;
  /** The rule for the time of writes of an instance alone, if its store lets them wait for others. */
  readonly gathering: Gathering | undefined;
};

export type EngineCluster = {
  readonly ownership: Ownership;
  readonly remoteAttempts: RemoteAttempts;
  /** The reason why new work is refused now, as a sentence; null if it is not. */
  full(): string | null;
  isOutboxFull(): boolean;
  /** The store has it, written by this instance. `owned`: its lane is this instance's. */
  created(execution: NewExecution, owned: boolean): void;
  /** Resolves when nothing is relayed any more and the stream has been told what the store has forgotten. */
  told(): Promise<void>;
  close(): Promise<void>;
};

/** Takes what can be taken of the store. Rejects with StoreUnavailable. */
export async function joinCluster(parts: ClusterParts): Promise<EngineCluster> {
  return parts.cluster === null ? alone(parts) : amongOthers(parts, parts.cluster);
}

async function alone({ store, bootId, pool, waiters, clock, log, retention, gathering }: ClusterParts): Promise<EngineCluster> {
  const ownership = await takeSoleOwnership({
    store,
    bootId,
    clock,
    log,
    retention,
    gathering,
    onApplied: (entries) => {
      for (const { summary } of entries) if (isTerminal(summary.status)) waiters.ended(summary.id);
    },
  });
  return {
    ownership,
    remoteAttempts: createRemoteAttempts({
      ...{ pool, bootId, clock, tellsIndex: () => false },
      send: () => Promise.reject(new Error("There is no other instance.")),
      isWanted: () => Promise.resolve(true),
    }),
    full: () => null,
    isOutboxFull: () => false,
    created: () => undefined,
    told: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

async function amongOthers(parts: ClusterParts, cluster: ClusterOptions): Promise<EngineCluster> {
  const { bootId, pool, waiters, clock, log, retention } = parts;
  const { store, doorbell, events } = cluster;
  const relays = events === null ? null : new LaneRelays({ store, sink: events, clock, log });
  doorbell.listen((ring) => {
    if (ring.type === "ended") for (const id of ring.executions) waiters.ended(id);
  });
  const ownership = await takeSharedOwnership({
    store,
    bootId,
    name: cluster.name,
    threads: cluster.threads,
    tells: () => ({ handlers: [...pool.handlers().keys()], limits: cluster.limits }),
    ...{ clock, log, doorbell, retention },
    ttlMs: cluster.leaseTtlMs,
    renewMs: cluster.leaseRenewMs,
    onApplied: (entries) => tellEnds(entries, waiters, doorbell),
    onOwned: ({ lane }) => relays?.owned(lane),
    onEnd: (lane) => relays?.end(lane),
    onPending(lane, pending) {
      if (pending.outboxEntries > 0) relays?.wake(lane);
    },
    // What is relayed under the lease that follows must come after the record that the history went back.
    onRestarted: async ({ lane, committer }) => relays?.storeRestarted(lane, committer.lease.epoch),
  });
  const remoteAttempts = createRemoteAttempts({
    ...{ pool, bootId, clock },
    tellsIndex: () => store.level() < NAMES_BY_ID,
    async send(command) {
      await store.send(command);
      doorbell.ring({ type: "commands", lane: store.laneOf(command.execution) });
    },
    async isWanted(executionId) {
      const summary = await store.summary(executionId);
      return summary !== null && summary.status !== "CANCELLED";
    },
  });
  const forgets = [
    store.onRestart((lanes) => {
      remoteAttempts.storeRestarted();
      relays?.doubt(lanes);
    }),
    store.onOutbox((lane, entry, after, texts) => relays?.wrote(lane, entry, after, texts)),
  ];
  return {
    ownership,
    remoteAttempts,
    full: () => ownership.storeFull ?? backlogOf(ownership.outboxBytes, cluster.outboxBytes.max),
    isOutboxFull: () => ownership.outboxBytes > cluster.outboxBytes.hold,
    created({ summary }, owned) {
      if (summary.triggeredAtMs === null) return;
      const lane = store.laneOf(summary.id);
      if (owned) ownership.heardOf(lane, 1);
      else doorbell.ring({ type: "born", lane, executions: [summary.id] });
    },
    told: () => relays?.told() ?? Promise.resolve(),
    async close() {
      for (const forget of forgets) forget();
      relays?.close();
      await doorbell.close();
      await events?.close();
    },
  };
}

/** The level from which on every instance reads the ids of nodes. Until then one of a build that reads their indices alone may come back. */
const NAMES_BY_ID = 2;

/** Tells those who wait for an end, here and at the other instances. */
function tellEnds(entries: readonly CommitEntry[], waiters: Waiters, doorbell: Doorbell): void {
  const ended: string[] = [];
  for (const { summary } of entries) if (isTerminal(summary.status)) ended.push(summary.id);
  if (ended.length === 0) return;
  for (const id of ended) waiters.ended(id);
  doorbell.ring({ type: "ended", executions: ended });
}

function backlogOf(outboxBytes: number, max: number): string | null {
  if (outboxBytes <= max) return null;
  return `${outboxBytes} bytes of events wait to be published: nothing new is taken until Kafka takes them.`;
}
