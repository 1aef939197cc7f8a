/** Attempts and outcomes of a host, before they are packed for a pipe. */
import type { Attempt, ExecutionRef } from "../pool.ts";

/** One attempt for a host. On the way back it is known by its slot alone. */
export type Work = { readonly slot: number; readonly attempt: Attempt; readonly execution: ExecutionRef };

/**
 * The kinds of ends of an attempt in a host. `failed`: its text is the Failure's JSON. The others have no text: `returned` had been taken
 * back, `unknown` has a handler that the host does not have.
 */
export const OutcomeKind = { completed: 0, failed: 1, returned: 2, unknown: 3 } as const;

/** Outcomes in columns. */
export type Outcomes = { readonly slots: number[]; readonly kinds: number[]; readonly texts: string[] };

/** Empty columns to collect in. */
export function noOutcomes(): Outcomes {
  return { slots: [], kinds: [], texts: [] };
}

/** The reason why a running attempt is told to stop, which its signal's reason will say. */
export type AbortReason = { readonly name: "TimeoutError" | "AbortError"; readonly message: string };
