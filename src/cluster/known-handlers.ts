/** Which handlers there are: here, and at the other instances that live. Whoever waits for one hears when that changes. */
import type { Clock } from "../env/clock.ts";
import type { Log } from "../env/log/log.ts";
import type { Catalog, HandlerInfo } from "../workflow/definition/catalog.ts";
import type { ReasonOf } from "../workflow/view/view.ts";

/** Another instance that lives. `handlers`: by every name; null where it does not tell. */
type Peer = { readonly name: string; readonly leaving: boolean; readonly handlers: readonly string[] | null };

export interface KnownHandlers {
  /** Those of this instance's threads, by every name. */
  here(): Catalog;
  /** Those that are told of here or by any other instance that lives: what a definition may name. */
  all(): Catalog;
  /** Whether another instance has it, and takes work. */
  isElsewhere(handler: string): boolean;
  /** Every other instance tells what it has: else nothing is offered, since an older one claims also what it cannot run. */
  othersTell(): boolean;
  /** Why QUEUED nodes wait for their handlers, as far as is known now. */
  reasons(): ReasonOf;
  /** A node waits for its handler, which is not here: where no other instance has it either the log tells, once in a while for each handler. */
  waitsFor(handler: string, execution: string, node: string): void;
  /** Called after any of it has changed. The answer ends it. */
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

/** What is missing for longer, or again, is told of again after this. */
const TOLD_EVERY_MS = 600_000;

export function createKnownHandlers({ here, onHere, peers, onPeers, clock, log }: KnownHandlersOptions): KnownHandlers {
  const listeners = new Set<() => void>();
  /** When the log told that a handler is missing; as many as there are names of handlers that somebody once had. */
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

/** `elsewhere`: by handler, the names of the other instances that have it. */
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
