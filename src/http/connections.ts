/**
 * A limit that keeps connections from taking the last file handles. The server has no limit of its own, and accepts all that wait at once.
 * So the port is closed when there are too many, and some handles are reserved, which are free while it is closed.
 */
import type { Clock } from "../env/clock.ts";
import type { Handles } from "../env/process/handles.ts";

export type ConnectionsOptions = {
  readonly handles: Handles;
  /** The largest number of connections; null: what the limit of handles leaves. */
  readonly max: number | null;
  readonly clock: Clock;
  readonly port: Port;
  /** Receives sentences that operators should know. */
  readonly report: (sentence: string) => void;
};

export type Port = {
  /** Accepts no new connections; idle ones end. */
  close(): void;
  /** Ends what is left of the closed port if nothing is being answered there; false if something is. */
  cut(): boolean;
  /** Accepts connections again; false if it could not. */
  open(): boolean;
};

/** Watches until the returned function is called. */
export function watchConnections({ handles, max, clock, port, report }: ConnectionsOptions): () => void {
  const own = handles.atLeast();
  const most = own + (max ?? defaultMax(handles.limit));
  let free = handles.keep(KEPT_HANDLES);
  let closedAtMs: number | null = null;
  let toldAtMs: number | null = null;
  if (max === null && most - own < FEW_CONNECTIONS) {
    report(
      `The limit of open files is ${handles.limit}, so the server accepts at most ${most - own} connections at once: raise it (ulimit -n).`,
    );
  }

  function tell(nowMs: number): void {
    if (toldAtMs !== null && nowMs - toldAtMs < TOLD_EVERY_MS) return;
    toldAtMs = nowMs;
    const limits = `APP_CONNECTIONS_MAX; the limit of open files is ${handles.limit}`;
    report(`${most - own} connections or more are open: the server accepts no more until there are fewer (${limits}).`);
  }

  function look(): void {
    if (closedAtMs === null) {
      if (handles.atLeast() - KEPT_HANDLES < most) return;
      port.close();
      free();
      closedAtMs = clock.monotonicMs();
      tell(closedAtMs);
      return;
    }
    // A connection that has not sent a whole request by now is cut, if nobody is answered beside it.
    if (handles.count() >= most && !(clock.monotonicMs() - closedAtMs > CUT_AFTER_MS && port.cut())) return;
    free = handles.keep(KEPT_HANDLES);
    if (port.open()) closedAtMs = null;
    else free();
  }

  let cancel = clock.after(LOOK_MS, again);
  function again(): void {
    look();
    cancel = clock.after(LOOK_MS, again);
  }
  return () => {
    cancel();
    free();
  };
}

/** The default, well under the limit: files, other services and calls of nodes need handles too. */
function defaultMax(limit: number): number {
  return Math.max(1, Math.floor((limit - OTHERS_HANDLES) * CONNECTIONS_SHARE));
}

/** The number below which connections are too few for anything but a try. */
const FEW_CONNECTIONS = 100;
const OTHERS_HANDLES = 64;
const CONNECTIONS_SHARE = 0.8;
/** The reserved handles, for what the process itself opens while connections have taken all others. */
const KEPT_HANDLES = 16;
const LOOK_MS = 100;
const TOLD_EVERY_MS = 60_000;
const CUT_AFTER_MS = 1_000;
