/** The book of a lane's offers: where each stands, and which are to go. */
import type { AttemptKey } from "../../pool/pool.ts";

/**
 * `new`: the store has not heard of it. `sent`: it may have. `standing`: it has, and when it was last asked nobody had
 * claimed it. `end`: why it is to go. Settled: whoever claimed it is done. Aborted: nobody wants it, claimed or not.
 * Unwanted: the same, unless it is claimed. Recalled: it is wanted here.
 */
export type Offered = {
  readonly id: string;
  readonly key: AttemptKey;
  /** Empty once it stands; null until it is made. */
  body: string | null;
  /** Makes the body of a large one, which takes a while; null where it is made, or not needed any more. */
  make: (() => Promise<string>) | null;
  /** 0 once it is claimed. */
  bytes: number;
  readonly handler: string;
  /** It cannot run here, since its handler is not here. */
  readonly away: boolean;
  stage: "new" | "sent" | "standing" | "claimed";
  end: "settled" | "aborted" | "unwanted" | "recalled" | null;
};

export class OfferedBook {
  readonly #byId = new Map<string, Offered>();
  readonly #byName = new Map<string, Offered>();
  #fresh: Offered[] = [];
  readonly #standing = new Set<Offered>();
  readonly #ending = new Set<Offered>();
  #unclaimed = 0;
  #bytes = 0;

  get size(): number {
    return this.#byId.size;
  }

  /** How many are not known to be claimed. */
  get unclaimed(): number {
    return this.#unclaimed;
  }

  /** Of those. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes the oldest of the new ones, as many as fit and at least one: they are sent next. */
  nextNew(offersMax: number, bytesMax: number): Offered[] {
    const next: Offered[] = [];
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

  get standing(): ReadonlySet<Offered> {
    return this.#standing;
  }

  /** Those that are to go, whatever their stage. */
  get ending(): ReadonlySet<Offered> {
    return this.#ending;
  }

  all(): readonly Offered[] {
    return [...this.#byId.values()];
  }

  get(id: string): Offered | undefined {
    return this.#byId.get(id);
  }

  find(key: AttemptKey): Offered | undefined {
    return this.#byName.get(nameOf(key));
  }

  enter(offered: Offered): void {
    this.#byId.set(offered.id, offered);
    this.#byName.set(nameOf(offered.key), offered);
    if (offered.stage === "claimed") return;
    this.#fresh.push(offered);
    this.#unclaimed += 1;
    this.#bytes += offered.bytes;
  }

  /** The store has it, unclaimed as far as is known. */
  stands(offered: Offered): void {
    offered.stage = "standing";
    offered.body = "";
    offered.make = null;
    this.#standing.add(offered);
  }

  claimed(offered: Offered): void {
    this.#countOff(offered);
    offered.stage = "claimed";
    offered.bytes = 0;
    this.#standing.delete(offered);
  }

  end(offered: Offered, why: Offered["end"]): void {
    offered.end = why;
    if (why === null) this.#ending.delete(offered);
    else this.#ending.add(offered);
  }

  leave(offered: Offered): void {
    if (offered.stage === "new") this.#fresh = this.#fresh.filter((other) => other !== offered);
    this.#countOff(offered);
    this.#byId.delete(offered.id);
    if (this.find(offered.key) === offered) this.#byName.delete(nameOf(offered.key));
    this.#standing.delete(offered);
    this.#ending.delete(offered);
  }

  #countOff(offered: Offered): void {
    if (offered.stage === "claimed") return;
    this.#unclaimed -= 1;
    this.#bytes -= offered.bytes;
  }
}

function nameOf({ execution, node, attempt }: AttemptKey): string {
  return `${execution}/${node}/${attempt}`;
}
