/**
 * The ownership of an instance that has its store alone: every lane, from its start to its end. It takes the leases,
 * takes over the executions that are not closed, and looks after them every few seconds in case a doorbell was lost.
 */
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import { type CommitterOptions, createCommitter } from "../../store/committer.ts";
import type { Gathering } from "../../store/gathering.ts";
import type { Lease, ListPosition, Retention, Store, Summary } from "../../store/store.ts";
import { createAdoption } from "./adoption.ts";
import type { Ownership } from "../ownership.ts";
import { startRetention } from "./retention.ts";
import { startSweeps } from "./sweeps.ts";
import type { LaneWork, OwnedLane } from "../owned-lane.ts";

export type SoleOwnershipOptions = {
  readonly store: Store;
  readonly bootId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention: Pick<Retention, "finishedMs" | "untriggeredMs">;
  /** Told after each commit: createCommitter's. */
  readonly onApplied: NonNullable<CommitterOptions["onApplied"]>;
  /** When commits are made; without it at once. */
  readonly gathering?: Gathering | undefined;
};

/** So many sweeps look for an execution whose creation was not answered: by then it is there, or never will be. */
const SWEEPS_FOR_UNSURE = 3;

/** Takes every lane of the store. Rejects with StoreUnavailable. */
export async function takeSoleOwnership(options: SoleOwnershipOptions): Promise<Ownership> {
  const { store, bootId, clock, log, onApplied, gathering } = options;
  const leases: Lease[] = [];
  for (let lane = 0; lane < store.lanes; lane++) leases.push(await store.acquire(lane, bootId));
  const ownedLanes = leases.map((lease): OwnedLane => {
    const committer = createCommitter({ store, lease, clock, onApplied, gathering });
    return { lane: lease.lane, committer, trusted: always, regained: () => Promise.resolve(true) };
  });
  const died = new Map<string, string>();
  const unsureSweeps = new Map<number, number>();
  let stopSweeps: () => void = nothing;
  let stopRetention: () => void = nothing;
  let stopped = false;
  let allAdopted = true;

  async function sweep(work: LaneWork): Promise<void> {
    work.sweep();
    for (const lane of [...unsureSweeps.keys()]) await lookForUnknown(lane, work);
  }

  /** Who is known already is adopted once more, which does nothing. A store that is away is asked again by the next sweep. */
  async function lookForUnknown(lane: number, work: LaneWork): Promise<void> {
    try {
      for (const id of await store.active(lane)) if (!stopped) void work.adopt(id);
      const left = (unsureSweeps.get(lane) ?? 1) - 1;
      if (left > 0) unsureSweeps.set(lane, left);
      else unsureSweeps.delete(lane);
    } catch (error) {
      log.warn("The active executions could not be listed; the instance tries again later.", { error });
    }
  }

  return {
    bootId,
    ownedLaneOf: (lane) => ownedLanes[lane] ?? null,
    ownedLanes: () => ownedLanes,
    deaths: { bootIdOf: (id) => died.get(id) ?? null, recorded: (id) => void died.delete(id) },
    liveness: { isAlive: (boot) => boot === bootId, others: () => 0, peers: () => [], onPeers: nothing, onDeath: () => nothing },
    async begin(work) {
      const active: string[] = [];
      for (const lease of leases) {
        const ids = await store.active(lease.lane);
        if (lease.diedBootId !== null) {
          for (const id of ids) died.set(id, lease.diedBootId);
          // What it was about to create when it was taken for dead may be there only now.
          unsureSweeps.set(lease.lane, SWEEPS_FOR_UNSURE);
        }
        active.push(...ids);
      }
      if (active.length > 0) {
        log.info("Unfinished executions go on.", { executions: active.length, after: died.size > 0 ? "a crash" : "a clean end" });
      }
      work.running?.(await runningOf(store, active));
      stopSweeps = startSweeps(clock, () => sweep(work));
      stopRetention = startRetention({ ...options, isMine: always });
      // Read behind: what is new begins meanwhile, and nobody waits for the last of them.
      allAdopted = active.length === 0;
      void createAdoption((id) => work.adopt(id))
        .adopt(active, () => !stopped)
        .then(() => {
          allAdopted = !stopped;
        });
    },
    unsure: (lane) => void unsureSweeps.set(lane, SWEEPS_FOR_UNSURE),
    heardOf: nothing,
    get obstacle() {
      return store.trouble?.() ?? null;
    },
    get storeTrouble() {
      return store.trouble?.() ?? null;
    },
    storeFull: null,
    outboxBytes: 0,
    async stop(clean) {
      stopped = true;
      stopSweeps();
      stopRetention();
      // A death that no execution has noted yet must be told to the next owner too.
      const noted = allAdopted || died.size === 0;
      await Promise.all(ownedLanes.map(({ committer }) => committer.finish(clean && noted)));
    },
    leave: () => Promise.resolve(),
  };
}

const PAGE = 1_000;

/** Of these. Rejects with StoreUnavailable. */
async function runningOf(store: Store, active: readonly string[]): Promise<readonly string[]> {
  if (active.length === 0) return [];
  const theirs = new Set(active);
  const running: string[] = [];
  for (let before: ListPosition | null = null; ; ) {
    const page = await store.list({ status: "RUNNING", limit: PAGE, ...(before !== null && { before }) });
    for (const { id } of page) if (theirs.has(id)) running.push(id);
    const last: Summary | undefined = page.at(-1);
    if (last === undefined || page.length < PAGE) return running;
    before = last;
  }
}

const always = () => true;
const nothing = () => undefined;
