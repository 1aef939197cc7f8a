/** What a host is given and what it gives back, before either is packed for a pipe. */
import type { Attempt, ExecutionRef } from "../pool.ts";

/** One attempt for a host. On the way back it is known by its slot alone. */
export type Work = { readonly slot: number; readonly attempt: Attempt; readonly execution: ExecutionRef };

/**
 * How an attempt left a host. `failed`: its text is the Failure's JSON. The others have none: `returned` had been taken back,
 * `unknown` is of a handler that the host does not have.
 */
export const OutcomeKind = { completed: 0, failed: 1, returned: 2, unknown: 3 } as const;

/** Outcomes in columns. */
export type Outcomes = { readonly slots: number[]; readonly kinds: number[]; readonly texts: string[] };

/** Empty columns to collect in. */
export function noOutcomes(): Outcomes {
  return { slots: [], kinds: [], texts: [] };
}

/** Why a running attempt is told to stop: what its signal's reason will say. */
export type AbortReason = { readonly name: "TimeoutError" | "AbortError"; readonly message: string };
