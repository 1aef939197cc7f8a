/** The work on lanes, as a test sees it: what is not given does nothing, at once. */
import type { LaneWork } from "../../../src/cluster/owned-lane.ts";

export function givenWork(over: Partial<LaneWork> = {}): LaneWork {
  return {
    adopt: () => Promise.resolve(),
    sweep: () => undefined,
    look: () => undefined,
    handOver: () => Promise.resolve(true),
    drop: () => undefined,
    ...over,
  };
}
