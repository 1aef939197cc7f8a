/** The members: this instance shows itself to the others, and knows which of them are alive. */
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { Member, MemberView, SharedStore } from "../../store/shared-store.ts";
import { Contacts } from "../policy/contacts.ts";
import { KnownBoots } from "../policy/known-boots.ts";
import type { LeaseTimes } from "../policy/lease.ts";
import { createLimitWarnings } from "./limit-warnings.ts";
import type { Liveness, Peer } from "../owned-lane.ts";

export type Members = {
  /** Shows this instance as it is now and looks at all of them, and at whatever else `look` asks the store for. Rejects as that does. */
  beat<Seen>(own: Pick<Member, "leaving" | "outboxBytes">, look: () => Promise<Seen>): Promise<Seen>;
  /** The members at the last beat, this one included; [] before the first. */
  readonly all: readonly MemberView[];
  /** The number of times that this instance has shown itself, as the store counts. */
  readonly beats: number;
  /** Whether the last look may be trusted about members whose leases last for so long. */
  mayJudge(ttlMs: number): boolean;
  /** The time of the last answer by the monotonic clock; null before the first. */
  readonly answeredAtMs: number | null;
  /** Notes that the store is another one than before, or has older data: what it says of others may be untrue for a while. */
  distrust(): void;
  readonly liveness: Liveness;
};

export type MembersOptions = {
  readonly store: SharedStore;
  readonly bootId: string;
  readonly name: string;
  readonly threads: number;
  /** What the others are told of this instance beside that; asked at each beat. */
  readonly tells: () => Pick<Member, "handlers" | "limits">;
  readonly times: LeaseTimes;
  readonly clock: Clock;
  readonly log: Log;
};

export function createMembers(options: MembersOptions): Members {
  return new StoreMembers(options);
}

class StoreMembers implements Members {
  readonly liveness: Liveness;
  readonly #options: MembersOptions;
  readonly #contacts: Contacts;
  readonly #boots: KnownBoots;
  readonly #peers = new Peers();
  readonly #warnOfLimits: ReturnType<typeof createLimitWarnings>;
  readonly #deathListeners = new Set<(bootId: string) => void>();
  #all: readonly MemberView[] = [];
  #answeredAtMs: number | null = null;

  constructor(options: MembersOptions) {
    const { bootId, times, tells, log } = options;
    this.#options = options;
    this.#contacts = new Contacts(times);
    this.#boots = new KnownBoots(bootId);
    this.#warnOfLimits = createLimitWarnings(() => tells().limits ?? null, log);
    this.liveness = {
      isAlive: (boot) => this.#boots.isAlive(boot),
      others: () => this.#living().filter((view) => !view.leaving).length,
      peers: () => this.#peers.all,
      onPeers: (listener) => this.#peers.onChange(listener),
      onDeath: (listener) => {
        this.#deathListeners.add(listener);
        return () => void this.#deathListeners.delete(listener);
      },
    };
  }

  async beat<Seen>(own: Pick<Member, "leaving" | "outboxBytes">, look: () => Promise<Seen>): Promise<Seen> {
    const { store, bootId, name, threads, tells, times, clock } = this.#options;
    const asked = this.#boots.believed();
    const [members, seen] = await Promise.all([store.beat({ bootId, name, threads, ...own, ...tells() }, times.ttlMs), look()]);
    const nowMs = clock.monotonicMs();
    this.#all = members;
    this.#answeredAtMs = nowMs;
    this.#contacts.heard(
      nowMs,
      members.map(({ ttlMs }) => ttlMs),
    );
    const gone = this.#boots.saw({ members, asked, ttlMs: times.ttlMs, mayJudge: (ttlMs) => this.mayJudge(ttlMs) });
    for (const boot of gone) this.#died(boot);
    this.#warnOfLimits(members);
    this.#peers.saw(this.#living());
    return seen;
  }

  get all(): readonly MemberView[] {
    return this.#all;
  }

  get beats(): number {
    return this.#all.find((view) => view.bootId === this.#options.bootId)?.beats ?? 0;
  }

  get answeredAtMs(): number | null {
    return this.#answeredAtMs;
  }

  mayJudge(ttlMs: number): boolean {
    return this.#contacts.mayJudge(ttlMs);
  }

  distrust(): void {
    this.#contacts.distrust();
  }

  /** The others that are alive. */
  #living(): readonly MemberView[] {
    return this.#all.filter((view) => view.bootId !== this.#options.bootId && view.remainingMs > 0);
  }

  #died(boot: string): void {
    // One that has left in good order is not named any more.
    const silent = this.#all.find((view) => view.bootId === boot);
    if (silent !== undefined)
      this.#options.log.warn("An instance is silent: its executions go on at the other instances.", { silent: silent.name, boot });
    for (const listener of this.#deathListeners) listener(boot);
  }
}

/** What the living others tell of themselves. */
class Peers {
  readonly #listeners: (() => void)[] = [];
  #all: readonly Peer[] = [];
  #text = "[]";

  get all(): readonly Peer[] {
    return this.#all;
  }

  /** Called when the others, or what they tell, have changed. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  saw(living: readonly MemberView[]): void {
    this.#all = living.map(({ name, leaving, handlers }) => ({ name, leaving, handlers: handlers ?? null }));
    const text = JSON.stringify(this.#all);
    if (text === this.#text) return;
    this.#text = text;
    for (const listener of this.#listeners) listener();
  }
}
