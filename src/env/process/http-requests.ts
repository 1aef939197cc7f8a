/**
 * How many HTTP requests Bun lets a process have under way. What is beyond waits in a line inside of Bun, and the wait counts
 * against the timeouts of nodes: 4,000 calls of a second would take 16 s, to a service that is well.
 */

/** Bun reads it once, when the process starts; what a program sets later has no effect. */
export const HTTP_REQUESTS = "BUN_CONFIG_MAX_HTTP_REQUESTS";

const USUAL = 256;
/** Bun takes no more. */
const MOST = 65_535;

/** The attempts that may run at once: each may call. */
export type Slots = { readonly threads: number; readonly slotsPerThread: number };

/** The value that an instance is to be started with. */
export function httpRequestsFor({ threads, slotsPerThread }: Slots): string {
  return String(Math.min(MOST, Math.max(USUAL, threads * slotsPerThread)));
}

/** Null where each attempt may call at once, as far as Bun can; else a sentence for the one who started the process. `given`: of the variable. */
export function fewHttpRequests(given: string | undefined, slots: Slots): string | null {
  const wanted = Number(httpRequestsFor(slots));
  const number = Number(given);
  // What Bun cannot read it does not follow.
  const allowed = given !== undefined && Number.isInteger(number) && number >= 1 && number <= MOST ? number : USUAL;
  if (allowed >= wanted) return null;
  return (
    `This process may have ${allowed} HTTP requests under way, and its nodes may make ${wanted}: those beyond wait, and the wait counts against ` +
    `their timeouts. Set ${HTTP_REQUESTS}=${wanted} in the environment that it is started with.`
  );
}
