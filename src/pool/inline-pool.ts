/** A pool in the caller's own thread, for tests and simulations. It is deterministic if its clock, turns and attempts are. */
import type { Clock } from "../env/clock.ts";
import type { Turns } from "../env/turns.ts";
import type { HandlerInfo } from "../workflow/definition/catalog.ts";
import { slotsBytes, viewSlots } from "./wire/slots.ts";
import { Dispatcher } from "./dispatch/dispatcher.ts";
import { createDispatcherPool } from "./dispatcher-pool.ts";
import { createHost } from "./host/host.ts";
import type { Link, LinkEvents } from "./wire/link.ts";
import { ThreadHandlers } from "./thread-handlers.ts";
import type { Pool, Report, RunAttempt } from "./pool.ts";

export type InlinePoolOptions = {
  readonly run: RunAttempt;
  readonly handlers: readonly HandlerInfo[];
  /** The attempts in hand at once. */
  readonly slots: number;
  /** The time between an attempt's abort signal and the end of waiting for it. */
  readonly abortGraceMs: number;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly report: Report;
};

/**
 * The inline pool. It has the same rules and the same host as with threads, without the thread: what blocks it blocks the caller, and an
 * attempt that does not stop when it is told to is ignored from then on. Suspects run like all others.
 */
export function createInlinePool(options: InlinePoolOptions): Pool {
  const handlers = new ThreadHandlers();
  const dispatcher = new Dispatcher({
    ...options,
    settings: options,
    startLink: (slots, events, settings) => startInline(options, settings as InlineCode, slots, events),
    hosts: 1,
    hostsMost: 1,
    hostsIdle: 1,
    idleMs: Number.POSITIVE_INFINITY,
    silentMs: Number.POSITIVE_INFINITY,
    suspects: false,
    unknownHandler: (name) => handlers.miss(name),
  });
  return createDispatcherPool({ ...options, handlers, dispatchers: [dispatcher], dispatcherOf: () => dispatcher });
}

/** The code that a renewal of an inline pool is given. */
type InlineCode = Pick<InlinePoolOptions, "run" | "handlers">;

function startInline({ clock, turns }: InlinePoolOptions, { run, handlers }: InlineCode, count: number, events: LinkEvents): Link {
  const slots = viewSlots(new ArrayBuffer(slotsBytes(count)), count);
  let ended = false;
  // As over a pipe, what one side says is heard by the other in a later turn.
  const later = (hear: () => void): void => turns.run(() => (ended ? undefined : hear()));
  const host = createHost({ run, slots, clock, turns, beatMs: null, post: (outcomes) => later(() => events.outcomes(outcomes)) });
  later(() => events.ready(handlers));
  return {
    slots,
    send: (works) => later(() => host.take(works)),
    abort: (aborted, reason) => later(() => host.abort(aborted, reason)),
    end() {
      ended = true;
    },
  };
}
