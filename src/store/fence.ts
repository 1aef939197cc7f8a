/**
 * The fence: who may write to a lane, and whether a commit is the next one, the last one sent again, or stale. It is pure, and the same in
 * every store.
 */
import type { CommitId, Lease } from "./store.ts";

/** The record that a store keeps of a lane. */
export type LaneRecord = {
  readonly bootId: string;
  readonly epoch: number;
  /** The number of the last commit that was answered; 0 before the first. */
  readonly number: number;
  /** Whether the last commit was marked as a clean end. */
  readonly clean: boolean;
  /** The death that the lease of this epoch told of. */
  readonly diedBootId: string | null;
};

/** The judgement of a commit. `next`: apply it; `again`: answer as before; `fenced`: write nothing. */
export function judge(lane: LaneRecord | null, id: CommitId): "next" | "again" | "fenced" {
  if (lane === null || lane.bootId !== id.bootId || lane.epoch !== id.epoch) return "fenced";
  if (id.number === lane.number + 1) return "next";
  return id.number === lane.number && id.number > 0 ? "again" : "fenced";
}

/** The lane's record after a boot has taken it. `least`: the lowest epoch that it may get. */
export function take(lane: LaneRecord | null, bootId: string, least = 0): LaneRecord {
  return { bootId, epoch: Math.max((lane?.epoch ?? 0) + 1, least), number: 0, clean: false, diedBootId: diedBefore(lane, bootId) };
}

export function leaseOf(lane: number, record: LaneRecord): Lease {
  return { lane, bootId: record.bootId, epoch: record.epoch, diedBootId: record.diedBootId };
}

/** The death to tell of. A boot that asks again, because it never heard the answer, must be told of the same death again. */
function diedBefore(lane: LaneRecord | null, bootId: string): string | null {
  if (lane === null || lane.clean) return null;
  if (lane.bootId !== bootId) return lane.bootId;
  return lane.number === 0 ? lane.diedBootId : null;
}
