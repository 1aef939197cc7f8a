/** Lanes' leases, and ids that belong to a lane. */
import type { SharedStore } from "../../src/store/shared-store.ts";
import type { Lease } from "../../src/store/store.ts";

/** So long that no test sees its end. */
export const LONG_MS = 60_000;

/** The lane for this boot. Throws where another has it. */
export async function leaseOf(store: SharedStore, lane: number, bootId: string, ttlMs = LONG_MS): Promise<Lease> {
  const taken = await store.takeLease(lane, bootId, ttlMs);
  if (taken.type === "held") throw new Error(`Lane ${lane} is another's for ${taken.remainingMs} ms.`);
  return taken.lease;
}

/** Ids that belong to the lane; the same for the same question. */
export function idsIn(store: SharedStore, lane: number, count: number): readonly string[] {
  const ids: string[] = [];
  for (let at = 0; ids.length < count; at++) if (store.laneOf(`x${at}`) === lane) ids.push(`x${at}`);
  return ids;
}

/** One of them. */
export function idIn(store: SharedStore, lane: number, number = 0): string {
  return idsIn(store, lane, number + 1).at(-1) as string;
}
