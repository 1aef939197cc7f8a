/** Shows this instance to the others, and knows who of them is alive. */
import type { Clock } from "../../env/clock.ts";
import type { Log } from "../../env/log/log.ts";
import type { Member, MemberView, SharedStore } from "../../store/shared-store.ts";
import { answered, type Contact, type LeaseTimes, mayJudge, timesOf } from "../policy/lease.ts";
import { createLimitWarnings } from "./limit-warnings.ts";
import type { Liveness, Peer } from "../owned-lane.ts";

export type Members = {
  /** Shows this instance as it is now and looks at all of them, and at whatever else `look` asks the store for. Rejects as that does. */
  beat<Seen>(own: Pick<Member, "leaving" | "outboxBytes">, look: () => Promise<Seen>): Promise<Seen>;
  /** As they were at the last beat, this one included; [] before the first. */
  readonly all: readonly MemberView[];
  /** How often this instance has shown itself, as the store counts. */
  readonly beats: number;
  /** Whether the last look may be taken for the truth about those whose leases last for so long. */
  mayJudge(ttlMs: number): boolean;
  /** By the monotonic clock; null before the first answer. */
  readonly answeredAtMs: number | null;
  /** The store is another than before, or has an older past: what it says of others is no truth for a while. */
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

/** So many of the dead are remembered. One that is forgotten is found dead again when somebody asks. */
const DEAD_MAX = 10_000;

export function createMembers({ store, bootId, name, threads, tells, times, clock, log }: MembersOptions): Members {
  let all: readonly MemberView[] = [];
  /** By how long leases last: what is a harmless gap to one is none to another. */
  const contacts = new Map<number, Contact | null>([[times.ttlMs, null]]);
  let alive: ReadonlySet<string> = new Set();
  /** Boots that somebody here takes for alive, since they were seen so or were not heard of before: their death is told. */
  const believed = new Set<string>();
  /** The oldest first. */
  const dead = new Set<string>();
  const listeners = new Set<(bootId: string) => void>();
  let answeredAtMs: number | null = null;
  let peers: readonly Peer[] = [];
  let peersText = "[]";
  const peerListeners: (() => void)[] = [];
  const warnOfLimits = createLimitWarnings(() => tells().limits ?? null, log);

  function judges(ttlMs: number): boolean {
    const contact = contacts.get(ttlMs) ?? null;
    // From the next answer on it is known: a lane's holder may be no member any more.
    if (contact === null) contacts.set(ttlMs, null);
    return mayJudge(contact, timesOf(ttlMs));
  }

  function heard(nowMs: number): void {
    answeredAtMs = nowMs;
    for (const { ttlMs } of all) if (!contacts.has(ttlMs)) contacts.set(ttlMs, null);
    for (const [ttlMs, contact] of contacts) {
      contacts.set(ttlMs, answered(contact, nowMs, ttlMs === times.ttlMs ? times : timesOf(ttlMs)));
    }
  }

  /** `asked`: those that were believed when the look was sent: who came later may not be in it yet. */
  function judge(asked: readonly string[]): void {
    const ttlOf = new Map(all.map((view) => [view.bootId, view.ttlMs]));
    const isDead = (boot: string) => !alive.has(boot) && judges(ttlOf.get(boot) ?? times.ttlMs);
    const gone = asked.filter((boot) => isDead(boot) && believed.has(boot));
    for (const boot of gone) believed.delete(boot);
    for (const boot of [...ttlOf.keys(), ...gone]) if (isDead(boot)) dead.add(boot);
    for (const boot of dead) if (alive.has(boot) || dead.size > DEAD_MAX) dead.delete(boot);
    for (const boot of gone) {
      // One that has left in good order is not named any more.
      const silent = all.find((view) => view.bootId === boot);
      if (silent !== undefined)
        log.warn("An instance is silent: its executions go on at the other instances.", { silent: silent.name, boot });
      for (const listener of listeners) listener(boot);
    }
  }

  function lookAtPeers(): void {
    const living = all.filter((view) => view.bootId !== bootId && view.remainingMs > 0);
    warnOfLimits(all);
    peers = living.map(({ name: named, leaving, handlers }) => ({ name: named, leaving, handlers: handlers ?? null }));
    const text = JSON.stringify(peers);
    if (text === peersText) return;
    peersText = text;
    for (const listener of peerListeners) listener();
  }

  return {
    async beat(own, look) {
      const asked = [...believed];
      const [views, seen] = await Promise.all([store.beat({ bootId, name, threads, ...own, ...tells() }, times.ttlMs), look()]);
      all = views;
      heard(clock.monotonicMs());
      alive = new Set(views.filter(({ remainingMs }) => remainingMs > 0).map((view) => view.bootId));
      for (const boot of alive) if (boot !== bootId) believed.add(boot);
      judge(asked);
      lookAtPeers();
      return seen;
    },
    get all() {
      return all;
    },
    get beats() {
      return all.find((view) => view.bootId === bootId)?.beats ?? 0;
    },
    mayJudge: judges,
    get answeredAtMs() {
      return answeredAtMs;
    },
    distrust() {
      for (const ttlMs of contacts.keys()) contacts.set(ttlMs, null);
    },
    liveness: {
      isAlive(boot) {
        if (boot === bootId || alive.has(boot)) return true;
        if (dead.has(boot)) return false;
        // It may have come since the last look: the next that may judge tells.
        believed.add(boot);
        return true;
      },
      others: () => all.filter((view) => view.bootId !== bootId && view.remainingMs > 0 && !view.leaving).length,
      peers: () => peers,
      onPeers: (listener) => void peerListeners.push(listener),
      onDeath(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
  };
}
