/** What is left when all is over: of a play of several instances there shall be nothing but their results. */
import type { SharedMemoryFiles } from "../../src/store/memory/shared-memory-store.ts";
import type { InstanceInPlay } from "./instance-in-play.ts";

/** Looks, renewals, sweeps and retention go on for ever; of each of the first two there may be the deadlines of its calls. */
const TIMERS_MAX = 8;

/** As sentences; [] where all is well. */
export function remains(files: SharedMemoryFiles, instances: readonly InstanceInPlay[]): string[] {
  return [...inStore(files), ...instances.filter(({ life }) => life.alive).flatMap(inInstance)];
}

function inStore({ lanes, executions }: SharedMemoryFiles): string[] {
  const found: string[] = [];
  for (const lane of lanes) {
    for (const { id, claimedBy } of lane.offers()) found.push(`lane ${lane.lane} holds offer ${id}, claimed by ${claimedBy}`);
    for (const { id } of lane.commandsAfter(0, 100)) found.push(`lane ${lane.lane} holds command ${id}`);
    const unsent = lane.outbox(100).length;
    if (unsent > 0) found.push(`lane ${lane.lane} has ${unsent} entries that are not published`);
  }
  for (const { summary } of executions.values()) {
    if (summary.triggeredAtMs !== null && !summary.closed) found.push(`execution ${summary.id} is ${summary.status} and not closed`);
  }
  return found;
}

function inInstance({ name, state, engine, life, inHand, outside }: InstanceInPlay): string[] {
  if (state !== "up" || engine === null) return [`${name} is ${state}`];
  const { executions, pool, obstacle } = engine.health();
  const counts = { ...executions, begun: pool.begun, queued: pool.waiting, outside: outside() };
  const found = Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`]));
  if (obstacle !== null) found.push(obstacle);
  found.push(...inHand());
  if (life.timers > TIMERS_MAX) found.push(`${life.timers} timers`);
  return found.map((each) => `${name}: ${each}`);
}
