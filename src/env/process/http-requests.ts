/**
 * The number of HTTP requests that Bun allows a process at a time. Further requests wait inside Bun, and that wait counts
 * against the timeouts of nodes: 4,000 calls of a second would take 16 s, to a service that is well.
 */

/** The variable with the limit. Bun reads it once, when the process starts; setting it later has no effect. */
export const HTTP_REQUESTS = "BUN_CONFIG_MAX_HTTP_REQUESTS";

const USUAL = 256;
/** The highest limit that Bun accepts. */
const MOST = 65_535;

/** The attempts that may run at the same time. Each of them may call. */
export type Slots = { readonly threads: number; readonly slotsPerThread: number };

/** The value of the variable with which an instance should be started. */
export function httpRequestsFor({ threads, slotsPerThread }: Slots): string {
  return String(Math.min(MOST, Math.max(USUAL, threads * slotsPerThread)));
}

/** Null if each attempt may call at once, as far as Bun can; else a sentence for the user. `given`: the value of the variable. */
export function fewHttpRequests(given: string | undefined, slots: Slots): string | null {
  const wanted = Number(httpRequestsFor(slots));
  const number = Number(given);
  // Bun ignores a value that it cannot read.
  const allowed = given !== undefined && Number.isInteger(number) && number >= 1 && number <= MOST ? number : USUAL;
  if (allowed >= wanted) return null;
  return (
    `This process may have ${allowed} HTTP requests under way, and its nodes may make ${wanted}: those beyond wait, and the wait counts against ` +
    `their timeouts. Set ${HTTP_REQUESTS}=${wanted} in the environment that it is started with.`
  );
}
