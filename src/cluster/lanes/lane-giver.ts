/** The giver of lanes that others should have, one at a time. */
import type { Clock } from "../../env/clock.ts";
import type { LeasedLane } from "./leased-lane.ts";
import type { LeasedLanes } from "./leased-lanes.ts";

export type LaneGiver = {
  /** Says which lanes should be others', by the last look. Earlier ones do not count any more. */
  give(lanes: readonly number[]): void;
};

/** The time that a lane stays after it could not be given away: each try stops its work for a moment. */
const KEPT_MS = 60_000;

/** A giver. `given` is called after each lane. */
export function createLaneGiver({
  lanes,
  clock,
  given,
}: {
  readonly lanes: LeasedLanes;
  readonly clock: Clock;
  readonly given: () => void;
}): LaneGiver {
  const keptUntilMs = new Map<number, number>();
  let wanted: readonly number[] = [];
  let isGiving = false;

  /** The next lane: only a settled one, whose executions all go on, and in which every death is recorded. */
  function next(): LeasedLane | null {
    for (const lane of wanted) {
      const held = lanes.all.get(lane);
      if (held === undefined || !held.isOpen || !held.isTakenOver || held.died.size > 0) continue;
      if ((keptUntilMs.get(lane) ?? 0) <= clock.monotonicMs()) return held;
    }
    return null;
  }

  async function giveAll(): Promise<void> {
    isGiving = true;
    for (let held = next(); held !== null; held = next()) {
      const outcome = await lanes.handOver(held, "move");
      if (outcome === "kept") keptUntilMs.set(held.lane, clock.monotonicMs() + KEPT_MS);
      else given();
    }
    isGiving = false;
  }

  return {
    give(those) {
      wanted = those;
      if (!isGiving) void giveAll();
    },
  };
}
