/**
 * The worth of leases by this instance's own clock: until when it trusts its own, and when it may count others' leases as lapsed and their
 * owners as dead. Pure; every time is a reading of the monotonic clock.
 */

export type LeaseTimes = {
  /** The duration of a lease that is not renewed. */
  readonly ttlMs: number;
  /** The period of renewals. */
  readonly renewMs: number;
};

/** Another instance's times, as far as its leases tell: it renews them at least three times while they last. */
export function timesOf(ttlMs: number): LeaseTimes {
  return { ttlMs, renewMs: ttlMs / RENEWALS };
}

/** Since when the store has answered without a gap, and when it last did. */
export type Contact = { readonly sinceMs: number; readonly lastMs: number };

/** The margin of trust: clocks run at slightly different speeds, and time passes between the look at the clock and the act. */
const MARGIN = 0.1;
/** The least number of renewals that are sent while a lease lasts. */
const RENEWALS = 3;

/**
 * Until when a lease may be trusted that was taken or renewed by a call which was SENT at `sentAtMs`: the store reckons from when it got
 * the call, which is later. (The idea of a trust window is riverqueue/river's.)
 */
export function trustedUntilMs(sentAtMs: number, { ttlMs }: LeaseTimes): number {
  return sentAtMs + ttlMs * (1 - MARGIN);
}

/** The contact after an answered look at everything. After a gap that may have let leases lapse, contact begins anew. */
export function answered(contact: Contact | null, nowMs: number, times: LeaseTimes): Contact {
  if (contact === null || nowMs - contact.lastMs > harmlessGapMs(times)) return { sinceMs: nowMs, lastMs: nowMs };
  return { sinceMs: contact.sinceMs, lastMs: nowMs };
}

/**
 * Whether the last answer may be trusted about others. A stall of the store lets everybody's leases lapse, and after a pause this instance
 * may see old answers. Only once its own calls have been answered for a full TTL has everybody who lives had the time to renew.
 */
export function mayJudge(contact: Contact | null, { ttlMs }: LeaseTimes): boolean {
  return contact !== null && contact.lastMs - contact.sinceMs >= ttlMs;
}

/** Null if leases of these times work, else the reason why not. */
export function faultOf({ ttlMs, renewMs }: LeaseTimes): string | null {
  if (renewMs > 0 && renewMs * RENEWALS <= ttlMs) return null;
  return `A lease of ${ttlMs} ms that is renewed every ${renewMs} ms would not outlast two lost renewals: it must last three times as long.`;
}

/** The longest gap between two answers that is too short to let a lease lapse. */
function harmlessGapMs({ ttlMs, renewMs }: LeaseTimes): number {
  return ttlMs * (1 - MARGIN) - renewMs;
}
