/** The actor system: actors by id, each with its mailbox, started on demand, restarted by the rules of supervision. */
import type { Clock } from "../env/clock.ts";
import type { Log } from "../env/log.ts";
import type { Turns } from "../env/turns.ts";
import { createMailbox, type Mailbox } from "./mailbox.ts";
import { directive, type Intensity } from "./supervision.ts";

export type Actor<M> = {
  /** Awaited batch by batch. A rejection is a crash: the actor is thrown away and started again. */
  receive(batch: readonly M[]): Promise<void>;
  /** Lets go of everything; nothing of it may act afterwards. */
  stop(): void;
};

/** What an actor is given of the system. */
export type Self<M> = {
  readonly id: string;
  /** To itself, in a later turn. */
  deliver(message: M): void;
  /** It has nothing left to do: it is stopped once its mailbox is empty. */
  finished(): void;
};

export type Behaviour<M> = {
  /** Makes the actor, null where there is nothing to act for. Rejects: a crash, but for what `mayWait` says. */
  start(self: Self<M>): Promise<Actor<M> | null>;
  /** A failure to start that is nobody's fault (the store is away): tried again, not counted. */
  mayWait(error: unknown): boolean;
  /** Tells the sender that there is nobody to receive this message. */
  undeliverable(message: M, why: Gone | "stalled"): void;
  /** It is left alone until the next sweep: what it holds of what others want too is given back. */
  stalled(id: string): void;
  /** It found out by itself that its work is another instance's, and is not there any more. */
  moved(id: string): void;
};

/** Why an actor is not there. `moved`: it is another instance's. */
export type Gone = "unknown" | "stopped" | "moved";

export type ActorSystem<M> = {
  /** Starts the actor where it is not there yet. Resolves when it has started, or is gone or stalled. */
  ensure(id: string): Promise<void>;
  /** Starts it where needed. False: its mailbox is full, it is stalled, or the system stops. */
  tell(id: string, message: M): boolean;
  has(id: string): boolean;
  isStalled(id: string): boolean;
  readonly hasStalled: boolean;
  ids(): readonly string[];
  /** They are another instance's now: stopped at once, also in the middle of a batch. */
  drop(ids: readonly string[]): void;
  /** Starts every stalled actor again. */
  sweep(): void;
  readonly size: number;
  /** Resolves when no actor starts and no mailbox holds a message. */
  idle(): Promise<void>;
  stop(): void;
};

type Cell<M> = {
  readonly id: string;
  readonly mailbox: Mailbox<M>;
  readonly crashesAtMs: number[];
  actor: Actor<M> | null;
  phase: "starting" | "running" | "stalled" | "gone";
  leaving: boolean;
  delayMs: number;
  readonly whenStarted: (() => void)[];
};

const START_RETRY_MS = { first: 50, longest: 1_000 };

