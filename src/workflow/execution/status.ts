/** The one list of states. Node states are kept as small numbers (their position) inside the engine. */
export const NODE_STATES = [
  "PENDING",
  "QUEUED",
  "RUNNING",
  "RETRYING",
  "WAITING",
  "COMPLETED",
  "FAILED",
  "SKIPPED",
  "CANCELLED",
  "UNKNOWN",
] as const;
export type NodeStatus = (typeof NODE_STATES)[number];

/** A node state's number: its position in NODE_STATES. */
export const NodeCode = {
  PENDING: 0,
  QUEUED: 1,
  RUNNING: 2,
  RETRYING: 3,
  WAITING: 4,
  COMPLETED: 5,
  FAILED: 6,
  SKIPPED: 7,
  CANCELLED: 8,
  UNKNOWN: 9,
} as const satisfies Record<NodeStatus, number>;

export const EXECUTION_STATES = ["PENDING", "RUNNING", "PAUSED", "COMPLETED", "FAILED", "CANCELLED"] as const;
export type ExecutionStatus = (typeof EXECUTION_STATES)[number];

/** True when the status never changes again. */
export function isTerminal(status: ExecutionStatus): boolean {
  return status === "COMPLETED" || status === "FAILED" || status === "CANCELLED";
}
