/**
 * The count of executions that were created and triggered in a lane: how many its owner has heard of, beside how many the store has
 * counted. More in the store than heard of means that a ring was lost.
 */

export type CreatedCount = {
  /** The number heard of by now. */
  readonly heard: number;
  /** Adds so many more. */
  hear(count: number): void;
  /**
   * Notes what a renewal told. `heard`: its value when the renewal was sent. Returns true if the active executions should be looked
   * through, which covers everything told. Rings are given the time until the next renewal.
   */
  told(created: number, heard: number): boolean;
};

/** A count. `created`: as the store counted before the lane's active executions were listed for the first time. */
export function createCreatedCount(created: number): CreatedCount {
  let heard = created;
  let missing: number | null = null;
  return {
    get heard() {
      return heard;
    },
    hear(count) {
      heard += count;
    },
    told(counted, heardBefore) {
      // What was heard of before was counted before. The rest was heard of twice.
      if (heardBefore > counted) heard -= heardBefore - counted;
      const isLost = missing !== null && heard < missing;
      if (isLost) heard = counted;
      missing = heard < counted ? counted : null;
      return isLost;
    },
  };
}
