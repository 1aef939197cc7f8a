/** The Pool over its dispatchers: which executions are attached, what of theirs is in hand, and the clean end. */
import type { Clock } from "../env/clock.ts";
import type { Turns } from "../env/turns.ts";
import { Away } from "./attempts/away.ts";
import type { Dispatcher } from "./dispatch/dispatcher.ts";
import type { ThreadHandlers } from "./thread-handlers.ts";
import { createOverflow } from "./attempts/overflow.ts";
import type { Attempt, Pool, Report } from "./pool.ts";
import { AttemptTable } from "./attempts/attempt-table.ts";
import type { AttemptTableKeeper } from "./attempts/attempt-table.ts";

/** Enough for large messages to threads, however few attempts run at once. */
const AHEAD_LEAST = 4_096;

export type DispatcherPoolOptions = {
  /** The first one's hosts are the pool's threads: they tell its handlers and are counted. */
  readonly dispatchers: readonly [Dispatcher, ...(readonly Dispatcher[])];
  readonly dispatcherOf: (attempt: Attempt) => Dispatcher;
  /** Of the threads: told when the first of them is ready. */
  readonly handlers: ThreadHandlers;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly report: Report;
};

/** A pool whose attempts these dispatchers run. */
export function createDispatcherPool({ dispatchers, dispatcherOf, handlers, clock, turns, report }: DispatcherPoolOptions): Pool {
  const tables = new Map<string, AttemptTable>();
  let order = 0;
  /** Entries without an outcome, over all tables. */
  let open = 0;
  let stage: "working" | "draining" | "closed" = "working";
  let heardIdle: (() => void) | null = null;

  const away = new Away(() => overflow.cameAway());
  const overflow = createOverflow({ dispatcher: dispatchers[0], away, tableOf: (id) => tables.get(id), clock });
  const keeper: AttemptTableKeeper = {
    turns,
    lineOf: (attempt) => (handlers.has(attempt.handler) ? dispatcherOf(attempt) : away),
    wentOutside: overflow.wentOutside,
    settled: overflow.settled,
    unwanted: overflow.unwanted,
    open() {
      if (stage !== "working") return null;
      open += 1;
      order += 1;
      return order;
    },
    reopened() {
      if (stage !== "working") return false;
      open += 1;
      return true;
    },
    closed() {
      open -= 1;
      if (open === 0) heardIdle?.();
    },
    dropped: (table) => void tables.delete(table.execution.id),
    report,
  };

  const firstReport = dispatchers[0].firstReport.then((word) => {
    if (word.ok) handlers.replace(word.handlers);
    return word;
  });
  // What has waited for a handler that is here now runs here.
  handlers.listen(() => {
    for (const entry of away.take(Number.POSITIVE_INFINITY, ({ attempt }) => handlers.has(attempt.handler))) {
      entry.line = keeper.lineOf(entry.attempt);
      entry.line.add(entry);
    }
  });

  return {
    async ready() {
      const word = await firstReport;
      if (!word.ok) throw new Error(`The handlers could not be loaded:\n${word.faults.join("\n")}`);
      return word.handlers;
    },
    async renew(settings) {
      const [threads, ...others] = dispatchers;
      const word = await threads.renew(settings);
      if (!word.ok) return word;
      // They start hosts only when there is something to run: these load it then.
      for (const dispatcher of others) void dispatcher.renew(settings);
      handlers.replace(word.handlers);
      return word;
    },
    handlers: () => handlers.catalog,
    onHandlers: (listener) => handlers.listen(listener),
    attach(execution, listener) {
      const table = tables.get(execution.id) ?? new AttemptTable(execution, keeper);
      tables.set(execution.id, table);
      return table.attach(listener);
    },
    executorDied(bootId) {
      for (const table of tables.values()) table.executorDied(bootId);
    },
    ahead: Math.max(AHEAD_LEAST, 2 * dispatchers[0].slots),
    overflow,
    load() {
      const sum = (of: (dispatcher: Dispatcher) => number): number => dispatchers.reduce((total, dispatcher) => total + of(dispatcher), 0);
      return {
        threads: dispatchers[0].hosts,
        begun: sum((dispatcher) => dispatcher.inHand),
        waiting: away.waiting + sum((dispatcher) => dispatcher.waiting),
      };
    },
    async drain(graceMs) {
      if (stage === "working") stage = "draining";
      for (const dispatcher of dispatchers) dispatcher.drain();
      for (const table of tables.values()) table.takeBack();
      if (open === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      heardIdle = resolve;
      const cancel = clock.after(graceMs, () => {
        for (const table of tables.values()) table.release();
      });
      await promise;
      cancel();
    },
    async close() {
      stage = "closed";
      await Promise.all(dispatchers.map((dispatcher) => dispatcher.close()));
    },
  };
}
