/**
 * Has a burst's garbage collected once the burst is over. By itself the collector comes some ten seconds later, and until then
 * takes the size of a heap full of garbage for what is needed: the next burst goes on top.
 */
import { heapSize } from "bun:jsc";

/** Less than this is left to the collector. */
const WORTH_BYTES = 16 * 1024 * 1024;
/** At rest: for so long the process, threads included, has taken less than this share of a core. */
const REST_MS = 200;
const REST_SHARE = 0.1;
/** The program stands still for about a millisecond for each MB that is needed; a larger heap is left to the collector. */
const HEAP_MAX_BYTES = 160 * 1024 * 1024;

let left = 0;
let waiting = false;

/** So many bytes, roughly, were needed for a while and are not any more. */
export function leftGarbage(bytes: number): void {
  left += bytes;
  if (!waiting && left >= WORTH_BYTES) collectAtRest();
}

function collectAtRest(): void {
  waiting = true;
  const before = process.cpuUsage();
  const timer = setTimeout(() => {
    const { user, system } = process.cpuUsage(before);
    if (user + system > REST_MS * 1_000 * REST_SHARE) return collectAtRest();
    waiting = false;
    left = 0;
    if (heapSize() <= HEAP_MAX_BYTES) Bun.gc(true);
  }, REST_MS);
  timer.unref();
}
