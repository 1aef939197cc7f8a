/** Commands for a lane's owner, and the outbox. */
import type { LaneKeys } from "./redis-keys.ts";
import type { LaneCalls } from "./redis-lane-calls.ts";
import type { PartCalls } from "./redis-parts.ts";
import type { Reply } from "./redis-connection.ts";
import { scripts } from "./redis-scripts.ts";
import type { LaneCommand, OutboxEntry, OutboxPointer, Sent, StoredCommand } from "./shared-store.ts";
import type { ExecutionStatus } from "../workflow/status.ts";

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

export async function readOutbox(calls: LaneCalls, keys: LaneKeys, limit: number): Promise<readonly OutboxEntry[]> {
  const [entries] = await calls.read(keys.record, ["xrange", keys.outbox, "-", "+", "count", String(limit)]);
  return (entries as readonly StreamEntry[]).map(([id, [, epoch, , pointers = ""]]) => ({
    id,
    pointers: pointers.split("\n").map((line) => unpackPointer(line, Number(epoch))),
  }));
}

/** Ids of one part. */
const IDS_MAX = 1_000;

/** `calls`: those of the script `relayed`. */
export async function deleteRelayed(calls: PartCalls, keys: LaneKeys, ids: readonly string[]): Promise<void> {
  const ours = ids.filter((id) => /^\d+-\d+$/.test(id));
  for (let at = 0; at === 0 || at < ours.length; at += IDS_MAX) {
    await calls.run({ keys: [keys.record, keys.outbox], args: ours.slice(at, at + IDS_MAX), length: 0 });
  }
}

type StreamEntry = Reply & readonly [id: string, fields: readonly string[]];

/** From the end: an execution's id may hold spaces. */
function unpackPointer(line: string, epoch: number): OutboxPointer {
  const words = line.split(" ");
  const [from, to, status, closed] = words.splice(-4);
  return {
    execution: words.join(" "),
    from: Number(from),
    to: Number(to),
    epoch,
    status: status as ExecutionStatus,
    closed: closed === "1",
  };
}
