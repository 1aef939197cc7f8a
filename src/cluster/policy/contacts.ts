/**
 * Contacts with the store: whether a look at the others may be trusted, by the duration of leases. A gap that is harmless for one duration
 * is not for another. Pure.
 */
import { answered, type Contact, type LeaseTimes, mayJudge, timesOf } from "./lease.ts";

export class Contacts {
  readonly #own: LeaseTimes;
  /** Since when the store has answered without a gap; null before the first answer. */
  readonly #byTtlMs: Map<number, Contact | null>;

  constructor(own: LeaseTimes) {
    this.#own = own;
    this.#byTtlMs = new Map([[own.ttlMs, null]]);
  }

  /** Notes that the store has answered a look, in which leases last for so long. */
  heard(nowMs: number, ttlsMs: Iterable<number>): void {
    for (const ttlMs of ttlsMs) if (!this.#byTtlMs.has(ttlMs)) this.#byTtlMs.set(ttlMs, null);
    for (const [ttlMs, contact] of this.#byTtlMs) {
      this.#byTtlMs.set(ttlMs, answered(contact, nowMs, ttlMs === this.#own.ttlMs ? this.#own : timesOf(ttlMs)));
    }
  }

  /** Whether members whose leases last for so long may be judged. */
  mayJudge(ttlMs: number): boolean {
    const contact = this.#byTtlMs.get(ttlMs) ?? null;
    // From the next answer on it is known: a lane's holder may be no member any more.
    if (contact === null) this.#byTtlMs.set(ttlMs, null);
    return mayJudge(contact, timesOf(ttlMs));
  }

  /** Distrusts what the store answers for a while. */
  distrust(): void {
    for (const ttlMs of this.#byTtlMs.keys()) this.#byTtlMs.set(ttlMs, null);
  }
}
