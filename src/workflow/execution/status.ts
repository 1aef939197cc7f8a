/** The list of all states. Inside the engine, a node's state is a small number: its position in the list. */
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

/** The numbers of node states: their positions in NODE_STATES. */
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

/** Whether the status never changes again. */
export function isTerminal(status: ExecutionStatus): boolean {
  return status === "COMPLETED" || status === "FAILED" || status === "CANCELLED";
}
