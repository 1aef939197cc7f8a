/** The Pool over its dispatchers: which executions are attached, which of their attempts are in hand, and the clean end. */
import type { Clock } from "../env/clock.ts";
import type { Turns } from "../env/turns.ts";
import { Away } from "./attempts/away.ts";
import type { Dispatcher } from "./dispatch/dispatcher.ts";
import type { Line } from "./dispatch/entry.ts";
import type { ThreadHandlers } from "./thread-handlers.ts";
import { createOverflow } from "./attempts/overflow.ts";
import { AttemptTables } from "./attempts/tables.ts";
import type { Attempt, Pool, Report } from "./pool.ts";

/** Enough for large messages to threads, however few attempts run at once. */
const AHEAD_LEAST = 4_096;

export type DispatcherPoolOptions = {
  /** The dispatchers. The hosts of the first one are the pool's threads: they report its handlers and are counted. */
  readonly dispatchers: readonly [Dispatcher, ...(readonly Dispatcher[])];
  readonly dispatcherOf: (attempt: Attempt) => Dispatcher;
  /** The handlers of the threads, told when the first thread is ready. */
  readonly handlers: ThreadHandlers;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly report: Report;
};

/** A pool whose attempts these dispatchers run. */
export function createDispatcherPool(options: DispatcherPoolOptions): Pool {
  const { dispatchers, dispatcherOf, handlers, clock, turns, report } = options;
  const [threads, ...others] = dispatchers;
  const away = new Away(() => overflow.cameAway());
  const lineOf = (attempt: Attempt): Line => (handlers.has(attempt.handler) ? dispatcherOf(attempt) : away);
  const overflow = createOverflow({ dispatcher: threads, away, tableOf: (id) => tables.of(id), clock });
  const tables = new AttemptTables({ lineOf, overflow, turns, report });
  const firstReport = threads.firstReport.then((word) => {
    if (word.ok) handlers.replace(word.handlers);
    return word;
  });
  // Attempts that have waited for a handler which is here now run here.
  handlers.listen(() => {
    for (const entry of away.take(Number.POSITIVE_INFINITY, ({ attempt }) => handlers.has(attempt.handler))) {
      entry.line = lineOf(entry.attempt);
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
      const word = await threads.renew(settings);
      if (!word.ok) return word;
      // The other dispatchers start hosts only when there is something to run, and then load it.
      for (const dispatcher of others) void dispatcher.renew(settings);
      handlers.replace(word.handlers);
      return word;
    },
    handlers: () => handlers.catalog,
    onHandlers: (listener) => handlers.listen(listener),
    attach: (execution, listener) => tables.attach(execution, listener),
    executorDied: (bootId) => tables.executorDied(bootId),
    ahead: Math.max(AHEAD_LEAST, 2 * threads.slots),
    overflow,
    load: () => loadOf(dispatchers, away),
    drain(graceMs) {
      tables.stop();
      for (const dispatcher of dispatchers) dispatcher.drain();
      return tables.drain(graceMs, clock);
    },
    async close() {
      tables.stop();
      await Promise.all(dispatchers.map((dispatcher) => dispatcher.close()));
    },
  };
}

function loadOf(dispatchers: DispatcherPoolOptions["dispatchers"], away: Away): ReturnType<Pool["load"]> {
  let begun = 0;
  let { waiting } = away;
  for (const dispatcher of dispatchers) {
    begun += dispatcher.inHand;
    waiting += dispatcher.waiting;
  }
  return { threads: dispatchers[0].hosts, begun, waiting };
}
