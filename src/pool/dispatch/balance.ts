/** Evens out hosts that were given as much each, of which one has begun all of it while another still has a lot before it. */
import type { HostHandle } from "./host-handle.ts";

/** What begins sooner than this is not worth a move. */
const WORTH_MS = 4;
/** By the time these have begun, a thread that only was not scheduled for a while has caught up. */
const MOVED_MAX = 512;

/** Gives `idle`, which has begun all that it had, half of what waits the longest at another host, where that is worth it. */
export function balance(hosts: readonly HostHandle[], idle: HostHandle, nowMs: number): void {
  let busiest: HostHandle | null = null;
  let longestMs = WORTH_MS;
  for (const host of hosts) {
    if (host === idle || host.state !== "ready" || host.queued < 2) continue;
    const waitMs = host.waitMs(nowMs);
    if (waitMs <= longestMs) continue;
    busiest = host;
    longestMs = waitMs;
  }
  if (busiest === null) return;
  for (const entry of busiest.takeBackHalf(Math.min(idle.room, MOVED_MAX))) idle.put(entry, nowMs);
  idle.send();
}
