/**
 * The relay alone publishes, after the commit: one send in flight, in the order of the commits, again until the bus has
 * it. With an embedded store the log is the outbox and the bus is in this process, so what a crash cuts off here was
 * never heard by anybody.
 */
import type { Clock } from "../env/clock.ts";
import type { Log } from "../env/log.ts";
import type { CommitEntry } from "../store/store.ts";
import type { Bus, EventRecord } from "./bus.ts";

export type Relay = {
  /** What a commit has applied. */
  applied(entries: readonly CommitEntry[]): void;
  /** Resolves when all is published. */
  idle(): Promise<void>;
};

const AGAIN_AFTER_MS = 100;

export function createRelay({
  bus,
  epoch,
  clock,
  log,
}: {
  readonly bus: Bus;
  readonly epoch: number;
  readonly clock: Clock;
  readonly log: Log;
}): Relay {
  let waiting: EventRecord[] = [];
  let sending = false;
  const whenIdle: (() => void)[] = [];

  async function send(): Promise<void> {
    sending = true;
    while (waiting.length > 0) {
      const records = waiting;
      waiting = [];
      await publish(records);
    }
    sending = false;
    for (const resolve of whenIdle.splice(0)) resolve();
  }

  async function publish(records: readonly EventRecord[]): Promise<void> {
    for (;;) {
      try {
        return await bus.publish(records);
      } catch (error) {
        log.warn("The bus does not take events; they are sent again.", { records: records.length, error });
        await new Promise<void>((resolve) => clock.after(AGAIN_AFTER_MS, resolve));
      }
    }
  }

  return {
    applied(entries) {
      for (const { chunk, summary } of entries) {
        waiting.push({
          execution: summary.id,
          from: chunk.from,
          to: chunk.to,
          epoch,
          events: chunk.text,
          status: summary.status,
          closed: summary.closed,
        });
      }
      if (!sending) void send();
    },
    idle: () => (sending ? new Promise((resolve) => whenIdle.push(resolve)) : Promise.resolve()),
  };
}
