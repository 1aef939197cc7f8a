/** What an instance among several is given: the store that they share, how they hear of each other, and the leases' times. */
import type { Doorbell } from "../bus/doorbell.ts";
import type { EventStream } from "../bus/event-stream.ts";
import type { MemberLimits, SharedStore } from "../store/shared-store.ts";

/** What an instance among several has beside its store. */
export type ClusterOptions = {
  readonly store: SharedStore;
  readonly doorbell: Doorbell;
  /** Null where no events are published. */
  readonly events: EventStream | null;
  /** The instance's name, for people. */
  readonly name: string;
  readonly threads: number;
  /** What it takes at most, for the others to compare. */
  readonly limits: MemberLimits;
  /** How long a lease lasts, and how often it is renewed. */
  readonly leaseTtlMs: number;
  readonly leaseRenewMs: number;
  /** What would wait longer than this for a thread is offered to the others. */
  readonly overflowAfterMs: number;
  /** Bytes of events that may wait to be published, over all instances: above `max` nothing new is taken, above `hold` nothing is started. */
  readonly outboxBytes: { readonly max: number; readonly hold: number };
};
