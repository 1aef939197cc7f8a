/** Deletes what retention allows, some executions of a lane in one script, so that Redis is never held for long. */
import { boundsUntil, indexKind, indexMembers, positionIn } from "./redis-index.ts";
import type { LaneKeys, RedisKeys } from "./redis-keys.ts";
import type { LaneCalls } from "./redis-lane-calls.ts";
import { type ReadSummary, readSummaries } from "./redis-reads.ts";
import { scripts } from "./redis-scripts.ts";
import type { Retention } from "./store.ts";

const BATCH = 10;

/** Answers how many executions went. */
export async function sweepLanes(calls: LaneCalls, keys: RedisKeys, retention: Retention): Promise<number> {
  let gone = 0;
  for (const lane of keys.lanes) {
    for (const [kind, keptMs] of [
      [indexKind.ended, retention.finishedMs],
      [indexKind.untriggered, retention.untriggeredMs],
    ] as const) {
      gone += await sweepLane(calls, lane, kind, retention.nowMs - keptMs, retention.limit - gone);
      if (gone >= retention.limit) return gone;
    }
  }
  return gone;
}

async function sweepLane(calls: LaneCalls, keys: LaneKeys, kind: string, untilMs: number, limit: number): Promise<number> {
  let gone = 0;
  for (;;) {
    const size = Math.min(BATCH, limit - gone);
    const [min, max] = boundsUntil(kind, untilMs);
    const [members] = await calls.read(keys.record, ["zrangebylex", keys.index, min, max, "limit", "0", String(size)]);
    const ids = (members as readonly string[]).map((member) => positionIn(member, kind).id);
    const some = await forget(
      calls,
      keys,
      (await readSummaries(calls, keys, ids)).filter((read) => read !== null),
    );
    gone += some;
    // Fewer than were found: the outbox still points at the others, or they have changed.
    if (some < BATCH || gone >= limit) return gone;
  }
}

/** Only what is still as it was read. */
async function forget(calls: LaneCalls, keys: LaneKeys, executions: readonly ReadSummary[]): Promise<number> {
  if (executions.length === 0) return 0;
  const named = [keys.index, keys.outbox, keys.definitions];
  const args = [String(executions.length)];
  for (const { summary, packed } of executions) {
    named.push(keys.summary(summary.id), keys.log(summary.id), keys.big(summary.id), keys.definition(summary.definition));
    args.push(packed, indexMembers(summary).join("\n"));
  }
  return (await calls.run(keys.record, { script: scripts.forget, keys: named, args })) as number;
}
