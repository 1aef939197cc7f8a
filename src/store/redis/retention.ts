/** Retention: it deletes a few executions of a lane in one script, so that Redis is never blocked for long. */
import { boundsUntil, indexKind, indexMembers, positionOf } from "./index-keys.ts";
import type { LaneKeys, RedisKeys } from "./keys.ts";
import type { LaneCalls } from "./calls/lane-calls.ts";
import type { PartCalls } from "./calls/part-calls.ts";
import { type ReadSummary, readSummaries } from "./reads.ts";
import { scripts } from "./calls/scripts.ts";
import type { Retention, Summary } from "../store.ts";

/** The executions that one script deletes: it blocks Redis for less than a millisecond. */
const BATCH = 100;

export type SweepOptions = {
  readonly calls: LaneCalls;
  /** The calls of the script `summary`. */
  readonly summaries: PartCalls;
  readonly keys: RedisKeys;
  readonly retention: Retention;
  /** Resolves when a batch does not delay commits and creates. */
  readonly turn: () => Promise<unknown>;
};

/** Sweeps the lanes and resolves with the number of deleted executions. */
export async function sweepLanes(options: SweepOptions): Promise<number> {
  const { nowMs, finishedMs, untriggeredMs, limit } = options.retention;
  let gone = 0;
  for (const lane of options.keys.lanes) {
    for (const [kind, keptMs] of [
      [indexKind.ended, finishedMs],
      [indexKind.untriggered, untriggeredMs],
    ] as const) {
      for (let some = BATCH; some === BATCH && gone < limit; gone += some) {
        some = await sweepSome(options, lane, { kind, untilMs: nowMs - keptMs, size: Math.min(BATCH, limit - gone) });
      }
    }
  }
  return gone;
}

type Some = { readonly kind: string; readonly untilMs: number; readonly size: number };

/**
 * Deletes some and resolves with their number. It is less than `size` if there are no more, if the outbox still points at the others, or if
 * they have changed.
 */
async function sweepSome({ calls, summaries, turn }: SweepOptions, keys: LaneKeys, { kind, untilMs, size }: Some): Promise<number> {
  await turn();
  const [min, max] = boundsUntil(kind, untilMs);
  const [members] = await calls.read(keys.record, ["zrangebylex", keys.index, min, max, "limit", "0", String(size)]);
  const ids = (members as readonly string[]).map((member) => positionOf(member.slice(kind.length)).id);
  const found = (await readSummaries(summaries, keys, ids)).filter((read) => read !== null);
  if (found.length === 0) return 0;
  await turn();
  return forget(calls, keys, found);
}

/** Deletes one execution, if it is the one that was created at that time. False where it changes meanwhile, or the outbox points at it. */
export async function removeExecution(
  { calls, summaries }: Pick<SweepOptions, "calls" | "summaries">,
  keys: LaneKeys,
  { id, createdAtMs }: Pick<Summary, "id" | "createdAtMs">,
): Promise<boolean> {
  const [read] = await readSummaries(summaries, keys, [id]);
  if (read === null || read === undefined || read.summary.createdAtMs !== createdAtMs) return true;
  return (await forget(calls, keys, [read])) === 1;
}

/** Deletes only what is unchanged since it was read. */
async function forget(calls: LaneCalls, keys: LaneKeys, executions: readonly ReadSummary[]): Promise<number> {
  const named = [keys.index, keys.outbox, keys.definitions, keys.active];
  const args = [String(executions.length)];
  for (const { summary, packed } of executions) {
    const members = indexMembers(summary);
    named.push(keys.summary(summary.id), keys.log(summary.id), keys.big(summary.id), keys.definition(summary.definition));
    args.push(packed, String(members.length), ...members);
  }
  return (await calls.run(keys.record, { script: scripts.forget, keys: named, args })) as number;
}
