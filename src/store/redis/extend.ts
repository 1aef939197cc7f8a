/** The extension of an execution that was also created here: what happened elsewhere is written behind its first event. */
import { indexMembers } from "./index-keys.ts";
import type { LaneKeys } from "./keys.ts";
import type { LaneCalls } from "./calls/lane-calls.ts";
import { scripts } from "./calls/scripts.ts";
import { packChunk, packProgress } from "./summary.ts";
import { packPointer } from "./writes.ts";
import type { Extension } from "../shared-store.ts";

export async function extendExecution(
  calls: LaneCalls,
  keys: LaneKeys,
  { summary, chunks, large }: Extension,
  outbox: boolean,
): Promise<boolean> {
  const { id, triggeredAtMs } = summary;
  const before = new Set(indexMembers({ ...summary, status: "PENDING", triggeredAtMs: null, closed: false }));
  const after = new Set(indexMembers(summary));
  const [gone, come] = [[...before.difference(after)], [...after.difference(before)]];
  const counts = [gone, come, chunks, large].map(({ length }) => String(length));
  const args = [outbox ? "1" : "0", id, String(triggeredAtMs), packProgress(summary), ...counts, ...gone, ...come];
  for (const chunk of chunks) args.push(packChunk(chunk), packPointer({ ...summary, status: chunk.status, closed: false }, chunk));
  for (const { key, text } of large) args.push(key, text);
  const named = [keys.active, keys.index, keys.outbox, keys.summary(id), keys.log(id), keys.big(id)];
  return (await calls.run(keys.record, { script: scripts.extend, keys: named, args })) === 1;
}
