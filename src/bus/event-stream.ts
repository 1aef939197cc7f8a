/**
 * The event stream, as a seam: one side publishes, another listens. It carries committed events, at least once and in order
 * per execution. The truth is the store: what is not in the stream yet waits in the outbox.
 */
import type { ExecutionStatus } from "../workflow/execution/status.ts";

/** Events that commits added to one execution's log: `from`..`to`, packed as in the log. */
export type EventRecord = {
  readonly execution: string;
  readonly from: number;
  readonly to: number;
  readonly epoch: number;
  /** A chunk's text (docs/events.md), or the reason why it is missing. */
  readonly events: string | Omitted;
  /** The execution's status after `to`; null if events of the same commit follow in another record. */
  readonly status: ExecutionStatus | null;
  readonly closed: boolean;
};

/** Events that cannot be in the stream. A reader finds them in the store, if they are anywhere. */
export type Omitted = { readonly omitted: string };

/**
 * The store came back with older data. What the stream says of the execution after `to` is not true any more, and other
 * events with these sequences will follow under `epoch`.
 */
export type Rewound = { readonly execution: string; readonly rewoundTo: number; readonly epoch: number };

export type StreamRecord = EventRecord | Rewound;

/** The side that accepts records. */
export interface EventSink {
  /**
   * Publishes. Resolves when all records are stored. Records of one execution keep their order, also after earlier calls
   * that were answered. Rejects if the stream is away: then any part may be stored, and the same records are published
   * again.
   */
  publish(records: readonly StreamRecord[]): Promise<void>;
}

/** The side that delivers records. */
export interface EventSource {
  /** Subscribes. The returned function unsubscribes. `listener` must not throw. */
  subscribe(listener: (record: StreamRecord) => void): () => void;
}

/** Whether the stream accepts records now; `reason` is a sentence if it does not. */
export type StreamHealth = { readonly available: true } | { readonly available: false; readonly reason: string };

/** A stream in another system, for as long as this process uses it. */
export interface EventStream extends EventSink {
  health(): StreamHealth;
  /** Ends it. Later calls of `publish` are rejected. */
  close(): Promise<void>;
}
