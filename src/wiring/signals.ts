/** What signals mean to this process: SIGTERM and SIGINT its end, SIGHUP other handlers, or the end of its terminal. */
import { closeSync, openSync } from "node:fs";
import { isatty } from "node:tty";
import type { Clock } from "../env/clock.ts";

/** Signals so close together are one wish: Ctrl-C in a terminal reaches the whole group, and npm passes its own on. */
const ONE_WISH_MS = 1_000;
const STANDARD_FILES = [0, 1, 2];

/** Without a listener SIGHUP ends a process with this. */
const HUNG_UP = 129;

export type Signals = {
  /** `stop` is told of the first wish to end, also of one that came before. */
  obey(stop: (signal: string) => void): void;
  /** `reload` is told of each wish for other handlers, also of those that came before, as of one. */
  onReload(reload: () => void): void;
};

/** What SIGHUP says, from the first moment of a start: whoever has changed a handler does not mean to end what is starting. */
export type HangUps = {
  /** What the closing of the terminal calls; until then it ends the process. */
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
 * Heard before executions are taken over: a signal that came meanwhile would be a crash, and count as a death of what had
 * just begun.
 */
export function hearSignals(clock: Clock, hangUps: HangUps): Signals {
  let heard: string | null = null;
  let mayRepeat = false;
  let obeys: ((signal: string) => void) | null = null;
  const hear = (signal: string): void => {
    // Whoever asks twice does not want to wait.
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

/** A window that is closed sends SIGHUP too: nobody sits there any more. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    // Not to be opened is an answer here.
    return false;
  }
}
