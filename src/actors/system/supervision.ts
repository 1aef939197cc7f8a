/** Supervision as data: what to do about a crashed actor. Pure, so that it is a table in a test. */

export type Directive =
  | { readonly type: "restart"; readonly afterMs: number }
  /** Left alone until the next sweep. */
  | { readonly type: "stall" };

/** At most `restarts` within `periodMs`. */
export type Intensity = { readonly restarts: number; readonly periodMs: number };

export const SUPERVISOR_INTENSITY: Intensity = { restarts: 5, periodMs: 30_000 };

const FIRST_DELAY_MS = 10;
const LONGEST_DELAY_MS = 1_000;

/** `crashesAtMs`: the times of earlier crashes and of this one, which is the last. */
export function directive(crashesAtMs: readonly number[], nowMs: number, { restarts, periodMs }: Intensity): Directive {
  const recent = crashesAtMs.filter((atMs) => nowMs - atMs < periodMs).length;
  if (recent > restarts) return { type: "stall" };
  return { type: "restart", afterMs: Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (recent - 1)) };
}
