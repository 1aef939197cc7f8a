/** The memory that a pool shares with a host: its slots, and the host's heartbeat. */

/**
 * FREE → QUEUED (given to the host) → BEGUN → ENDED → FREE, or QUEUED → TAKEN (back) → FREE.
 * Both ways out of QUEUED are a compare-and-set, so exactly one side wins, also while the host's thread is blocked.
 */
export const SlotState = { FREE: 0, QUEUED: 1, BEGUN: 2, TAKEN: 3, ENDED: 4 } as const;

export type Slots = {
  readonly count: number;
  /** The SlotState of each slot. */
  readonly states: Int32Array;
  /** The begin of each slot's attempt, in milliseconds since 1970. Written before its state says BEGUN. */
  readonly beganAtMs: Float64Array;
  /** A counter that the host raises in each of its turns: a thread whose counter rests is blocked. */
  readonly beat: Int32Array;
  /** A counter that the host raises with each attempt that it begins; it wraps. */
  readonly begun: Int32Array;
};

const HEADER_BYTES = 64;

/** The memory that so many slots need. */
export function slotsBytes(count: number): number {
  return HEADER_BYTES + count * (Float64Array.BYTES_PER_ELEMENT + Int32Array.BYTES_PER_ELEMENT);
}

/** Slots over memory that both sides see; zeroed memory holds free ones. */
export function viewSlots(memory: ArrayBufferLike, count: number): Slots {
  const statesAt = HEADER_BYTES + count * Float64Array.BYTES_PER_ELEMENT;
  return {
    count: count,
    beat: new Int32Array(memory, 0, 1),
    begun: new Int32Array(memory, Int32Array.BYTES_PER_ELEMENT, 1),
    beganAtMs: new Float64Array(memory, HEADER_BYTES, count),
    states: new Int32Array(memory, statesAt, count),
  };
}
