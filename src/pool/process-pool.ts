/** Child processes for suspects: attempts that may have killed what they ran in. Their end affects nobody here. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../env/clock.ts";
import type { Turns } from "../env/turns.ts";
import { encodeAttempts } from "./wire/attempt-frame.ts";
import { slotsBytes, viewSlots } from "./wire/slots.ts";
import type { Slots } from "./wire/slots.ts";
import { Dispatcher } from "./dispatch/dispatcher.ts";
import { createDispatcherPool } from "./dispatcher-pool.ts";
import { tell } from "./wire/link.ts";
import { ThreadHandlers } from "./thread-handlers.ts";
import type { Link, LinkEvents } from "./wire/link.ts";
import { decodeOutcomes } from "./wire/outcome-frame.ts";
import type { Pool, Report } from "./pool.ts";
import { frameAssembler, isOutcomeNumbers, sendFrame } from "./wire/protocol.ts";
import type { FrameMessage, FromHost, ToHost } from "./wire/protocol.ts";

/** The time after which an idle child ends. */
const IDLE_MS = 5_000;
/** The silence after which a child counts as blocked. */
const SILENT_MS = 100;
/** The time for which the last messages of an exited child, still in the pipe, are waited for. */
const LAST_WORDS_MS = 1_000;

export type Environment = Record<string, string>;

export type ProcessPoolOptions = {
  /** The module that the child starts with; it calls serve(). */
  readonly entry: URL;
  /** The argument of the entry's `load`, which must be clonable; or a promise of it, which hosts wait for while they start. */
  readonly settings: unknown;
  /** The environment that code in the hosts sees; this process's own if absent. */
  readonly environment?: Environment | undefined;
  /** The attempts that one child has in hand at once, at first. */
  readonly slots: number;
  /** The time between an attempt's abort signal and the end of its child. */
  readonly abortGraceMs: number;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly report: Report;
};

/**
 * A pool of one child that exists from the start and runs everything as a suspect: the part that the thread pool keeps
 * beside its threads, alone, for the contract's tests.
 * @internal
 */
export function createProcessPool(options: ProcessPoolOptions): Pool {
  const handlers = new ThreadHandlers();
  const dispatcher = createSuspectsDispatcher(options, (name) => handlers.miss(name), 1);
  return createDispatcherPool({ ...options, handlers, dispatchers: [dispatcher], dispatcherOf: () => dispatcher });
}

/**
 * The dispatcher of suspects: one child, started with the first suspect unless `hostsIdle` is 1, and a second while the first is blocked.
 */
export function createSuspectsDispatcher(options: ProcessPoolOptions, unknownHandler: (name: string) => void, hostsIdle = 0): Dispatcher {
  const { entry, environment, clock } = options;
  return new Dispatcher({
    ...options,
    startLink: (slots, events, settings) => startChild({ entry, environment, settings, slots, clock }, events),
    hosts: 1,
    hostsMost: 2,
    hostsIdle,
    idleMs: IDLE_MS,
    silentMs: SILENT_MS,
    suspects: true,
    unknownHandler,
  });
}

type ChildOptions = Pick<ProcessPoolOptions, "entry" | "environment" | "settings" | "slots" | "clock">;

function startChild({ entry, environment, settings, slots, clock }: ChildOptions, events: LinkEvents): Link {
  const shared = sharedFile(slots);
  let ended = false;
  let pipeClosed = false;
  let exit: string | null = null;
  let gone = false;
  const takeFrame = frameAssembler(isOutcomeNumbers, (frame) => events.outcomes(decodeOutcomes(frame)));

  // A file in the working folder has added to this process's environment already.
  const child = Bun.spawn([process.execPath, "--no-env-file", Bun.fileURLToPath(entry)], {
    ...(environment === undefined ? {} : { env: environment }),
    serialization: "advanced",
    stdin: "pipe",
    stdout: "inherit",
    stderr: "inherit",
    ipc(message: unknown) {
      if (ended || takeFrame(message)) return;
      // With its first message it has mapped the file, which nobody else needs to find.
      shared.remove();
      tell(message as FromHost, events);
    },
    onDisconnect() {
      pipeClosed = true;
      finish();
    },
    onExit(_child, code, signal) {
      exit = signal === null ? `exit code ${code}` : `signal ${signal}`;
      finish();
      if (gone || ended) return;
      clock.after(LAST_WORDS_MS, () => {
        pipeClosed = true;
        finish();
      });
    },
  });
  // It must not keep this process alive: close() ends it, and so does the end of this process.
  child.unref();
  void Promise.resolve(settings).then((given) => {
    if (!ended) send({ type: "start", settings: given, slots, memory: shared.path });
  });

  return {
    slots: shared.slots,
    send: (works) => sendFrame(encodeAttempts(works), send),
    abort: (slots, reason) => send({ type: "abort", slots, reason }),
    end() {
      ended = true;
      shared.remove();
      child.kill("SIGKILL");
    },
  };

  /** Sends a message. One to a child that has just died is lost with it: its exit says what becomes of it. */
  function send(message: ToHost | FrameMessage<Float64Array>): void {
    if (exit === null && !pipeClosed) child.send(message);
  }

  function finish(): void {
    if (exit === null || !pipeClosed || ended || gone) return;
    gone = true;
    shared.remove();
    events.gone(exit);
  }
}

/** Slots in a file that two processes map: the same memory for both, with the same compare-and-set. */
function sharedFile(count: number): { readonly path: string; readonly slots: Slots; remove(): void } {
  removeOrphans();
  const folder = mkdtempSync(join(tmpdir(), `${FOLDER}${process.pid}-`));
  const path = join(folder, "cells");
  // Written, not only sized: on a full disk this throws, where touching an unwritten page would kill the process.
  writeFileSync(path, new Uint8Array(slotsBytes(count)), { mode: 0o600 });
  const slots = viewSlots(Bun.mmap(path, { shared: true }).buffer, count);
  return { path, slots, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const FOLDER = "troupe-slots-";

/** Removes files of processes that were killed before their child's first message. */
function removeOrphans(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(FOLDER) ? Number.parseInt(name.slice(FOLDER.length), 10) : Number.NaN;
    if (pid > 0 && !isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It exists and belongs to another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
