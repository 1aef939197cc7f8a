/** The handlers that exist: here, and at the other living instances. Listeners hear when that changes. */
import type { Clock } from "../env/clock.ts";
import type { Log } from "../env/log/log.ts";
import type { Catalog, HandlerInfo } from "../workflow/definition/catalog.ts";
import type { ReasonOf } from "../workflow/view/view.ts";

/** Another living instance. `handlers`: by every name; null if it does not tell. */
type Peer = { readonly name: string; readonly leaving: boolean; readonly handlers: readonly string[] | null };

export interface KnownHandlers {
  /** The handlers of this instance's threads, by every name. */
  here(): Catalog;
  /** All handlers that are known here or told by any other living instance: what a definition may name. */
  all(): Catalog;
  /** Whether another instance has the handler, and takes work. */
  isElsewhere(handler: string): boolean;
  /** Whether every other instance tells its handlers. If not, nothing is offered, because an older one also claims what it cannot run. */
  othersTell(): boolean;
  /** The reasons why QUEUED nodes wait for their handlers, as far as they are known now. */
  reasons(): ReasonOf;
  /**
   * Notes that a node waits for its handler, which is not here. If no other instance has it either, the log says so, once in a while for
   * each handler.
   */
  waitsFor(handler: string, execution: string, node: string): void;
  /** Calls the listener after any of this has changed. The returned function ends it. */
  onChange(listener: () => void): () => void;
}

export type KnownHandlersOptions = {
  readonly here: () => Catalog;
  readonly onHere: (listener: () => void) => void;
  readonly peers: () => readonly Peer[];
  readonly onPeers: (listener: () => void) => void;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly log: Pick<Log, "warn">;
};

/** The time after which a handler that is still missing, or again, is logged again. */
const TOLD_EVERY_MS = 600_000;

export function createKnownHandlers({ here, onHere, peers, onPeers, clock, log }: KnownHandlersOptions): KnownHandlers {
  const listeners = new Set<() => void>();
  /** When a missing handler was logged; as many as there are names of handlers that somebody once had. */
  const toldAtMs = new Map<string, number>();
  let known = look();

  function look(): Known {
    const all = new Map<string, HandlerInfo>(here());
    const elsewhere = new Map<string, string[]>();
    for (const { name, leaving, handlers } of peers()) {
      for (const handler of handlers ?? []) {
        if (!all.has(handler)) all.set(handler, { name: handler, names: [handler], needs: [] });
        if (!leaving) elsewhere.set(handler, [...(elsewhere.get(handler) ?? []), name]);
      }
    }
    const othersTell = peers().every(({ handlers }) => handlers !== null);
    return { all, elsewhere, othersTell, reasonOf: reasonsFor(here(), elsewhere) };
  }

  function changed(): void {
    known = look();
    for (const listener of [...listeners]) listener();
  }

  onHere(changed);
  onPeers(changed);
  return {
    here,
    all: () => known.all,
    isElsewhere: (handler) => known.elsewhere.has(handler),
    othersTell: () => known.othersTell,
    reasons: () => known.reasonOf,
    waitsFor(handler, execution, node) {
      if (known.elsewhere.has(handler)) return;
      const nowMs = clock.monotonicMs();
      if (nowMs - (toldAtMs.get(handler) ?? Number.NEGATIVE_INFINITY) < TOLD_EVERY_MS) return;
      toldAtMs.set(handler, nowMs);
      log.warn("No instance has the handler of a node: the node waits until an instance has it.", { handler, execution, node });
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

type Elsewhere = ReadonlyMap<string, readonly string[]>;
type Known = { readonly all: Catalog; readonly elsewhere: Elsewhere; readonly othersTell: boolean; readonly reasonOf: ReasonOf };

/** The reasons. `elsewhere`: by handler, the names of the other instances that have it. */
function reasonsFor(here: Catalog, elsewhere: Elsewhere): ReasonOf {
  return (handler, missing) => {
    const named = JSON.stringify(handler);
    const others = elsewhere.get(handler);
    if (!here.has(handler) && others === undefined)
      return `No instance has the handler ${named}: the node waits for an instance that has it.`;
    if (!missing || others === undefined) return null;
    return `The instance that owns the execution does not have the handler ${named}: the node waits for room at ${others.join(", ")}, which has it.`;
  };
}
