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
/** Collected in one go the program stands still for about a millisecond for each MB that is needed: a larger heap is collected beside it. */
const AT_ONCE_BYTES = 64 * 1024 * 1024;
/** What one collection beside the program leaves is often half dead by the next; more than so many find nothing new. */
const STEPS_MOST = 4;
/** Less than this part of the heap is no progress. */
const PROGRESS = 0.1;

/** Tried in one go up to so much; where that takes longer than it should, not again for a while. */
const TRIED_BYTES = 256 * 1024 * 1024;
const QUICK_MS = 60;
const SLOW_FOR_MS = 10_000;
/** What is collected beside the program is given back about so much later. */
const SWEPT_MS = 150;

let slowUntilMs = 0;
let left = 0;
let waiting = false;

/** Collects at once. For a thread that has just made a lot of garbage and that nobody waits for. */
export function collectNow(): void {
  Bun.gc(true);
}

/** So many bytes, roughly, were needed for a while and are not any more. */
export function collectWhenIdle(bytes: number): void {
  left += bytes;
  if (waiting || left < WORTH_BYTES) return;
  waiting = true;
  atRest(() => collect(0, Number.POSITIVE_INFINITY));
}

/**
 * Has what one large piece of work has left collected before the next begins, or nearly so. At once where that does not take long: what
 * counts is how many objects live, which the last time tells, and not how long their texts are.
 */
export async function collectedSoon(): Promise<void> {
  // What has just come to its end is out of reach in the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  if (heapSize() <= TRIED_BYTES && performance.now() > slowUntilMs) {
    const before = process.threadCpuUsage();
    Bun.gc(true);
    // By its own time: on a busy machine others have the core for most of it.
    const { user, system } = process.threadCpuUsage(before);
    if (user + system > QUICK_MS * 1_000) slowUntilMs = performance.now() + SLOW_FOR_MS;
    return;
  }
  Bun.gc(false);
  await new Promise((resolve) => setTimeout(resolve, SWEPT_MS));
}

function collect(steps: number, before: number): void {
  left = 0;
  const bytes = heapSize();
  const isDone = steps === STEPS_MOST || bytes > before * (1 - PROGRESS);
  if (bytes > AT_ONCE_BYTES && !isDone) {
    // By the collector's own threads: the program stops for moments only.
    Bun.gc(false);
    return atRest(() => collect(steps + 1, bytes));
  }
  waiting = false;
  if (bytes <= AT_ONCE_BYTES) Bun.gc(true);
}

function atRest(act: () => void): void {
  const before = process.cpuUsage();
  const timer = setTimeout(() => {
    const { user, system } = process.cpuUsage(before);
    if (user + system > REST_MS * 1_000 * REST_SHARE) atRest(act);
    else act();
  }, REST_MS);
  timer.unref();
}
