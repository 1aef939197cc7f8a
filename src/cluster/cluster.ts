/** The parts of an instance among several: the store that they share, how they hear of each other, and the times of leases. */
import type { Doorbell } from "../bus/doorbell.ts";
import type { EventStream } from "../bus/event-stream.ts";
import type { MemberLimits, SharedStore } from "../store/shared-store.ts";

/** The parts that an instance among several has beside its store. */
export type ClusterOptions = {
  readonly store: SharedStore;
  readonly doorbell: Doorbell;
  /** The event stream; null if no events are published. */
  readonly events: EventStream | null;
  /** The instance's name, for people. */
  readonly name: string;
  readonly threads: number;
  /** Its limits, for the others to compare. */
  readonly limits: MemberLimits;
  /** The duration of a lease, and how often it is renewed. */
  readonly leaseTtlMs: number;
  readonly leaseRenewMs: number;
  /** The wait for a thread above which attempts are offered to the others. */
  readonly overflowAfterMs: number;
  /** Bytes of events that may wait to be published, over all instances: above `max` new work is refused, above `hold` no node starts. */
  readonly outboxBytes: { readonly max: number; readonly hold: number };
};
