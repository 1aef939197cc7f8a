/** The pool of Worker threads, with a child process beside them for suspects. */
import { createAwake } from "../env/process/awake.ts";
import type { Clock } from "../env/clock.ts";
import type { Turns } from "../env/turns.ts";
import { decodeOutcomes } from "./wire/outcome-frame.ts";
import { encodeAttempts } from "./wire/attempt-frame.ts";
import { slotsBytes, viewSlots } from "./wire/slots.ts";
import { Dispatcher } from "./dispatch/dispatcher.ts";
import { createDispatcherPool } from "./dispatcher-pool.ts";
import { tell } from "./wire/link.ts";
import type { Link, LinkEvents } from "./wire/link.ts";
import { ThreadHandlers } from "./thread-handlers.ts";
import type { Pool, Report } from "./pool.ts";
import { createSuspectsDispatcher, type Environment } from "./process-pool.ts";
import { frameAssembler, isOutcomeNumbers, sendFrame } from "./wire/protocol.ts";
import type { FromHost, ToHost } from "./wire/protocol.ts";

/** The silence after which a thread counts as blocked. */
const SILENT_MS = 100;
/** The time without work after which a spare thread ends. */
const SPARE_IDLE_MS = 2_000;

export type ThreadPoolOptions = {
  /** The module that a thread or child starts with; it calls serve(). */
  readonly entry: URL;
  /** The argument of the entry's `load`, which must be clonable; or a promise of it, which hosts wait for while they start. */
  readonly settings: unknown;
  /** The environment that code in the hosts sees; this process's own if absent. */
  readonly environment?: Environment | undefined;
  readonly threads: number;
  /** The attempts that one thread has in hand at once. */
  readonly slotsPerThread: number;
  /** The time between an attempt's abort signal and the end of its thread. */
  readonly abortGraceMs: number;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly report: Report;
};

/** A pool whose threads start to load at once. Its `ready()` rejects if handlers cannot be loaded. */
export function createThreadPool(options: ThreadPoolOptions): Pool {
  const { entry, settings, environment, threads, slotsPerThread, abortGraceMs, clock, turns, report } = options;
  const handlers = new ThreadHandlers();
  const unknownHandler = (name: string): void => {
    report(`A thread does not have the handler ${JSON.stringify(name)}, which others had: it counts as missing.`);
    handlers.miss(name);
  };
  const dispatcher = new Dispatcher({
    settings,
    startLink: (slots, events, given) => startThread({ entry, environment, settings: given, slots }, events),
    slots: slotsPerThread,
    hosts: threads,
    hostsMost: threads * 2,
    hostsIdle: threads,
    idleMs: SPARE_IDLE_MS,
    silentMs: SILENT_MS,
    suspects: false,
    unknownHandler,
    abortGraceMs,
    clock,
    turns,
    report,
  });
  const suspects = createSuspectsDispatcher({ ...options, slots: slotsPerThread }, unknownHandler);
  return createDispatcherPool({
    dispatchers: [dispatcher, suspects],
    dispatcherOf: (attempt) => (attempt.suspect ? suspects : dispatcher),
    handlers,
    clock,
    turns,
    report,
  });
}

type ThreadOptions = Pick<ThreadPoolOptions, "entry" | "environment" | "settings"> & { readonly slots: number };

function startThread({ entry, environment, settings, slots }: ThreadOptions, events: LinkEvents): Link {
  const memory = new SharedArrayBuffer(slotsBytes(slots));
  const worker = new Worker(entry, environment === undefined ? {} : { env: environment });
  let ended = false;
  let lastError = "";
  const awake = createAwake();
  const takeFrame = frameAssembler(isOutcomeNumbers, (frame) => {
    awake.heard();
    events.outcomes(decodeOutcomes(frame));
  });

  worker.onmessage = (message: MessageEvent) => {
    if (!ended && !takeFrame(message.data)) tell(message.data as FromHost, events);
  };
  worker.onerror = (error) => {
    // The text before it is an excerpt of the source.
    lastError = /^\w*[Ee]rror: .*$/m.exec(error.message)?.[0] ?? error.message;
  };
  // If the pool ends the thread this is not waited for: a blocked thread closes only when its call returns.
  worker.addEventListener("close", (event) => {
    if (!ended) events.gone(lastError === "" ? `exit code ${(event as CloseEvent).code}` : lastError);
  });
  const order = (message: ToHost): void => worker.postMessage(message);
  void Promise.resolve(settings).then((given) => {
    if (!ended) order({ type: "start", settings: given, slots, memory });
  });

  return {
    slots: viewSlots(memory, slots),
    send(works) {
      sendFrame(encodeAttempts(works), (message) => worker.postMessage(message));
      awake.asked();
    },
    abort: (slots, reason) => order({ type: "abort", slots, reason }),
    end() {
      ended = true;
      worker.terminate();
    },
  };
}
