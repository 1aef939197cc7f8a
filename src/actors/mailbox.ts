/** One actor's queue. Hands over everything that waits, one batch at a time; never two batches at once. */
import type { Turns } from "../env/turns.ts";

export type Mailbox<M> = {
  /** False: full, the sender must decide. For messages that start something new. */
  tell(message: M): boolean;
  /** For messages that are bounded where they start (outcomes, timers): never refused, or accepted work would be lost. */
  deliver(message: M): void;
  /** Holds deliveries back until `open`: while the actor starts, or starts again. What waits stays. */
  shut(): void;
  open(): void;
  /** No message waits and none is being received. */
  idle(): boolean;
  /** Takes out what waits. */
  takeOut(): readonly M[];
  /** The same, and the mailbox is not used any more. */
  close(): readonly M[];
};

type State = "idle" | "scheduled" | "busy" | "closed";

/**
 * `receive` is given batches in order and awaited. Where it rejects the mailbox shuts and `crashed` is told; what
 * waits then is kept for the next `open`.
 */
export function createMailbox<M>(options: {
  readonly turns: Turns;
  readonly limit: number;
  readonly receive: (batch: readonly M[]) => Promise<void>;
  readonly crashed: (error: unknown) => void;
}): Mailbox<M> {
  const { turns, limit, receive, crashed } = options;
  let queue: M[] = [];
  let state: State = "idle";
  let shut = true;

  function schedule(): void {
    if (shut || state !== "idle" || queue.length === 0) return;
    state = "scheduled";
    turns.run(() => void drain());
  }

  async function drain(): Promise<void> {
    if (state !== "scheduled") return;
    state = "idle";
    if (shut) return;
    state = "busy";
    const batch = queue;
    queue = [];
    try {
      await receive(batch);
    } catch (error) {
      if (closed()) return;
      state = "idle";
      shut = true;
      crashed(error);
      return;
    }
    if (closed()) return;
    state = "idle";
    schedule();
  }

  function closed(): boolean {
    return state === "closed";
  }

  function takeOut(): readonly M[] {
    const rest = queue;
    queue = [];
    return rest;
  }

  function push(message: M): void {
    queue.push(message);
    schedule();
  }

  return {
    tell(message) {
      if (closed() || queue.length >= limit) return false;
      push(message);
      return true;
    },
    deliver(message) {
      if (!closed()) push(message);
    },
    shut() {
      shut = true;
    },
    open() {
      shut = false;
      schedule();
    },
    idle: () => (state === "idle" || state === "closed") && queue.length === 0,
    takeOut,
    close() {
      state = "closed";
      return takeOut();
    },
  };
}
