/** The outbox: it is read, trimmed, and reported as it is written, so that its relay need not read what this process wrote. */
import type { ExecutionStatus } from "../../workflow/execution/status.ts";
import type { Reply } from "./calls/connection.ts";
import type { LaneKeys } from "./keys.ts";
import type { LaneCalls } from "./calls/lane-calls.ts";
import type { PartCalls } from "./calls/part-calls.ts";
import type { OutboxEntry, OutboxListener, OutboxPointer } from "../shared-store.ts";
import type { Chunk, Summary } from "../store.ts";

export async function readOutbox(calls: LaneCalls, keys: LaneKeys, limit: number): Promise<readonly OutboxEntry[]> {
  const [entries] = await calls.read(keys.record, ["xrange", keys.outbox, "-", "+", "count", String(limit)]);
  return (entries as readonly StreamEntry[]).map(([id, [, epoch, , pointers = ""]]) => ({
    id,
    pointers: pointers.split("\n").map((line) => unpackPointer(line, Number(epoch))),
  }));
}

/** The ids of one part. */
const IDS_MAX = 1_000;

/** Deletes what the bus has. `calls`: those of the script `relayed`. */
export async function deleteRelayed(calls: PartCalls, keys: LaneKeys, ids: readonly string[]): Promise<void> {
  const ours = ids.filter((id) => /^\d+-\d+$/.test(id));
  for (let at = 0; at === 0 || at < ours.length; at += IDS_MAX) {
    await calls.run({ keys: [keys.record, keys.outbox], args: ours.slice(at, at + IDS_MAX), length: 0 });
  }
}

/** The part of a script's answer about the entry that it wrote: its id, and that of the lane's entry before it. */
export type OutboxMark = { readonly id: string; readonly after: string };

/** The listeners for each entry that is written. */
export class OutboxListeners {
  readonly #listeners = new Set<OutboxListener>();

  add(listener: OutboxListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Tells the listeners. `written`: what was applied, in order. Does nothing if no entry was written. */
  tell(
    lane: number,
    mark: OutboxMark | null,
    epoch: number,
    written: () => Iterable<{ readonly chunk: Chunk; readonly summary: Summary }>,
  ): void {
    if (mark === null || this.#listeners.size === 0) return;
    const pointers: OutboxPointer[] = [];
    const texts: string[] = [];
    for (const { chunk, summary } of written()) {
      pointers.push({ execution: summary.id, from: chunk.from, to: chunk.to, epoch, status: summary.status, closed: summary.closed });
      texts.push(chunk.text);
    }
    for (const listener of this.#listeners) listener(lane, { id: mark.id, pointers }, mark.after, texts);
  }
}

type StreamEntry = Reply & readonly [id: string, fields: readonly string[]];

/** A pointer from its line, read from the end: an execution's id may hold spaces. */
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
