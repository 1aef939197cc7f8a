/**
 * The doorbell between instances, as a seam: short notices that there is something to look at. A ring may be lost, doubled
 * or late. That delays work but loses nothing, because every listener also looks by itself from time to time.
 */

export type Ring =
  /** Commands wait in the lane for its owner. */
  | { readonly type: "commands"; readonly lane: number }
  /** Executions were created and triggered, for the lane's owner. */
  | { readonly type: "born"; readonly lane: number; readonly executions: readonly string[] }
  /** Commands have their receipts. */
  | { readonly type: "answered"; readonly lane: number; readonly commands: readonly string[] }
  | { readonly type: "ended"; readonly executions: readonly string[] }
  /** The lane offers attempts, or fewer than before. `away`: some of them are attempts that its owner cannot run. */
  | { readonly type: "offers"; readonly lane: number; readonly away?: boolean }
  /** An instance joined, is leaving or has left, or has freed lanes. */
  | { readonly type: "members" };

export interface Doorbell {
  /** Rings. Never throws and never waits. The instance that rings does not hear it. */
  ring(ring: Ring): void;
  /** Listens. The returned function unsubscribes. `listener` must not throw. */
  listen(listener: (ring: Ring) => void): () => void;
  close(): Promise<void>;
}
