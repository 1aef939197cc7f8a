/** One attempt in hand: an entry in its execution's table, from its start until its outcome is settled. */
import type { Attempt, ExecutionRef, Outcome } from "../pool.ts";

export type Entry = {
  readonly attempt: Attempt;
  readonly table: EntryOwner;
  /** Earlier starts have lower numbers. */
  readonly order: number;
  /** Where it waits, or was given to a host from. */
  line: Line;
  /** The host that it was given to; null while it waits and after its outcome. */
  place: Place | null;
  slot: number;
  /** 0 until it has begun. */
  beganAtMs: number;
  /** It has run long enough for its start to be told. */
  ranLong: boolean;
  stop: Stop | null;
  /** Null while it is open. */
  outcome: Outcome | null;
  /** It is offered to other instances: neither a host nor the line here has it. */
  outside: boolean;
  /** It runs at another instance, under this boot id: no host here has it. */
  executor: string | null;
  /** Taken back, or never begun at a clean end: nobody wants to hear of it. */
  forgotten: boolean;
};

/** Another instance runs it, or is offered it. */
export function isElsewhere({ outside, executor }: Entry): boolean {
  return outside || executor !== null;
}

/** It was told to stop. `endByMs`: then its host is ended. */
export type Stop = { readonly cause: "timeout" | "asked"; readonly endByMs: number };

/** The table that an entry belongs to, as the rest of the pool needs it. */
export interface EntryOwner {
  readonly execution: ExecutionRef;
  began(entry: Entry): void;
  ended(entry: Entry, outcome: Outcome): void;
}

/** Where entries wait for a thread, here or elsewhere. */
export interface Line {
  add(entry: Entry): void;
  /** For an open entry: true where it had not begun, and now never will. */
  takeBack(entry: Entry): boolean;
  /** Tells those of these entries that have begun to stop; after the grace period their hosts are ended. */
  stop(entries: readonly Entry[], message: string): void;
}

/** Where an entry was given to. */
export interface Place {
  /** True where it had not begun and never will. */
  takeBack(entry: Entry): boolean;
  /** Tells those of them that have begun to stop, once each. */
  stop(entries: readonly Entry[], stop: Stop, message: string): void;
}
