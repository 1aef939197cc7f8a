/** A lane that this instance owns: the lease, the one committer that writes under it, and whether it may be trusted. */
import type { Committer, CommitterOptions } from "../store/committer.ts";
import type { Pending } from "../store/shared-store.ts";

export type OwnedLane = {
  readonly lane: number;
  readonly committer: Committer;
  /**
   * Whether the lane is trusted. False: the lease may have lapsed, so nothing may begin. Always true if an instance has the store alone.
   */
  trusted(): boolean;
  /** Resolves with true when the lane is trusted again, and with false when it is lost, handed over or abandoned. */
  regained(): Promise<boolean>;
};

/** The work on lanes, given by those who do it. Executions are named by id. */
export type LaneWork = {
  /** Adopts an execution whose lane is this instance's. Resolves when it goes on. Doing it again does nothing. */
  adopt(executionId: string): Promise<void>;
  /** Executions that are RUNNING and not adopted yet: they get their room before new ones. */
  running?(executionIds: readonly string[]): void;
  /** Everything that was active in the lane when it was taken is adopted. */
  takenOver?(lane: number): void;
  /** Executions that acted here under an earlier lease are not adopted again yet: what they have in hand may be recorded nowhere. */
  awaits?(lane: number): boolean;
  /** Lets everything that stalled try again. */
  sweep(): void;
  /** The lane may have more commands than before. */
  look(lane: number): void;
  /**
   * A planned move. Begins nothing more in the lane, records what runs, and submits the last of it. What still runs goes on here, and its
   * outcomes become commands. Returns true if everything is accounted for, so that the lane's end is clean.
   */
  handOver(lane: number): Promise<boolean>;
  /**
   * The lane is not this instance's any more. `lost`: somebody else has it, so what runs is aborted. `again`: this instance takes it anew,
   * from the store as it is now; what runs stays in hand.
   */
  drop(lane: number, why: "lost" | "again"): void;
};

/** A listener to lanes, beside the work itself. */
export type LaneListener = {
  /** Called after each commit, as createCommitter does. */
  readonly onApplied: NonNullable<CommitterOptions["onApplied"]>;
  /** The lane is this instance's, and nothing of it goes on yet. Called again, without an end in between, if it is taken anew. */
  readonly onOwned?: (ownedLane: OwnedLane) => void;
  readonly onEnd?: (lane: number) => void;
  /** Called with what each renewal tells. */
  readonly onPending?: (lane: number, pending: Pending) => void;
  /** The lapsed lease was taken again, under a new epoch: unclaimed offers are gone from the store, everything else stands. */
  readonly onRetaken?: (ownedLane: OwnedLane) => void;
};

/** Another instance. `handlers`: by every name; null if it is older and does not tell. */
export type Peer = { readonly name: string; readonly leaving: boolean; readonly handlers: readonly string[] | null };

/** Which instances are alive, as far as this one can tell. */
export type Liveness = {
  /** Whether an instance is alive; also true if that cannot be told now. */
  isAlive(bootId: string): boolean;
  /** The number of other instances that live and are not ending. */
  others(): number;
  /** The other instances that live. */
  peers(): readonly Peer[];
  /** Calls the listener after a look has found that the others, or their handlers, have changed. */
  onPeers(listener: () => void): void;
  /** Calls the listener with each boot that is found dead or gone, after `isAlive` says so. The returned function unsubscribes. */
  onDeath(listener: (bootId: string) => void): () => void;
};
