/** One attempt in hand: an entry in its execution's table, from its start until its outcome is settled. */
import type { Attempt, ExecutionRef, Outcome } from "../pool.ts";

export type Entry = {
  readonly attempt: Attempt;
  readonly table: EntryOwner;
  /** The order of starts: earlier ones have lower numbers. */
  readonly order: number;
  /** The line in which it waits, or from which it was given to a host. */
  line: Line;
  /** The host that it was given to; null while it waits and after its outcome. */
  place: Place | null;
  slot: number;
  /** The time of its begin; 0 until it has begun. */
  beganAtMs: number;
  /** Whether it has run long enough for its start to be reported. */
  ranLong: boolean;
  stop: Stop | null;
  /** The outcome; null while it is open. */
  outcome: Outcome | null;
  /** Whether it is offered to other instances: neither a host nor the line here has it. */
  outside: boolean;
  /** The boot id of the instance that runs it, if that is another one: no host here has it. */
  executor: string | null;
  /** Whether it was taken back, or never began at a clean end: nobody wants to hear of it. */
  forgotten: boolean;
};

/** Whether another instance runs it, or is offered it. */
export function isElsewhere({ outside, executor }: Entry): boolean {
  return outside || executor !== null;
}

/** A stop that it was told. `endByMs`: the time after which its host is ended. */
export type Stop = { readonly cause: "timeout" | "asked"; readonly endByMs: number };

/** The table that an entry belongs to, as the rest of the pool needs it. */
export interface EntryOwner {
  readonly execution: ExecutionRef;
  began(entry: Entry): void;
  ended(entry: Entry, outcome: Outcome): void;
}

/** A line in which entries wait for a thread, here or elsewhere. */
export interface Line {
  add(entry: Entry): void;
  /** Takes back an open entry. Returns true if it had not begun, and now never will. */
  takeBack(entry: Entry): boolean;
  /** Tells those of these entries that have begun to stop. After the grace period their hosts are ended. */
  stop(entries: readonly Entry[], message: string): void;
}

/** The place that an entry was given to. */
export interface Place {
  /** Takes an entry back. Returns true if it had not begun and never will. */
  takeBack(entry: Entry): boolean;
  /** Tells those of them that have begun to stop, once each. */
  stop(entries: readonly Entry[], stop: Stop, message: string): void;
}