export function createActorSystem<M>(options: {
  readonly behaviour: Behaviour<M>;
  readonly intensity: Intensity;
  readonly mailboxLimit: number;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly log: Log;
}): ActorSystem<M> {
  const { behaviour, intensity, mailboxLimit, clock, turns, log } = options;
  const cells = new Map<string, Cell<M>>();
  const idleWaiters: (() => void)[] = [];
  let looking = false;
  let stopped = false;

  function spawn(id: string): Cell<M> {
    const cell: Cell<M> = {
      id,
      mailbox: createMailbox<M>({
        turns,
        limit: mailboxLimit,
        receive: async (batch) => {
          await cell.actor?.receive(batch);
          turns.run(() => afterwards(cell));
        },
        crashed: (error) => crashed(cell, error),
      }),
      crashesAtMs: [],
      actor: null,
      phase: "starting",
      leaving: false,
      delayMs: START_RETRY_MS.first,
      whenStarted: [],
    };
    cells.set(id, cell);
    void start(cell);
    return cell;
  }

  async function start(cell: Cell<M>): Promise<void> {
    if (cell.phase === "gone") return;
    cell.phase = "starting";
    cell.leaving = false;
    let actor: Actor<M> | null;
    try {
      actor = await behaviour.start({
        id: cell.id,
        deliver: (message) => cell.mailbox.deliver(message),
        finished: () => {
          cell.leaving = true;
          // Its own batch may still be in hand; then it leaves at the end of that.
          turns.run(() => afterwards(cell));
        },
      });
    } catch (error) {
      if (!behaviour.mayWait(error)) return crashed(cell, error);
      clock.after(cell.delayMs, () => void start(cell));
      cell.delayMs = Math.min(START_RETRY_MS.longest, cell.delayMs * 2);
      return;
    }
    if (isGone(cell)) return actor?.stop();
    if (actor === null) return remove(cell, "unknown");
    cell.delayMs = START_RETRY_MS.first;
    cell.actor = actor;
    cell.mailbox.open();
    // What it was told while it started (outcomes that its last life had not recorded) comes in a turn before this one:
    // only then is it known whether it is idle.
    turns.run(() => {
      if (cell.actor !== actor) return;
      cell.phase = "running";
      started(cell);
      afterwards(cell);
    });
  }

  function crashed(cell: Cell<M>, error: unknown): void {
    if (cell.phase === "gone") return;
    if (error instanceof Moved) {
      remove(cell, "moved");
      return behaviour.moved(cell.id);
    }
    cell.mailbox.shut();
    cell.actor?.stop();
    cell.actor = null;
    cell.crashesAtMs.push(clock.nowMs());
    if (cell.crashesAtMs.length > intensity.restarts + 1) cell.crashesAtMs.shift();
    const next = error instanceof Stall ? { type: "stall" as const } : directive(cell.crashesAtMs, clock.nowMs(), intensity);
    log.error("A supervisor crashed.", { execution: cell.id, directive: next.type, error });
    if (next.type === "restart") {
      cell.phase = "starting";
      clock.after(next.afterMs, () => void start(cell));
    } else {
      cell.phase = "stalled";
      for (const message of cell.mailbox.takeOut()) behaviour.undeliverable(message, "stalled");
      behaviour.stalled(cell.id);
      started(cell);
    }
  }

  function afterwards(cell: Cell<M>): void {
    if (cell.leaving && cell.phase === "running" && cell.mailbox.idle()) remove(cell, "stopped");
    tellIdle();
  }

  /** One look a turn, however many actors have something to tell. */
  function tellIdle(): void {
    if (idleWaiters.length === 0 || looking) return;
    looking = true;
    turns.run(() => {
      looking = false;
      lookForWork();
    });
  }

  function lookForWork(): void {
    for (const cell of cells.values()) if (cell.phase === "starting" || (cell.phase === "running" && !cell.mailbox.idle())) return;
    for (const resolve of idleWaiters.splice(0)) resolve();
  }

  function remove(cell: Cell<M>, why: Gone): void {
    if (cell.phase === "gone") return;
    cell.phase = "gone";
    if (cells.get(cell.id) === cell) cells.delete(cell.id);
    cell.actor?.stop();
    for (const message of cell.mailbox.close()) behaviour.undeliverable(message, why);
    started(cell);
  }

  function started(cell: Cell<M>): void {
    for (const resolve of cell.whenStarted.splice(0)) resolve();
    tellIdle();
  }

  return {
    ensure(id) {
      if (stopped) return Promise.resolve();
      const cell = cells.get(id) ?? spawn(id);
      return cell.phase === "starting" ? new Promise((resolve) => cell.whenStarted.push(resolve)) : Promise.resolve();
    },
    tell(id, message) {
      if (stopped) return false;
      const cell = cells.get(id) ?? spawn(id);
      return cell.phase !== "stalled" && cell.mailbox.tell(message);
    },
    has: (id) => cells.has(id),
    isStalled: (id) => cells.get(id)?.phase === "stalled",
    get hasStalled() {
      return cells.values().some(({ phase }) => phase === "stalled");
    },
    ids: () => [...cells.keys()],
    drop(ids) {
      for (const id of ids) {
        const cell = cells.get(id);
        if (cell !== undefined) remove(cell, "moved");
      }
    },
    sweep() {
      for (const cell of cells.values()) {
        if (cell.phase !== "stalled") continue;
        cell.crashesAtMs.length = 0;
        void start(cell);
      }
    },
    get size() {
      return cells.size;
    },
    idle: () =>
      new Promise((resolve) => {
        idleWaiters.push(resolve);
        tellIdle();
      }),
    stop() {
      stopped = true;
      for (const cell of [...cells.values()]) remove(cell, "stopped");
    },
  };
}

/** Thrown by an actor that would crash again the same way: it is left alone until the next sweep. */
export class Stall extends Error {
  override readonly name = "Stall";
}

/** Thrown by an actor, also at its start, whose work is another instance's: no crash, it is not there any more. */
export class Moved extends Error {
  override readonly name = "Moved";
}

function isGone(cell: { readonly phase: string }): boolean {
  return cell.phase === "gone";
}
