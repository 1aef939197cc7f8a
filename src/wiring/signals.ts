/** The meaning of signals to this process: SIGTERM and SIGINT end it, SIGHUP reloads handlers, or ends it if its terminal is gone. */
import { closeSync, openSync } from "node:fs";
import { isatty } from "node:tty";
import type { Clock } from "../env/clock.ts";

/** The time within which signals count as one. Ctrl-C in a terminal reaches the whole group, and npm passes its own signal on. */
const ONE_WISH_MS = 1_000;
const STANDARD_FILES = [0, 1, 2];

/** The exit code of a process that SIGHUP ends without a listener. */
const HUNG_UP = 129;

export type Signals = {
  /** Calls `stop` at the first request to end, even at one that came before. */
  obey(stop: (signal: string) => void): void;
  /** Calls `reload` at each request to reload. Requests that came before count as one. */
  onReload(reload: () => void): void;
};

/** SIGHUP, heard from the first moment of a start: somebody who has changed a handler does not want to end what is starting. */
export type HangUps = {
  /** Sets what happens when the terminal closes. Until then, that ends the process. */
  onClosed(end: () => void): void;
  onReload: Signals["onReload"];
};

export function hearHangUps(): HangUps {
  const hadTerminal = STANDARD_FILES.some((file) => isatty(file));
  let closed = (): void => process.exit(HUNG_UP);
  let reloads: (() => void) | null = null;
  let isWanted = false;
  process.on("SIGHUP", () => {
    if (hadTerminal && !hasTerminal()) closed();
    else if (reloads === null) isWanted = true;
    else reloads();
  });
  return {
    onClosed(end) {
      closed = end;
    },
    onReload(reload) {
      reloads = reload;
      if (isWanted) reload();
    },
  };
}

/**
 * Listens to signals before executions are taken over: a signal that came meanwhile would be a crash, and a death for
 * whatever had just begun.
 */
export function hearSignals(clock: Clock, hangUps: HangUps): Signals {
  let heard: string | null = null;
  let mayRepeat = false;
  let obeys: ((signal: string) => void) | null = null;
  const hear = (signal: string): void => {
    // A second request means that the user does not want to wait.
    if (mayRepeat) process.exit(130);
    if (heard !== null) return;
    heard = signal;
    clock.after(ONE_WISH_MS, () => {
      mayRepeat = true;
    });
    obeys?.(signal);
  };
  process.on("SIGTERM", () => hear("SIGTERM"));
  process.on("SIGINT", () => hear("SIGINT"));
  hangUps.onClosed(() => hear("SIGHUP"));
  return {
    obey(stop) {
      obeys = stop;
      if (heard !== null) stop(heard);
    },
    onReload(reload) {
      hangUps.onReload(() => {
        if (heard === null) reload();
      });
    },
  };
}

/** Whether the terminal still exists: closing its window sends SIGHUP too. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    // A terminal that cannot be opened is gone.
    return false;
  }
}
