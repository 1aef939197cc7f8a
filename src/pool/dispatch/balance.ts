/** Balance between hosts: they were given as much each, but one has begun all of it while another still has a lot before it. */
import type { HostHandle } from "./host-handle.ts";

/** The wait from which a move is worth its cost. */
const WORTH_MS = 4;
/** The most that is moved at a time. By the time these have begun, a thread that was only not scheduled for a while has caught up. */
const MOVED_MAX = 512;

/** Gives `idle`, which has begun everything that it had, half of what waits longest at another host, if that is worth it. */
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
