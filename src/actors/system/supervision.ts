/** Supervision as data: what to do about a crashed actor. It is pure, so a test can be a table. */
import { type Pauses, pauseBefore } from "../../env/backoff.ts";

export type Directive =
  | { readonly type: "restart"; readonly afterMs: number }
  /** Leaves it alone until the next sweep. */
  | { readonly type: "stall" };

/** The limit: at most `restarts` within `periodMs`. */
export type Intensity = { readonly restarts: number; readonly periodMs: number };

export const SUPERVISOR_INTENSITY: Intensity = { restarts: 5, periodMs: 30_000 };

const RESTARTS: Pauses = { firstMs: 10, longestMs: 1_000 };

/** The directive after a crash. `crashesAtMs`: the times of earlier crashes and of this one, which is the last. */
export function directive(crashesAtMs: readonly number[], nowMs: number, { restarts, periodMs }: Intensity): Directive {
  const recent = crashesAtMs.filter((atMs) => nowMs - atMs < periodMs).length;
  if (recent > restarts) return { type: "stall" };
  return { type: "restart", afterMs: pauseBefore(recent, RESTARTS) };
}
