/** Who may write to a lane, and whether a commit is the next, the last one sent again, or stale. Pure; the same in every store. */
import type { CommitId, Lease } from "./store.ts";

/** What a store keeps of a lane. */
export type LaneRecord = {
  readonly bootId: string;
  readonly epoch: number;
  /** Of the last commit that was answered; 0 before the first. */
  readonly number: number;
  /** The last commit was marked as a clean end. */
  readonly clean: boolean;
  /** What the lease of this epoch said. */
  readonly diedBootId: string | null;
};

/** `next`: apply it; `again`: answer as before; `fenced`: write nothing. */
export function judge(lane: LaneRecord | null, id: CommitId): "next" | "again" | "fenced" {
  if (lane === null || lane.bootId !== id.bootId || lane.epoch !== id.epoch) return "fenced";
  if (id.number === lane.number + 1) return "next";
  return id.number === lane.number && id.number > 0 ? "again" : "fenced";
}

/** The lane's record after a boot has taken it. `least`: what its epoch is at the least. */
export function take(lane: LaneRecord | null, bootId: string, least = 0): LaneRecord {
  return { bootId, epoch: Math.max((lane?.epoch ?? 0) + 1, least), number: 0, clean: false, diedBootId: diedBefore(lane, bootId) };
}

export function leaseOf(lane: number, record: LaneRecord): Lease {
  return { lane, bootId: record.bootId, epoch: record.epoch, diedBootId: record.diedBootId };
}

/** A boot that asks again because it never heard the answer must be told of the same death again. */
function diedBefore(lane: LaneRecord | null, bootId: string): string | null {
  if (lane === null || lane.clean) return null;
  if (lane.bootId !== bootId) return lane.bootId;
  return lane.number === 0 ? lane.diedBootId : null;
}
