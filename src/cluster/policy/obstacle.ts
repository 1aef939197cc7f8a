/** The reason why an instance among several should get no requests now, as a sentence for readiness. */
import { type Barred, DataLost } from "../../store/shared-store.ts";

export type Standing = {
  /** The time since the store answered a look at everything; null before the first. */
  readonly silentMs: number | null;
  readonly ttlMs: number;
  readonly lanes: number;
  readonly trusted: number;
  /** The number of lanes that this instance should have; null if that is not known, or it does not count yet. */
  readonly share: number | null;
};

/** A sentence if the store is away, else null. */
export function silenceOf({ silentMs, ttlMs }: Pick<Standing, "silentMs" | "ttlMs">): string | null {
  if (silentMs === null) return "The store has not answered yet.";
  return silentMs > ttlMs ? `The store has not answered for ${Math.round(silentMs)} ms.` : null;
}

/** The reason why nothing may be written to the store any more. */
export function reasonOf(error: Barred): string {
  return error instanceof DataLost ? `The store's data is lost: ${error.message}` : error.message;
}

/** The obstacle; null if all is well. */
export function obstacleOf({ silentMs, ttlMs, lanes, trusted, share }: Standing): string | null {
  const silence = silenceOf({ silentMs, ttlMs });
  if (silence !== null) return silence;
  if (trusted > 0) return null;
  if (lanes > 0) return "The leases of this instance have lapsed.";
  return share === 0 ? null : "This instance owns no lane yet.";
}
