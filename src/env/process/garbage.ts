/**
 * Garbage collection after a burst. By itself the collector comes some ten seconds later, and until then takes the size of a
 * heap full of garbage for what is needed: the next burst adds to it.
 */
import { heapSize } from "bun:jsc";

/** The garbage below which the collector is left alone. */
const WORTH_BYTES = 16 * 1024 * 1024;
/** Rest: for so long the process, threads included, has used less than this share of a core. */
const REST_MS = 200;
const REST_SHARE = 0.1;
/**
 * The largest heap that is collected at once. That stops the program for about a millisecond for each MB that is needed; a
 * larger heap is collected concurrently.
 */
const AT_ONCE_BYTES = 64 * 1024 * 1024;
/** The most concurrent collections in a row. What one of them leaves is often garbage by the next; further ones find nothing new. */
const STEPS_MOST = 4;
/** The part of the heap that counts as progress. */
const PROGRESS = 0.1;

/** The largest heap that is tried at once. If that takes longer than it should, it is not tried again for a while. */
const TRIED_BYTES = 256 * 1024 * 1024;
const QUICK_MS = 60;
const SLOW_FOR_MS = 10_000;
/** The time after which memory that was collected concurrently is given back. */
const SWEPT_MS = 150;

let slowUntilMs = 0;
let left = 0;
let waiting = false;

/** Collects at once. For a thread that has just made a lot of garbage and that nobody waits for. */
export function collectNow(): void {
  Bun.gc(true);
}

/** Says that roughly so many bytes were needed for a while and are not any more. */
export function collectWhenIdle(bytes: number): void {
  left += bytes;
  if (waiting || left < WORTH_BYTES) return;
  waiting = true;
  atRest(() => collect(0, Number.POSITIVE_INFINITY));
}

/**
 * Collects what a large piece of work has left before the next one begins, or nearly so. It collects at once if that does
 * not take long. This depends on the number of live objects, which the last collection tells, not on the length of their
 * texts.
 */
export async function collectedSoon(): Promise<void> {
  // What has just ended becomes unreachable in the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  if (heapSize() <= TRIED_BYTES && performance.now() > slowUntilMs) {
    const before = process.threadCpuUsage();
    Bun.gc(true);
    // The thread's own time: on a busy machine others have the core for most of it.
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
    // The collector's own threads do this; the program stops only for moments.
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
