/** The choice of a host for the next attempt, and of the attempts that leave hosts first. */
import type { Entry } from "./entry.ts";
import type { HostHandle } from "./host-handle.ts";

/** The least busy host of those that can be given more, with fewer than `most` in hand; null if there is none. */
export function leastBusy(hosts: readonly HostHandle[], most: number): HostHandle | null {
  let best: HostHandle | null = null;
  for (const host of hosts) {
    if (host.state !== "ready" || host.silent || host.room === 0 || host.inHand >= most) continue;
    if (best === null || host.inHand < best.inHand) best = host;
  }
  return best;
}

/** Takes back up to `max` attempts that would begin last and that `mayGo` allows. */
export function takeLastOf(hosts: readonly HostHandle[], max: number, mayGo: (entry: Entry) => boolean): readonly Entry[] {
  const queued = hosts.flatMap((host) => (host.state === "ready" ? host.queuedEntries() : []));
  queued.sort((a, b) => a.attempt.priority - b.attempt.priority || b.order - a.order);
  const taken: Entry[] = [];
  for (const entry of queued) {
    if (taken.length === max) break;
    if (mayGo(entry) && entry.place?.takeBack(entry) === true) taken.push(entry);
  }
  return taken;
}
