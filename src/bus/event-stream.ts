/**
 * The stream of what happened, as a seam: one side publishes, another listens. It tells of what is committed, at least
 * once and in order per execution. The truth is the store: what is not in the stream yet waits in the outbox.
 */
import type { ExecutionStatus } from "../workflow/execution/status.ts";

/** What commits added to one execution's log: events `from`..`to`, packed as in the log. */
export type EventRecord = {
  readonly execution: string;
  readonly from: number;
  readonly to: number;
  readonly epoch: number;
  /** A chunk's text (docs/events.md), or what is said in its place. */
  readonly events: string | Omitted;
  /** The execution's after `to`; null where events of the same commit follow in another record. */
  readonly status: ExecutionStatus | null;
  readonly closed: boolean;
};

/** Events that cannot be in the stream: a reader finds them in the store, if they are anywhere. */
export type Omitted = { readonly omitted: string };

/**
 * The store came back with an older past: what the stream tells of the execution after `to` is not true any more, and
 * other events with these sequences will follow, under `epoch`.
 */
export type Rewound = { readonly execution: string; readonly rewoundTo: number; readonly epoch: number };

export type StreamRecord = EventRecord | Rewound;

/** Takes the stream's records. */
export interface EventSink {
  /**
   * Resolves when all of them are there to stay. Records of one execution keep their order, also those of earlier calls
   * that are answered. Rejects where it is away: then any part may be there, and the same is published again.
   */
  publish(records: readonly StreamRecord[]): Promise<void>;
}

/** Tells of the stream's records. */
export interface EventSource {
  /** The answer unsubscribes. `listener` must not throw. */
  subscribe(listener: (record: StreamRecord) => void): () => void;
}

/** Whether the stream takes records now; `reason` is a sentence where it does not. */
export type StreamHealth = { readonly available: true } | { readonly available: false; readonly reason: string };

/** A stream that is kept elsewhere, for as long as this process uses it. */
export interface EventStream extends EventSink {
  health(): StreamHealth;
  /** Ends it; what is published later is rejected. */
  close(): Promise<void>;
}
