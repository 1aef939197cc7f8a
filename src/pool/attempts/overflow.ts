/** What of the waiting attempts could run at other instances: how many, which, and the way out and in. */
import type { Clock } from "../../env/clock.ts";
import type { Away } from "./away.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Entry, Line } from "../dispatch/entry.ts";
import { Pace } from "../dispatch/pace.ts";
import type { AttemptKey, Overflow, OverflowListener, Spilled } from "../pool.ts";
import type { AttemptTable } from "./attempt-table.ts";

/** Where a thread begins more than this in a second, its attempts are so short that moving one costs more than running it. */
const TOO_SHORT_PER_SECOND = 5_000;
/** What waits is a surplus from this share above what begins soon, so that nothing goes out and in again. */
const ABOVE = 1.5;

/** The overflow as tables see it, too. */
export type TableOverflow = Overflow & {
  wentOutside(change: 1 | -1, line: Line): void;
  /** One more waits whose handler is not here. */
  cameAway(): void;
  settled(key: AttemptKey): void;
  unwanted(key: AttemptKey, aborted: boolean): void;
};

type Listening = { readonly afterMs: number; readonly listener: OverflowListener };

/** Of this dispatcher's attempts, and those whose handler is not here. `tableOf`: of an execution's id. */
export function createOverflow({
  dispatcher,
  away,
  tableOf,
  clock,
}: {
  readonly dispatcher: Dispatcher;
  readonly away: Away;
  readonly tableOf: (executionId: string) => AttemptTable | undefined;
  readonly clock: Clock;
}): TableOverflow {
  const pace = new Pace();
  let listening: Listening | null = null;
  let outside = 0;

  function look(): void {
    const { notBegun, begun, waiting, inHand } = dispatcher;
    pace.note(clock.nowMs(), notBegun, { begun, ended: begun - (inHand - (notBegun - waiting)) });
  }

  function surplus(): number {
    if (listening === null) return 0;
    look();
    const perMs = pace.perMsWaiting();
    if (pace.waitedMs() < listening.afterMs || perMs * 1_000 > dispatcher.hosts * TOO_SHORT_PER_SECOND) return 0;
    const soon = perMs * listening.afterMs;
    const waiting = dispatcher.notBegun;
    return waiting > soon * ABOVE ? Math.floor(waiting - soon) : 0;
  }

  function leave(taken: readonly Entry[]): readonly Spilled[] {
    return taken.map((entry) => {
      const { execution } = entry.table;
      (tableOf(execution.id) as AttemptTable).leave(entry);
      return { execution, attempt: entry.attempt };
    });
  }

  return {
    listen(afterMs, listener) {
      if (listening !== null) throw new Error("Somebody listens to the overflow already.");
      const its: Listening = { afterMs, listener };
      listening = its;
      dispatcher.observer = {
        looked() {
          look();
          if (dispatcher.notBegun > 0 && surplus() > 0) listener.surplus();
        },
        lineEmpty() {
          if (outside > 0 && dispatcher.notBegun === 0) listener.hungry();
        },
      };
      return () => {
        if (listening !== its) return;
        listening = null;
        dispatcher.observer = null;
      };
    },
    surplus,
    capacity() {
      if (listening === null) return 0;
      look();
      const { hosts, room } = dispatcher.open;
      const begin = Math.max(hosts, Math.ceil(pace.perMs() * listening.afterMs));
      const free = room + Math.floor(pace.endsPerMs() * listening.afterMs);
      return Math.max(0, Math.min(free - dispatcher.waiting, begin - dispatcher.notBegun));
    },
    pace: () => pace.perMs() * 1_000,
    spill: (max, mayGo) =>
      leave(dispatcher.takeLast(max, ({ attempt, table: { execution } }) => !attempt.suspect && mayGo({ execution, attempt }))),
    get away() {
      return away.waiting;
    },
    spillAway: (max, mayGo) => leave(away.take(max, ({ attempt, table: { execution } }) => mayGo({ execution, attempt }))),
    takeIn(keys) {
      const back = keys.map(({ execution, node, attempt }) => tableOf(execution)?.comeBack(node, attempt) ?? null);
      const entries = back.filter((entry) => entry !== null);
      dispatcher.putBack(entries.filter(({ line }) => line === dispatcher));
      for (const entry of entries) if (entry.line !== dispatcher) entry.line.add(entry);
    },
    claimed: ({ execution, node, attempt }, bootId, atMs) => tableOf(execution)?.claimed(node, attempt, bootId, atMs) ?? false,
    forget: ({ execution, node, attempt }) => tableOf(execution)?.forget(node, attempt),
    holds: ({ execution, node, attempt }) => tableOf(execution)?.holds(node, attempt) ?? false,
    get outside() {
      return outside;
    },
    wentOutside(change, line) {
      if (line !== away) outside += change;
    },
    cameAway: () => listening?.listener.away(),
    settled: (key) => listening?.listener.settled(key),
    unwanted(key, aborted) {
      // Nobody who listens: then nobody has offered it either.
      if (listening === null) tableOf(key.execution)?.forget(key.node, key.attempt);
      else listening.listener.unwanted(key, aborted);
    },
  };
}
