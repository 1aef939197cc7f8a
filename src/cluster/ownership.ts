/**
 * The ownership of lanes, as a seam: an instance that has its store alone owns every lane for ever (lanes/sole-ownership.ts); instances
 * that share one divide the lanes among themselves (lanes/shared-ownership.ts). Which lane should be whose is in policy/division.ts.
 */
import type { LaneWork, Liveness, OwnedLane } from "./owned-lane.ts";

export interface Ownership {
  readonly bootId: string;
  /** The lane, or null if it is not this instance's. The same object for as long as its memory holds. */
  ownedLaneOf(lane: number): OwnedLane | null;
  /** All lanes that are this instance's now. */
  ownedLanes(): Iterable<OwnedLane>;
  /** The executions taken over whose owner died; forgotten once that is recorded in their log. */
  readonly deaths: { bootIdOf(executionId: string): string | null; recorded(executionId: string): void };
  readonly liveness: Liveness;
  /**
   * Takes over what is active and begins to sweep; resolves when the first take-over is done. Some executions at a time are taken over, so
   * that a start with many of them does not block everything else.
   */
  begin(work: LaneWork): Promise<void>;
  /** Looks for an execution of this lane that may have been created and triggered, and that nobody here has heard of. */
  unsure(lane: number): void;
  /**
   * Notes that so many executions were created and triggered in the lane and are known here. If a renewal tells of more, they are looked
   * for.
   */
  heardOf(lane: number, count: number): void;
  /** Null if all is well; else a sentence for readiness: no lane is trusted, the store is away, or its data is lost. */
  readonly obstacle: string | null;
  /** Null if the store answers; else a sentence: it is away, or its data is lost. Without a lane of its own an instance still serves. */
  readonly storeTrouble: string | null;
  /** The reason why nothing new can be stored although the store answers, as a sentence; null if it can, and for an instance alone. */
  readonly storeFull: string | null;
  /**
   * The reason why what needs this level cannot be stored now, as a sentence; null if it can: then the level is in use. Rejects with
   * StoreUnavailable.
   */
  obstacleTo(level: number): string | null | Promise<string | null>;
  /** Bytes of events that the bus has not received yet, over all instances; 0 if the store keeps no outbox. */
  readonly outboxBytes: number;
  /**
   * Gives everything up, all lanes at once: an instance alone marks a clean end if `clean`, those that share a store hand over. Its boot
   * stays alive to the others until `leave`.
   */
  stop(clean: boolean): Promise<void>;
  /** The boot has ended: the outcome of the last attempt that it ran is reported. */
  leave(): Promise<void>;
}
