/**
 * The ownership of an instance that has its store alone: every lane, from its start to its end. It takes the leases, takes over the
 * executions that are not closed, and looks after them every few seconds in case a doorbell was lost.
 */
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import { type CommitterOptions, createCommitter } from "../../store/committer.ts";
import type { Gathering } from "../../store/gathering.ts";
import { FIRST_LEVEL } from "../../workflow/execution/level.ts";
import type { Lease, ListPosition, Retention, Store, Summary } from "../../store/store.ts";
import { createAdoption } from "./adoption.ts";
import type { Ownership } from "../ownership.ts";
import { startRetention } from "./retention.ts";
import { startSweeps } from "./sweeps.ts";
import type { LaneWork, Liveness, OwnedLane } from "../owned-lane.ts";

export type SoleOwnershipOptions = {
  readonly store: Store;
  readonly bootId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention: Pick<Retention, "finishedMs" | "untriggeredMs">;
  /** Called after each commit, as createCommitter does. */
  readonly onApplied: NonNullable<CommitterOptions["onApplied"]>;
  /** The rule for the time of commits; without it, they are made at once. */
  readonly gathering?: Gathering | undefined;
};

/** The number of sweeps that look for an execution whose creation was not answered: by then it is there, or never will be. */
const SWEEPS_FOR_UNSURE = 3;

/** Takes every lane of the store. Rejects with StoreUnavailable. */
export async function takeSoleOwnership(options: SoleOwnershipOptions): Promise<Ownership> {
  const { store, bootId } = options;
  const leases: Lease[] = [];
  for (let lane = 0; lane < store.lanes; lane++) leases.push(await store.acquire(lane, bootId));
  return new SoleOwnership(options, leases);
}

class SoleOwnership implements Ownership {
  readonly bootId: string;
  readonly liveness: Liveness;
  readonly deaths: Ownership["deaths"];
  readonly storeFull = null;
  readonly outboxBytes = 0;
  readonly #options: SoleOwnershipOptions;
  readonly #ownedLanes: readonly OwnedLane[];
  /** By execution: the owner that died, whose death is not recorded in its log yet. */
  readonly #died = new Map<string, string>();
  /** By lane: the number of sweeps that still look for executions which nobody here has heard of. */
  readonly #unsureSweeps = new Map<number, number>();
  /** Functions that end what ends with `stop`. */
  readonly #ends: (() => void)[] = [];
  /** In use, as far as this instance has raised it. */
  #level = FIRST_LEVEL;
  #isStopped = false;
  #allAdopted = true;

  constructor(options: SoleOwnershipOptions, leases: readonly Lease[]) {
    const { store, bootId, clock, onApplied, gathering } = options;
    this.#options = options;
    this.bootId = bootId;
    this.liveness = { isAlive: (boot) => boot === bootId, others: () => 0, peers: () => [], onPeers: nothing, onDeath: () => nothing };
    this.deaths = { bootIdOf: (id) => this.#died.get(id) ?? null, recorded: (id) => void this.#died.delete(id) };
    this.#ownedLanes = leases.map((lease) => {
      const committer = createCommitter({ store, lease, clock, onApplied, gathering });
      return { lane: lease.lane, committer, trusted: always, regained: () => Promise.resolve(true) };
    });
  }

  ownedLaneOf(lane: number): OwnedLane | null {
    return this.#ownedLanes[lane] ?? null;
  }

  ownedLanes(): Iterable<OwnedLane> {
    return this.#ownedLanes;
  }

  async begin(work: LaneWork): Promise<void> {
    const { store, clock, log } = this.#options;
    const active = await this.#active();
    if (active.length > 0) {
      log.info("Unfinished executions go on.", { executions: active.length, after: this.#died.size > 0 ? "a crash" : "a clean end" });
    }
    work.running?.(await runningOf(store, active));
    this.#ends.push(
      startSweeps(clock, () => this.#sweep(work)),
      startRetention({ ...this.#options, isMine: always }),
    );
    this.#adopt(active, work);
  }

  unsure(lane: number): void {
    this.#unsureSweeps.set(lane, SWEEPS_FOR_UNSURE);
  }

  heardOf(): void {
    // Everything that is created in a lane is created here.
  }

  obstacleTo(level: number): null | Promise<null> {
    return level <= this.#level ? null : this.#raise(level);
  }

  async #raise(level: number): Promise<null> {
    await this.#options.store.raiseLevel(level);
    this.#level = level;
    return null;
  }

  get obstacle(): string | null {
    return this.storeTrouble;
  }

  get storeTrouble(): string | null {
    return this.#options.store.trouble?.() ?? null;
  }

  async stop(clean: boolean): Promise<void> {
    this.#isStopped = true;
    for (const end of this.#ends.splice(0)) end();
    // A death that no execution has noted yet must be told to the next owner too.
    const noted = this.#allAdopted || this.#died.size === 0;
    await Promise.all(this.#ownedLanes.map(({ committer }) => committer.finish(clean && noted)));
  }

  leave(): Promise<void> {
    return Promise.resolve();
  }

  /** The active executions of all lanes. It notes whose owner died. */
  async #active(): Promise<readonly string[]> {
    const active: string[] = [];
    for (const { lane, committer } of this.#ownedLanes) {
      const { diedBootId } = committer.lease;
      const ids = await this.#options.store.active(lane);
      if (diedBootId !== null) {
        for (const id of ids) this.#died.set(id, diedBootId);
        // What the dead owner was about to create may be there only now.
        this.unsure(lane);
      }
      active.push(...ids);
    }
    return active;
  }

  /** Adopts executions in the background: new ones begin meanwhile, and nobody waits for the last of them. */
  #adopt(active: readonly string[], work: LaneWork): void {
    this.#allAdopted = active.length === 0;
    void createAdoption((id) => work.adopt(id))
      .adopt(active, () => !this.#isStopped)
      .then(() => {
        this.#allAdopted = !this.#isStopped;
      });
  }

  async #sweep(work: LaneWork): Promise<void> {
    work.sweep();
    for (const lane of [...this.#unsureSweeps.keys()]) await this.#lookForUnknown(lane, work);
  }

  /** Looks for unknown executions. Adopting a known one again does nothing. A store that is away is asked again by the next sweep. */
  async #lookForUnknown(lane: number, work: LaneWork): Promise<void> {
    const { store, log } = this.#options;
    try {
      for (const id of await store.active(lane)) if (!this.#isStopped) void work.adopt(id);
      const left = (this.#unsureSweeps.get(lane) ?? 1) - 1;
      if (left > 0) this.#unsureSweeps.set(lane, left);
      else this.#unsureSweeps.delete(lane);
    } catch (error) {
      log.warn("The active executions could not be listed; the instance tries again later.", { error });
    }
  }
}

const PAGE = 1_000;

/** The running ones of these executions. Rejects with StoreUnavailable. */
async function runningOf(store: Store, active: readonly string[]): Promise<readonly string[]> {
  if (active.length === 0) return [];
  const theirs = new Set(active);
  const running: string[] = [];
  for (const status of ["RUNNING", "PAUSED"] as const) {
    for (let before: ListPosition | null = null, page: readonly Summary[] | null = null; page === null || page.length === PAGE; ) {
      page = await store.list({ status, limit: PAGE, ...(before !== null && { before }) });
      for (const { id } of page) if (theirs.has(id)) running.push(id);
      before = page.at(-1) ?? null;
    }
  }
  return running;
}

const always = () => true;
const nothing = () => undefined;
