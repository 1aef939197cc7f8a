/** Levels among instances, as rules: when one comes into use, and what is said until then. Times are readings of the monotonic clock. */

/** An instance that lives. */
export type Levelled = { readonly name: string; readonly level: number };

/** The highest level that all know who live, and since when that is so. */
export type Shown = { readonly level: number; readonly sinceMs: number };

/** What needs a level may be written where everybody who lives knows it: what a single one of them cannot read would wait for ever. */
export function mayUse(level: number, living: readonly Levelled[]): boolean {
  return living.every((member) => member.level >= level);
}

/** `before`: by the look before; null before the first. */
export function shownBy(living: readonly Levelled[], before: Shown | null, nowMs: number): Shown | null {
  if (living.length === 0) return null;
  const level = Math.min(...living.map((member) => member.level));
  return before?.level === level ? before : { level, sinceMs: nowMs };
}

/**
 * The level that comes into use now; null where nothing changes. All have shown it for a TTL, so the leases of whoever was silent by
 * then, and may be of an older build, have lapsed.
 */
export function risesTo(
  shown: Shown | null,
  inUse: number,
  { nowMs, ttlMs }: { readonly nowMs: number; readonly ttlMs: number },
): number | null {
  if (shown === null || shown.level <= inUse || nowMs - shown.sinceMs < ttlMs) return null;
  return shown.level;
}

/** Why what needs `level` must wait, as a sentence. */
export function waitsFor(level: number, inUse: number, living: readonly Levelled[]): string {
  const need = `This needs level ${level}, and level ${inUse} is in use`;
  const below = living.filter((member) => member.level < level).map(({ name }) => name);
  if (below.length === 0) return `${need}: in some seconds it is ${level}, since all instances are of a version that knows it.`;
  return `${need}: it is taken when every instance is of a version that knows it, and ${below.join(", ")} ${below.length === 1 ? "is" : "are"} not.`;
}
