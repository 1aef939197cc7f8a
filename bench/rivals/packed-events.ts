/** Events as the log has them: an execution's chunk is a text of some. */

/** About what a noop node writes: one event. */
const EVENT = '["completed","n1234",1,1763700000000,1763700000450,0,null]';

/** As many as the engine puts in one chunk. */
export const CHUNK_EVENTS = 4_000;

/** A chunk of so many. */
export function packedEvents(events: number): string {
  return `[${`${EVENT},\n`.repeat(events - 1)}${EVENT}]`;
}
