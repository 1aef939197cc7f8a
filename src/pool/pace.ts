/** How fast attempts begin, and since when more wait than can: what "soon" means, measured. */

/** Older samples say nothing of now. */
const WINDOW_MS = 500;
/** After a longer pause (nothing was in hand, or the main thread stood) it is measured anew. */
const PAUSE_MS = 150;
/** Two looks that are closer are one. */
const SAMPLE_MS = 10;

type Sample = { readonly atMs: number; readonly begun: number };

export class Pace {
  #samples: Sample[] = [];
  /** The first of the samples since which something has always waited. */
  #waitingSinceMs: number | null = null;

  /** One look. `begun`: how many have ever begun, by a counter of 32 bits. */
  note(nowMs: number, waiting: number, begun: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && nowMs - last.atMs > PAUSE_MS) this.#restart();
    if (waiting === 0) this.#waitingSinceMs = null;
    else this.#waitingSinceMs ??= nowMs;
    if (last !== undefined && nowMs - last.atMs < SAMPLE_MS) return;
    this.#samples = this.#samples.filter(({ atMs }) => nowMs - atMs <= WINDOW_MS);
    this.#samples.push({ atMs: nowMs, begun });
  }

  /** For how long something has waited. */
  waitedMs(): number {
    const last = this.#samples.at(-1);
    return last === undefined || this.#waitingSinceMs === null ? 0 : last.atMs - this.#waitingSinceMs;
  }

  /** Begins per millisecond, lately; 0 where that is not known. */
  perMs(): number {
    return this.#perMsFrom(this.#samples[0]);
  }

  /** Of that time, only while something has waited: how fast it goes when there is enough to do. */
  perMsWaiting(): number {
    const sinceMs = this.#waitingSinceMs ?? Number.POSITIVE_INFINITY;
    return this.#perMsFrom(this.#samples.find(({ atMs }) => atMs >= sinceMs));
  }

  #perMsFrom(first: Sample | undefined): number {
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || first === last) return 0;
    return ((last.begun - first.begun) | 0) / (last.atMs - first.atMs);
  }

  #restart(): void {
    this.#samples = [];
    this.#waitingSinceMs = null;
  }
}
