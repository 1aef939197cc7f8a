/** Commands for a lane's owner. */
import type { LaneKeys } from "./keys.ts";
import type { LaneCalls } from "./calls/lane-calls.ts";
import type { Reply } from "./calls/connection.ts";
import { scripts } from "./calls/scripts.ts";
import type { LaneCommand, Sent, StoredCommand } from "../shared-store.ts";

export async function sendCommand(calls: LaneCalls, keys: LaneKeys, { id, execution, body }: LaneCommand): Promise<Sent> {
  const call = { script: scripts.send, keys: [keys.commands, keys.seen(id)], args: [id, execution, body] };
  const answer = (await calls.runInTime(keys.record, call)) as string;
  return answer.startsWith("q") ? { type: "queued" } : { type: "answered", receipt: answer.slice(1) };
}

export async function commandsAfter(calls: LaneCalls, keys: LaneKeys, position: number, limit: number): Promise<readonly StoredCommand[]> {
  const [entries] = await calls.read(keys.record, ["xrange", keys.commands, `${position + 1}-0`, "+", "count", String(limit)]);
  return (entries as readonly StreamEntry[]).map(([at, [, id = "", , execution = "", , body = ""]]) => ({
    id,
    execution,
    body,
    position: Number(at.slice(0, at.indexOf("-"))),
  }));
}

export async function receiptOf(calls: LaneCalls, keys: LaneKeys, commandId: string): Promise<string | null> {
  const [seen] = await calls.read(keys.record, ["get", keys.seen(commandId)]);
  return typeof seen === "string" && seen.startsWith("r") ? seen.slice(1) : null;
}

type StreamEntry = Reply & readonly [id: string, fields: readonly string[]];
