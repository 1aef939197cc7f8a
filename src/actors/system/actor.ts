/** The interface of actors: what an actor does with its messages, what the system gives it, and what it throws if it cannot go on. */

export type Actor<M> = {
  /** Receives messages, batch by batch. A rejection is a crash: the actor is thrown away and started again. */
  receive(batch: readonly M[]): Promise<void>;
  /** Lets go of everything. Nothing of it may act afterwards. */
  stop(): void;
};

/** The part of the system that an actor is given. */
export type Self<M> = {
  readonly id: string;
  /** Delivers a message to itself, in a later turn. */
  deliver(message: M): void;
  /**
   * Says that it has nothing left to do: it is stopped once its mailbox is empty. This must be said again with each batch that follows.
   */
  finished(): void;
};

export type Behaviour<M, A extends Actor<M> = Actor<M>> = {
  /** Makes the actor; null if there is nothing to act for. Throwing or rejecting is a crash, except for what `mayWait` says. */
  start(self: Self<M>): A | null | Promise<A | null>;
  /** Whether a failure to start may pass (the store is away): then it is tried again, and not counted. */
  mayWait(error: unknown): boolean;
  /** Tells the sender that there is nobody to receive this message to `id`. */
  undeliverable(id: string, message: M, why: Gone | "stalled"): void;
  /** The actor is left alone until the next sweep: what it holds of what others want too is given back. */
  stalled(id: string): void;
  /** The actor found out by itself that its work is another instance's, and is not there any more. */
  moved(id: string): void;
};

/** The reason why an actor is not there. `moved`: it is another instance's. */
export type Gone = "unknown" | "stopped" | "moved";

/** Thrown by an actor that would crash again in the same way: it is left alone until the next sweep. */
export class Stall extends Error {
  override readonly name = "Stall";
}

/** Thrown at the start of an actor that must wait for something: it is tried again soon, and not counted. */
export class NotYet extends Error {
  override readonly name = "NotYet";
}

/** Thrown at the start of an actor that this build cannot understand: no sweep starts it again, and nothing that it has is lost by that. */
export class Incomprehensible extends Stall {}

/** Thrown by an actor, also at its start, whose work is another instance's. This is no crash: it is not there any more. */
export class Moved extends Error {
  override readonly name = "Moved";
}
