/** The book of a lane's offers: where each stands, and which must go. */
import type { AttemptKey } from "../../pool/pool.ts";

/**
 * An offer. `new`: the store has not heard of it. `sent`: it may have. `standing`: it has, and at the last question nobody had claimed it.
 * `end`: why it must go. Settled: its claimer is done. Aborted: nobody wants it, claimed or not. Unwanted: the same, unless it is claimed.
 * Recalled: it is wanted here.
 */
export type OfferRecord = {
  readonly id: string;
  key: AttemptKey;
  /** The body: empty once the offer stands, null until it is made. */
  body: string | null;
  /** Makes the body of a large offer, which takes a while; null if it is made, or not needed any more. */
  make: (() => Promise<string>) | null;
  /** Its bytes; 0 once it is claimed. */
  bytes: number;
  readonly handler: string;
  /** Whether it cannot run here, because its handler is not here. */
  readonly away: boolean;
  stage: "new" | "sent" | "standing" | "claimed";
  end: "settled" | "aborted" | "unwanted" | "recalled" | null;
};

export class OfferBook {
  readonly #byId = new Map<string, OfferRecord>();
  readonly #byName = new Map<string, OfferRecord>();
  #fresh: OfferRecord[] = [];
  readonly #standing = new Set<OfferRecord>();
  readonly #ending = new Set<OfferRecord>();
  #unclaimed = 0;
  #bytes = 0;

  get size(): number {
    return this.#byId.size;
  }

  /** The number of offers that are not known to be claimed. */
  get unclaimed(): number {
    return this.#unclaimed;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes the oldest of the new ones, as many as fit and at least one: they are sent next. */
  nextNew(offersMax: number, bytesMax: number): OfferRecord[] {
    const next: OfferRecord[] = [];
    let bytes = 0;
    for (const offered of this.#fresh) {
      if (next.length === offersMax || (next.length > 0 && bytes + offered.bytes > bytesMax)) break;
      bytes += offered.bytes;
      offered.stage = "sent";
      next.push(offered);
    }
    this.#fresh = this.#fresh.slice(next.length);
    return next;
  }

  get standing(): ReadonlySet<OfferRecord> {
    return this.#standing;
  }

  /** Offers that must go, whatever their stage. */
  get ending(): ReadonlySet<OfferRecord> {
    return this.#ending;
  }

  all(): readonly OfferRecord[] {
    return [...this.#byId.values()];
  }

  get(id: string): OfferRecord | undefined {
    return this.#byId.get(id);
  }

  find(key: AttemptKey): OfferRecord | undefined {
    return this.#byName.get(nameOf(key));
  }

  enter(offered: OfferRecord): void {
    this.#byId.set(offered.id, offered);
    this.#byName.set(nameOf(offered.key), offered);
    if (offered.stage === "claimed") return;
    this.#fresh.push(offered);
    this.#unclaimed += 1;
    this.#bytes += offered.bytes;
  }

  /** Notes that it is of another attempt than was thought. */
  rename(id: string, key: AttemptKey): void {
    const offered = this.get(id);
    if (offered === undefined) return;
    if (this.find(offered.key) === offered) this.#byName.delete(nameOf(offered.key));
    offered.key = key;
    this.#byName.set(nameOf(key), offered);
  }

  /** Notes that the store has it, unclaimed as far as is known. */
  stands(offered: OfferRecord): void {
    offered.stage = "standing";
    offered.body = "";
    offered.make = null;
    this.#standing.add(offered);
  }

  claimed(offered: OfferRecord): void {
    this.#countOff(offered);
    offered.stage = "claimed";
    offered.bytes = 0;
    this.#standing.delete(offered);
  }

  end(offered: OfferRecord, why: OfferRecord["end"]): void {
    offered.end = why;
    if (why === null) this.#ending.delete(offered);
    else this.#ending.add(offered);
  }

  /** Ends an offer that nobody wants any more; a claimed one only if it is `aborted`. Returns false if there is none. */
  unwanted(key: AttemptKey, aborted: boolean): boolean {
    const offered = this.find(key);
    if (offered === undefined || offered.end === "settled" || offered.end === "aborted") return offered !== undefined;
    if (aborted) this.end(offered, "aborted");
    else if (offered.stage !== "claimed") this.end(offered, "unwanted");
    return true;
  }

  leave(offered: OfferRecord): void {
    if (offered.stage === "new") this.#fresh = this.#fresh.filter((other) => other !== offered);
    this.#countOff(offered);
    this.#byId.delete(offered.id);
    if (this.find(offered.key) === offered) this.#byName.delete(nameOf(offered.key));
    this.#standing.delete(offered);
    this.#ending.delete(offered);
  }

  #countOff(offered: OfferRecord): void {
    if (offered.stage === "claimed") return;
    this.#unclaimed -= 1;
    this.#bytes -= offered.bytes;
  }
}

function nameOf({ execution, node, attempt }: AttemptKey): string {
  return `${execution}/${node}/${attempt}`;
}
