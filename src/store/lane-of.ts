/** Which lane an execution belongs to where there are several. The same for ever: what is stored stands by it. */

/** `crc32(executionId) mod lanes`. */
export function laneOf(executionId: string, lanes: number): number {
  return Bun.hash.crc32(executionId) % lanes;
}
