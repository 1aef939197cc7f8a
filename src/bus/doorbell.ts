/**
 * The doorbell between instances, as a seam: short notices that something is there to be looked at. Any of them may be
 * lost, doubled or late: it delays, and loses nothing, since whoever listens also looks by itself from time to time.
 */

export type Ring =
  /** Commands wait in the lane, for its owner. */
  | { readonly type: "commands"; readonly lane: number }
  /** Executions that were created triggered, for the lane's owner. */
  | { readonly type: "born"; readonly lane: number; readonly executions: readonly string[] }
  /** Commands have their receipts. */
  | { readonly type: "answered"; readonly lane: number; readonly commands: readonly string[] }
  | { readonly type: "ended"; readonly executions: readonly string[] }
  /** The lane offers attempts, or has fewer than before. `away`: some that its owner cannot run are among them. */
  | { readonly type: "offers"; readonly lane: number; readonly away?: boolean }
  /** An instance came, is leaving or has left, or has freed lanes. */
  | { readonly type: "members" };

export interface Doorbell {
  /** Never throws and never waits. The one that rings does not hear it. */
  ring(ring: Ring): void;
  /** The answer unsubscribes. `listener` must not throw. */
  listen(listener: (ring: Ring) => void): () => void;
  close(): Promise<void>;
}
