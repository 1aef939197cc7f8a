/** Whether a look at the others may be taken for the truth, by how long leases last: what is a harmless gap to one is none to another. Pure. */
import { answered, type Contact, type LeaseTimes, mayJudge, timesOf } from "./lease.ts";

export class Contacts {
  readonly #own: LeaseTimes;
  /** Since when the store has answered without a gap; null before the first answer. */
  readonly #byTtlMs: Map<number, Contact | null>;

  constructor(own: LeaseTimes) {
    this.#own = own;
    this.#byTtlMs = new Map([[own.ttlMs, null]]);
  }

  /** The store has answered a look, in which leases last for so long. */
  heard(nowMs: number, ttlsMs: Iterable<number>): void {
    for (const ttlMs of ttlsMs) if (!this.#byTtlMs.has(ttlMs)) this.#byTtlMs.set(ttlMs, null);
    for (const [ttlMs, contact] of this.#byTtlMs) {
      this.#byTtlMs.set(ttlMs, answered(contact, nowMs, ttlMs === this.#own.ttlMs ? this.#own : timesOf(ttlMs)));
    }
  }

  /** Of those whose leases last for so long. */
  mayJudge(ttlMs: number): boolean {
    const contact = this.#byTtlMs.get(ttlMs) ?? null;
    // From the next answer on it is known: a lane's holder may be no member any more.
    if (contact === null) this.#byTtlMs.set(ttlMs, null);
    return mayJudge(contact, timesOf(ttlMs));
  }

  /** What the store answers is no truth for a while. */
  distrust(): void {
    for (const ttlMs of this.#byTtlMs.keys()) this.#byTtlMs.set(ttlMs, null);
  }
}
