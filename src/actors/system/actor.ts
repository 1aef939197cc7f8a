/** An actor: what it does with its messages, what it is given of the system, and what it throws where it cannot go on. */

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
  /** It has nothing left to do: it is stopped once its mailbox is empty. To be said again with each batch that follows. */
  finished(): void;
};

export type Behaviour<M, A extends Actor<M> = Actor<M>> = {
  /** Makes the actor, null where there is nothing to act for. Throws or rejects: a crash, but for what `mayWait` says. */
  start(self: Self<M>): A | null | Promise<A | null>;
  /** A failure to start that is nobody's fault (the store is away): tried again, not counted. */
  mayWait(error: unknown): boolean;
  /** Tells the sender that there is nobody to receive this message to `id`. */
  undeliverable(id: string, message: M, why: Gone | "stalled"): void;
  /** It is left alone until the next sweep: what it holds of what others want too is given back. */
  stalled(id: string): void;
  /** It found out by itself that its work is another instance's, and is not there any more. */
  moved(id: string): void;
};

/** Why an actor is not there. `moved`: it is another instance's. */
export type Gone = "unknown" | "stopped" | "moved";

/** Thrown by an actor that would crash again the same way: it is left alone until the next sweep. */
export class Stall extends Error {
  override readonly name = "Stall";
}

/** Thrown by an actor, also at its start, whose work is another instance's: no crash, it is not there any more. */
export class Moved extends Error {
  override readonly name = "Moved";
}
