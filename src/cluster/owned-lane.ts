/** A lane that this instance owns: the lease, the one committer that writes under it, and whether it may be trusted. */
import type { Committer, CommitterOptions } from "../store/committer.ts";
import type { Pending } from "../store/shared-store.ts";

export type OwnedLane = {
  readonly lane: number;
  readonly committer: Committer;
  /** False: the lease may have lapsed, so nothing may be begun. True for ever where an instance has the store alone. */
  trusted(): boolean;
  /** Resolves true when it is trusted again, and false when the lane is lost, handed over or abandoned. */
  regained(): Promise<boolean>;
};

/** What is done with lanes, given by whoever does the work. Executions are named by id. */
export type LaneWork = {
  /** Its lane is this instance's: resolves when the execution goes on. Doing it again does nothing. */
  adopt(executionId: string): Promise<void>;
  /** These are RUNNING and not adopted yet: they have their room before anybody new gets it. */
  running?(executionIds: readonly string[]): void;
  /** All that was active in the lane when it was taken is adopted. */
  takenOver?(lane: number): void;
  /** Executions that acted here under an earlier lease are not adopted again yet: what they have in hand may be recorded nowhere. */
  awaits?(lane: number): boolean;
  /** Lets everything that stalled try again. */
  sweep(): void;
  /** The lane's commands may be more than before. */
  look(lane: number): void;
  /**
   * A planned move: begins nothing more in the lane, records what runs, and submits the last of it. What still runs goes
   * on here, and its outcomes become commands. True where everything is accounted for, so that the lane's end is clean.
   */
  handOver(lane: number): Promise<boolean>;
  /**
   * The lane is not this instance's any more. `lost`: somebody else has it, so what runs is aborted. `again`: this
   * instance takes it anew, from the store as it is now; what runs stays in hand.
   */
  drop(lane: number, why: "lost" | "again"): void;
};

/** Whoever wants to hear of lanes, beside the work itself. */
export type LaneListener = {
  /** Told after each commit: createCommitter's. */
  readonly onApplied: NonNullable<CommitterOptions["onApplied"]>;
  /** The lane is this instance's, and nothing of it goes on yet. Told again, without an end between, where it is taken anew. */
  readonly onOwned?: (ownedLane: OwnedLane) => void;
  readonly onEnd?: (lane: number) => void;
  /** What each renewal tells. */
  readonly onPending?: (lane: number, pending: Pending) => void;
  /** The lapsed lease was taken again, under a new epoch: unclaimed offers are gone from the store, everything else stands. */
  readonly onRetaken?: (ownedLane: OwnedLane) => void;
};

/** Another instance. `handlers`: by every name; null where it is older and does not tell. */
export type Peer = { readonly name: string; readonly leaving: boolean; readonly handlers: readonly string[] | null };

/** Who of the instances is alive, as far as this one can tell. */
export type Liveness = {
  /** Also true where that cannot be told now. */
  isAlive(bootId: string): boolean;
  /** How many others live and are not ending. */
  others(): number;
  /** The other instances that live. */
  peers(): readonly Peer[];
  /** Called after a look has found the others, or what they have, to be other than before. */
  onPeers(listener: () => void): void;
  /** Called with each boot that is found dead or gone, after `isAlive` says so. The answer unsubscribes. */
  onDeath(listener: (bootId: string) => void): () => void;
};
