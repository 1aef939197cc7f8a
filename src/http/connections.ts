/**
 * Keeps connections from taking the last file handles. The server has no limit of its own, and takes all that wait in one go:
 * so the port is closed when there are too many, and some handles are kept back, which are free while it is closed.
 */
import type { Clock } from "../env/clock.ts";
import type { Handles } from "../env/process/handles.ts";

export type ConnectionsOptions = {
  readonly handles: Handles;
  /** Null: what the limit of handles leaves. */
  readonly max: number | null;
  readonly clock: Clock;
  readonly port: Port;
  /** Told of what operators should know, as sentences. */
  readonly report: (sentence: string) => void;
};

export type Port = {
  /** Takes no new connections; those that are idle end. */
  close(): void;
  /** Ends what is left of the closed port where nothing is being answered there; false where something is. */
  cut(): boolean;
  /** Takes connections again; false where it could not. */
  open(): boolean;
};

/** Watches until the answered function is called. */
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
    // What has not sent a whole request by now is cut, if nobody is answered beside it.
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

/** Well under the limit: files, other services and calls of nodes need handles too. */
function defaultMax(limit: number): number {
  return Math.max(1, Math.floor((limit - OTHERS_HANDLES) * CONNECTIONS_SHARE));
}

/** Fewer are too few for anything but a try. */
const FEW_CONNECTIONS = 100;
const OTHERS_HANDLES = 64;
const CONNECTIONS_SHARE = 0.8;
/** For what the process itself opens while connections have taken all others. */
const KEPT_HANDLES = 16;
const LOOK_MS = 100;
const TOLD_EVERY_MS = 60_000;
const CUT_AFTER_MS = 1_000;
