/** The lane of an execution if there are several. It never changes, because what is stored depends on it. */

/** `crc32(executionId) mod lanes`. */
export function laneOf(executionId: string, lanes: number): number {
  return Bun.hash.crc32(executionId) % lanes;
}
