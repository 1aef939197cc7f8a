/**
 * Who may work on what, as a seam: an instance that has its store alone owns every lane for ever (lanes/sole-ownership.ts),
 * those that share one divide the lanes among themselves (lanes/shared-ownership.ts).
 */
import type { LaneWork, Liveness, OwnedLane } from "./owned-lane.ts";

export interface Ownership {
  readonly bootId: string;
  /** The lane, or null where it is not this instance's. The same object for as long as its memory holds. */
  ownedLaneOf(lane: number): OwnedLane | null;
  /** Every lane that is this instance's now. */
  ownedLanes(): Iterable<OwnedLane>;
  /** Which of the executions that were taken over had an owner that died; forgotten once it is recorded in their log. */
  readonly deaths: { bootIdOf(executionId: string): string | null; recorded(executionId: string): void };
  readonly liveness: Liveness;
  /**
   * Takes over what is active and begins to sweep; resolves when the first take-over is done. Some executions at a time
   * are taken over, so that a start with many of them does not hold everything else up.
   */
  begin(work: LaneWork): Promise<void>;
  /** An execution of this lane may have been created and triggered that nobody here has heard of: it is looked for. */
  unsure(lane: number): void;
  /** So many executions were created triggered in the lane and are known here: those that a renewal tells of beyond them are looked for. */
  heardOf(lane: number, count: number): void;
  /** Null where all is well; else a sentence for readiness: no lane is trusted, the store is away, its data is lost. */
  readonly obstacle: string | null;
  /** Null where the store answers; else a sentence: it is away, or its data is lost. Without a lane of its own an instance still serves. */
  readonly storeTrouble: string | null;
  /** Why nothing new can be stored although the store answers, as a sentence; null where it can, and for an instance alone. */
  readonly storeFull: string | null;
  /** Bytes of events that the bus has not got yet, over all instances; 0 where the store keeps no outbox. */
  readonly outboxBytes: number;
  /**
   * Gives everything up, all lanes at once: an instance alone marks a clean end where `clean`, those that share a store
   * hand over. Its boot stays alive to the others until `leave`.
   */
  stop(clean: boolean): Promise<void>;
  /** The boot has ended: the outcome of the last attempt that it ran is told. */
  leave(): Promise<void>;
}
