/** The boots that live and those that have died, as far as looks at the members tell. Pure. */
import type { MemberView } from "../../store/shared-store.ts";

/** A look at the members. */
export type BootsSeen = {
  readonly members: readonly MemberView[];
  /** The boots that were believed alive when the look was sent: later ones may not be in it yet. */
  readonly asked: readonly string[];
  /** The TTL for a boot that is no member any more. */
  readonly ttlMs: number;
  /** Whether the look may be trusted about members whose leases last for so long. */
  readonly mayJudge: (ttlMs: number) => boolean;
};

/** The number of dead boots that are remembered. A forgotten one is found dead again when somebody asks. */
const DEAD_MAX = 10_000;

export class KnownBoots {
  readonly #own: string;
  #alive: ReadonlySet<string> = new Set();
  /** Boots that somebody here counts as alive, because they were seen so or were not heard of before: their death is reported. */
  readonly #believed = new Set<string>();
  /** Dead boots, the oldest first. */
  readonly #dead = new Set<string>();

  constructor(own: string) {
    this.#own = own;
  }

  believed(): readonly string[] {
    return [...this.#believed];
  }

  /** Returns the believed boots that have died. */
  saw({ members, asked, ttlMs, mayJudge }: BootsSeen): readonly string[] {
    this.#alive = new Set(members.filter(({ remainingMs }) => remainingMs > 0).map((view) => view.bootId));
    for (const boot of this.#alive) if (boot !== this.#own) this.#believed.add(boot);
    const ttlOf = new Map(members.map((view) => [view.bootId, view.ttlMs]));
    const isDead = (boot: string) => !this.#alive.has(boot) && mayJudge(ttlOf.get(boot) ?? ttlMs);
    const gone = asked.filter((boot) => isDead(boot) && this.#believed.has(boot));
    for (const boot of gone) this.#believed.delete(boot);
    for (const boot of [...ttlOf.keys(), ...gone]) if (isDead(boot)) this.#dead.add(boot);
    for (const boot of this.#dead) if (this.#alive.has(boot) || this.#dead.size > DEAD_MAX) this.#dead.delete(boot);
    return gone;
  }

  /** Whether a boot is alive; also true if that cannot be told now. */
  isAlive(boot: string): boolean {
    if (boot === this.#own || this.#alive.has(boot)) return true;
    if (this.#dead.has(boot)) return false;
    // It may have come since the last look. The next look that may judge tells.
    this.#believed.add(boot);
    return true;
  }
}
