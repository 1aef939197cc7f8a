/** The Pool over its crews: which executions are attached, what of theirs is in hand, and the clean end. */
import type { Clock } from "../env/clock.ts";
import type { Turns } from "../env/turns.ts";
import type { Crew } from "./crew.ts";
import { createOverflow } from "./overflow.ts";
import type { HandlerInfo } from "../workflow/catalog.ts";
import type { Attempt, Pool } from "./pool.ts";
import { Table } from "./table.ts";
import type { TableKeeper } from "./table.ts";
import type { Report } from "./report.ts";

/** Enough for large messages to threads, however few attempts run at once. */
const AHEAD_LEAST = 4_096;

export type CrewsPoolOptions = {
  /** The first one's hosts are the pool's threads: they tell its handlers and are counted. */
  readonly crews: readonly [Crew, ...(readonly Crew[])];
  readonly crewOf: (attempt: Attempt) => Crew;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly report: Report;
};

/** A pool whose attempts run in these crews. */
export function createCrewsPool({ crews, crewOf, clock, turns, report }: CrewsPoolOptions): Pool {
  const tables = new Map<string, Table>();
  let order = 0;
  /** Entries without an outcome, over all tables. */
  let open = 0;
  let stage: "working" | "draining" | "closed" = "working";
  let heardIdle: (() => void) | null = null;

  const overflow = createOverflow({ crew: crews[0], tableOf: (id) => tables.get(id), clock });
  const keeper: TableKeeper = {
    turns,
    crewOf,
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

  const renewed: ((handlers: readonly HandlerInfo[]) => void)[] = [];

  return {
    async ready() {
      const word = await crews[0].firstWord;
      if (!word.ok) throw new Error(`The handlers could not be loaded:\n${word.faults.join("\n")}`);
      return word.handlers;
    },
    async renew(settings) {
      const [threads, ...others] = crews;
      const word = await threads.renew(settings);
      if (!word.ok) return word;
      // They start hosts only when there is something to run: these load it then.
      for (const crew of others) void crew.renew(settings);
      for (const tell of renewed) tell(word.handlers);
      return word;
    },
    onRenewed: (listener) => void renewed.push(listener),
    attach(execution, listener) {
      const table = tables.get(execution.id) ?? new Table(execution, keeper);
      tables.set(execution.id, table);
      return table.attach(listener);
    },
    executorDied(bootId) {
      for (const table of tables.values()) table.executorDied(bootId);
    },
    ahead: Math.max(AHEAD_LEAST, 2 * crews[0].slots),
    overflow,
    load() {
      const sum = (of: (crew: Crew) => number): number => crews.reduce((total, crew) => total + of(crew), 0);
      return { threads: crews[0].hosts, begun: sum((crew) => crew.inHand), waiting: sum((crew) => crew.waiting) };
    },
    async drain(graceMs) {
      if (stage === "working") stage = "draining";
      for (const crew of crews) crew.drain();
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
      await Promise.all(crews.map((crew) => crew.close()));
    },
  };
}
