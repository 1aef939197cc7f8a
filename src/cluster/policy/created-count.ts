/**
 * Executions that were created triggered in a lane: how many its owner has heard of, beside how many the store has
 * counted. More in the store than were heard of means that a ring was lost.
 */

export type CreatedCount = {
  /** How many were heard of by now. */
  readonly heard: number;
  /** So many more. */
  hear(count: number): void;
  /**
   * What a renewal told; `heard`: as it was when that was sent. True where the active executions should be looked through,
   * which covers all that were told. Rings are given the time until the next renewal.
   */
  told(created: number, heard: number): boolean;
};

/** `created`: as the store counted them before the lane's active executions were listed for the first time. */
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
      // Whoever was heard of was counted before: the rest was heard of twice.
      if (heardBefore > counted) heard -= heardBefore - counted;
      const isLost = missing !== null && heard < missing;
      if (isLost) heard = counted;
      missing = heard < counted ? counted : null;
      return isLost;
    },
  };
}
