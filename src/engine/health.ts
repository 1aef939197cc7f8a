/** The health of an instance: whether it should get work, and how much it has. */
import type { EngineHealth } from "./answers.ts";
import type { EngineParts } from "./parts.ts";

/** The stage of an instance's end: others are told that it is near, or it has begun and new work is refused. */
export type Life = { ending: "none" | "near" | "begun" };

export function healthOf(parts: EngineParts, { ending }: Readonly<Life>): EngineHealth {
  const { options, supervisors, joined } = parts;
  const { system, admission } = supervisors;
  return {
    state: ending === "begun" ? "stopping" : "running",
    degraded: options.degraded,
    store: { kind: options.storeKind, available: joined.ownership.storeTrouble === null && blockedReason(parts) === null },
    executions: { active: system.size, running: admission.running, waiting: admission.waiting },
    pool: options.pool.load(),
    obstacle: ending === "none" ? obstacleOf(parts) : "This instance is stopping.",
    cluster: clusterOf(parts),
  };
}

function obstacleOf(parts: EngineParts): string | null {
  const { joined, creation } = parts;
  return joined.ownership.obstacle ?? joined.ownership.storeFull ?? blockedReason(parts) ?? creation.refusal ?? withoutThread(parts);
}

function blockedReason({ joined }: EngineParts): string | null {
  for (const { committer } of joined.ownership.ownedLanes()) if (committer.blockedReason !== null) return committer.blockedReason;
  return null;
}

function withoutThread({ options }: EngineParts): string | null {
  if (options.pool.load().threads > 0) return null;
  return "No thread can run nodes: the handlers cannot be loaded, or the threads end. The log says why.";
}

function clusterOf({ options, bootId, joined }: EngineParts): EngineHealth["cluster"] {
  if (options.cluster === null) return null;
  const ownedLanes = [...joined.ownership.ownedLanes()];
  return {
    bootId,
    lanes: ownedLanes.length,
    trusted: ownedLanes.filter((ownedLane) => ownedLane.trusted()).map(({ lane }) => lane),
    events: options.cluster.events?.health() ?? null,
    outboxBytes: joined.ownership.outboxBytes,
  };
}
