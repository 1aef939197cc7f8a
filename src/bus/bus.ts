/**
 * The bus, as a seam: a doorbell and a stream of what happened. It tells of what is committed, at least once and in
 * order per execution. Losing a record delays whoever waits for it; it never loses work, since the truth is the store.
 */
import type { ExecutionStatus } from "../workflow/status.ts";

/** What one commit added to one execution's log: events `from`..`to`, packed as in the log. */
export type EventRecord = {
  readonly execution: string;
  readonly from: number;
  readonly to: number;
  readonly epoch: number;
  readonly events: string;
  readonly status: ExecutionStatus;
  readonly closed: boolean;
};

export interface Bus {
  /** Resolves when the bus has the records. Rejects where it is away; then the same may be published again. */
  publish(records: readonly EventRecord[]): Promise<void>;
  /** The answer unsubscribes. `listener` must not throw. */
  subscribe(listener: (record: EventRecord) => void): () => void;
  close(): Promise<void>;
}
