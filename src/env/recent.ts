/** Values that were noted a short while ago, the oldest first. */
import type { Clock } from "./clock.ts";

export type RecentLimits = {
  readonly keptMs: number;
  /** The largest cost of all together. The oldest go first. */
  readonly costMax?: number;
};

export class Recent<Value> {
  readonly #clock: Clock;
  readonly #keptMs: number;
  readonly #costMax: number;
  /** The values, the oldest first. */
  readonly #kept = new Map<unknown, { readonly value: Value; readonly cost: number; readonly atMs: number }>();
  #cost = 0;

  constructor(clock: Clock, { keptMs, costMax = Number.POSITIVE_INFINITY }: RecentLimits) {
    this.#clock = clock;
    this.#keptMs = keptMs;
    this.#costMax = costMax;
  }

  /** Notes a value. One that is noted again under its key counts as noted now. */
  note(key: unknown, value: Value, cost = 0): void {
    this.#drop(key);
    this.#kept.set(key, { value, cost, atMs: this.#clock.monotonicMs() });
    this.#cost += cost;
    this.#forgetOld();
  }

  values(): readonly Value[] {
    this.#forgetOld();
    return Array.from(this.#kept.values(), ({ value }) => value);
  }

  /** Takes out the values that `isMeant` selects. */
  take(isMeant: (value: Value) => boolean): readonly Value[] {
    this.#forgetOld();
    const taken = [...this.#kept].filter(([, { value }]) => isMeant(value));
    for (const [key] of taken) this.#drop(key);
    return taken.map(([, { value }]) => value);
  }

  #forgetOld(): void {
    const oldestMs = this.#clock.monotonicMs() - this.#keptMs;
    for (const [key, { atMs }] of this.#kept) {
      if (atMs >= oldestMs && this.#cost <= this.#costMax) return;
      this.#drop(key);
    }
  }

  #drop(key: unknown): void {
    this.#cost -= this.#kept.get(key)?.cost ?? 0;
    this.#kept.delete(key);
  }
}
