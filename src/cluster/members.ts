/** Shows this instance to the others, and knows who of them is alive. */
import type { Clock } from "../env/clock.ts";
import type { Log } from "../env/log.ts";
import type { Member, MemberView, SharedStore } from "../store/shared-store.ts";
import { answered, type Contact, type LeaseTimes, mayJudge } from "./lease.ts";
import type { Living } from "./tenure.ts";

export type Members = {
  /** Shows this instance as it is now and looks at all of them, and at whatever else `look` asks the store for. Rejects as that does. */
  beat<Seen>(own: Omit<Member, "bootId" | "name" | "threads">, look: () => Promise<Seen>): Promise<Seen>;
  /** As they were at the last beat, this one included; [] before the first. */
  readonly all: readonly MemberView[];
  /** How often this instance has shown itself, as the store counts. */
  readonly beats: number;
  /** Whether the last look may be taken for the truth about others' leases and lives. */
  readonly mayJudge: boolean;
  /** By the monotonic clock; null before the first answer. */
  readonly answeredAtMs: number | null;
  /** The store is another than before, or has an older past: what it says of others is no truth for a while. */
  distrust(): void;
  readonly living: Living;
};

export type MembersOptions = {
  readonly store: SharedStore;
  readonly bootId: string;
  readonly name: string;
  readonly threads: number;
  readonly times: LeaseTimes;
  readonly clock: Clock;
  readonly log: Log;
};

/** So many of the dead are remembered. One that is forgotten is found dead again when somebody asks. */
const DEAD_MAX = 10_000;

export function createMembers({ store, bootId, name, threads, times, clock, log }: MembersOptions): Members {
  let all: readonly MemberView[] = [];
  let contact: Contact | null = null;
  let alive: ReadonlySet<string> = new Set();
  /** Boots that somebody here takes for alive, since they were seen so or were not heard of before: their death is told. */
  const believed = new Set<string>();
  /** The oldest first. */
  const dead = new Set<string>();
  const listeners = new Set<(bootId: string) => void>();

  /** `asked`: those that were believed when the look was sent: who came later may not be in it yet. */
  function judge(asked: readonly string[]): void {
    if (!mayJudge(contact, times)) return;
    const gone = asked.filter((boot) => !alive.has(boot) && believed.has(boot));
    for (const boot of gone) believed.delete(boot);
    for (const boot of [...all.map((view) => view.bootId), ...gone]) if (!alive.has(boot)) dead.add(boot);
    for (const boot of dead) if (alive.has(boot) || dead.size > DEAD_MAX) dead.delete(boot);
    for (const boot of gone) {
      // One that has left in good order is not named any more.
      const silent = all.find((view) => view.bootId === boot);
      if (silent !== undefined) log.warn("An instance is silent: what it owned goes on at the others.", { silent: silent.name, boot });
      for (const listener of listeners) listener(boot);
    }
  }

  return {
    async beat(own, look) {
      const asked = [...believed];
      const [views, seen] = await Promise.all([store.beat({ bootId, name, threads, ...own }, times.ttlMs), look()]);
      all = views;
      contact = answered(contact, clock.monotonicMs(), times);
      alive = new Set(views.filter(({ remainingMs }) => remainingMs > 0).map((view) => view.bootId));
      for (const boot of alive) if (boot !== bootId) believed.add(boot);
      judge(asked);
      return seen;
    },
    get all() {
      return all;
    },
    get beats() {
      return all.find((view) => view.bootId === bootId)?.beats ?? 0;
    },
    get mayJudge() {
      return mayJudge(contact, times);
    },
    get answeredAtMs() {
      return contact?.lastMs ?? null;
    },
    distrust() {
      contact = null;
    },
    living: {
      isAlive(boot) {
        if (boot === bootId || alive.has(boot)) return true;
        if (dead.has(boot)) return false;
        // It may have come since the last look: the next that may judge tells.
        believed.add(boot);
        return true;
      },
      others: () => all.filter((view) => view.bootId !== bootId && view.remainingMs > 0 && !view.leaving).length,
      onDeath(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
  };
}
