/** The pace: how fast attempts begin and end, and since when more wait than can begin. This is how "soon" is measured. */

/** The age after which samples do not count. */
const WINDOW_MS = 500;
/** The pause (nothing was in hand, or the main thread was blocked) after which the pace is measured anew. */
const PAUSE_MS = 150;
/** The time within which two looks are one. */
const SAMPLE_MS = 10;

/** Counters of 32 bits: how many have ever begun, and ever ended. */
export type Counts = { readonly begun: number; readonly ended: number };
type Sample = Counts & { readonly atMs: number };

export class Pace {
  #samples: Sample[] = [];
  /** The first of the samples since which something has always waited. */
  #waitingSinceMs: number | null = null;

  /** Notes one look. */
  note(nowMs: number, waiting: number, { begun, ended }: Counts): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && nowMs - last.atMs > PAUSE_MS) this.#restart();
    if (waiting === 0) this.#waitingSinceMs = null;
    else this.#waitingSinceMs ??= nowMs;
    if (last !== undefined && nowMs - last.atMs < SAMPLE_MS) return;
    this.#samples = this.#samples.filter(({ atMs }) => nowMs - atMs <= WINDOW_MS);
    this.#samples.push({ atMs: nowMs, begun, ended });
  }

  /** The time for which something has waited. */
  waitedMs(): number {
    const last = this.#samples.at(-1);
    return last === undefined || this.#waitingSinceMs === null ? 0 : last.atMs - this.#waitingSinceMs;
  }

  /** Begins per millisecond, lately; 0 if that is not known. */
  perMs(): number {
    return this.#perMsFrom(this.#samples[0], "begun");
  }

  /** Begins per millisecond while something has waited: the pace when there is enough to do. */
  perMsWaiting(): number {
    const sinceMs = this.#waitingSinceMs ?? Number.POSITIVE_INFINITY;
    return this.#perMsFrom(
      this.#samples.find(({ atMs }) => atMs >= sinceMs),
      "begun",
    );
  }

  /** Ends per millisecond, lately. */
  endsPerMs(): number {
    return this.#perMsFrom(this.#samples[0], "ended");
  }

  #perMsFrom(first: Sample | undefined, what: keyof Counts): number {
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || first === last) return 0;
    return ((last[what] - first[what]) | 0) / (last.atMs - first.atMs);
  }

  #restart(): void {
    this.#samples = [];
    this.#waitingSinceMs = null;
  }
}
